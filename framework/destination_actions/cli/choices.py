"""`destinations choices`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import cell, note, output, print_json, table
from destination_actions.cli.loop import completed
from destination_actions.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from destination_actions.definitions import ChoicePage, ChoiceQuery
    from destination_actions.runtime import Plan


def choices(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    field: Annotated[str, typer.Argument(help="A field's key; with its action in front where that is needed.")],
    destination: Annotated[str | None, typer.Option(help="Which configured destination, by its name.")] = None,
    query: Annotated[str, typer.Option(help="The text that the choices should hold.")] = "",
    page: Annotated[str | None, typer.Option(help="A page, as the one before named it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the API what a field may hold."""
    from destination_actions.definitions import ChoiceQuery

    found = completed(_asked(config, destination, field, ChoiceQuery(query, page)))
    if json:
        listed = [{"value": one.value, "label": one.label, "description": one.description} for one in found.choices]
        print_json({"choices": listed, "nextPage": found.next_page})
        return
    shown = table("Value", "Label", "Description")
    for one in found.choices:
        shown.add_row(cell(one.value), cell(one.label), cell(one.description))
    output().print(shown)
    if found.next_page is not None:
        note(f"there are more: --page {found.next_page}")


async def _asked(config: Path, destination: str | None, field: str, query: ChoiceQuery) -> ChoicePage:
    from destination_actions.runtime import AsyncRuntime

    async with AsyncRuntime.from_config(config, stores="memory:") as runtime:
        name, action, key = _meant(runtime.plan, destination, field)
        return await runtime.choices(name, action, key, query)


def _meant(plan: Plan, destination: str | None, field: str) -> tuple[str, str, str]:
    """The one configured destination, action and field that is meant."""
    known = {
        (lane.name, action.slug, key)
        for lane in plan.lanes
        for action in lane.destination.actions
        for key in action.choices
    }
    found = sorted(one for one in known if field in {one[2], f"{one[1]}.{one[2]}"} and destination in {None, one[0]})
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(f"{action}.{key} --destination {name}" for name, action, key in found)
        raise ConfigurationError(f'"{field}" is in several places', hint=f"name one of them: {named}")
    fields = sorted({key for _, _, key in known})
    message = f'no action has choices to ask for the field "{field}"; there are {", ".join(fields) or "none"}'
    raise ConfigurationError(message, hint=nearest(field, fields))
