"""`destinations new`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, say

if TYPE_CHECKING:
    from destination_actions.scaffold.plan import PluginPlan


class Wanted(StrEnum):
    """How requests are authenticated."""

    NONE = "none"
    BASIC = "basic"
    KEY = "key"
    OAUTH2 = "oauth2"


def new(  # noqa: PLR0913, PLR0917 - one option for each thing that can be said
    name: Annotated[
        str | None, typer.Argument(help="What it is called, such as `Acme Chat`; without it you are asked.")
    ] = None,
    slug: Annotated[str | None, typer.Option(help="Its slug; else made from the name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it does, in a sentence.")] = None,
    url: Annotated[str | None, typer.Option(help="The API's address.")] = None,
    auth: Annotated[Wanted | None, typer.Option(help="How requests are authenticated; else with a key.")] = None,
    action: Annotated[
        str | None, typer.Option(help="The first action, such as sendMessage; or one more for a plugin that is there.")
    ] = None,
    from_openapi: Annotated[
        Path | None, typer.Option(help="Take the action from an OpenAPI 3 document, JSON or YAML.")
    ] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation of the document: its operationId.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where it is written; else ./destination-actions-SLUG.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files, and take a slug that is taken.")] = False,
) -> None:
    """Write a plugin, or one more action for it: code, cases, tests and README, all of which pass at once."""
    from destination_actions.cli.new_plan import Given, asked, planned
    from destination_actions.scaffold.existing import find_plugin

    given = Given(name, slug, description, url, auth.value if auth else None, action, from_openapi, operation)
    whole = given if name is not None else asked(given)
    there = find_plugin(whole.slug_to_be, folder) if action is not None else None
    if there is not None and not force:
        from destination_actions.cli.new_plan import added

        written = added(whole, there)
        say(f"added to {there.folder}:", "bold")
        _list(written, there.folder)
        _remind(written)
        return
    _create(planned(whole), folder, force=force)


def _create(plan: PluginPlan, folder: Path | None, *, force: bool) -> None:
    from destination_actions.scaffold.existing import refuse_taken
    from destination_actions.scaffold.files import plugin_files, stands_alone, write

    target = folder or Path(plan.distribution)
    if not force:
        refuse_taken(plan.slug)
    paths = write(target, plugin_files(plan, alone=stands_alone(target)), force=force)
    say(f"{plan.name} is in {target}:", "bold")
    _list(paths, target)
    for text in plan.notes:
        note(f"note: {text}", "yellow")
    say("\nNext:", "bold")
    say(f"  pip install -e '{target}[test,static]'")
    say(f"  destinations dev {plan.slug}            # runs its cases again whenever a file changes")
    say(f"  destinations conformance {plan.slug}    # what every destination is checked for")


def _remind(written: list[Path]) -> None:
    """Say where an address stands that is nobody's."""
    from destination_actions.scaffold.plan import PLACE

    for path in written:
        if path.suffix == ".py" and f'"{PLACE}"' in path.read_text(encoding="utf-8"):
            note(f"note: {PLACE} stands in {path.name} and in its cases: put the API's address there", "yellow")


def _list(paths: list[Path], folder: Path) -> None:
    for path in paths:
        say(f"  {path.relative_to(folder)}")
