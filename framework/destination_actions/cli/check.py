"""`destinations check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from destination_actions.cli.console import cell, note, output, print_finding, table


def check(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    segment: Annotated[bool, typer.Option(help="Warn where Segment reads an expression otherwise.")] = True,
) -> None:
    """Find everything that is wrong with a configuration, without sending anything."""
    from destination_actions.cli.warnings import warnings_of
    from destination_actions.config import load_config
    from destination_actions.runtime import AsyncRuntime

    loaded = load_config(config)
    plan = AsyncRuntime.from_config(loaded).plan
    shown = table("Destination", "Uses", "Subscription", "Action", "Expression")
    for one in plan.subscriptions:
        uses = cell(one.lane.destination.slug)
        shown.add_row(cell(one.lane.name), uses, cell(one.id), cell(one.action.slug), cell(one.expression))
    output().print(shown)
    found = list(warnings_of(loaded, plan, segment=segment))
    for warning in found:
        print_finding("warning", warning, "yellow")
    note(f"{config}: no errors, {len(found)} warning{'' if len(found) == 1 else 's'}")
