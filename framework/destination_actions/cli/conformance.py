"""`destinations conformance`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import cell, output, print_json, say, table
from destination_actions.cli.exits import DELIVERIES, OK

if TYPE_CHECKING:
    from destination_actions.testing.conformance import Report, Result


class Wanted(StrEnum):
    """Up to which level to check."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


def conformance(
    slug: Annotated[str, typer.Argument(help="A destination, as `destinations list` prints it.")],
    level: Annotated[Wanted, typer.Option(help="Check up to this level.")] = Wanted.GOLD,
    json: Annotated[bool, typer.Option("--json", help="Print every result as JSON.")] = False,
) -> int:
    """Check a destination's definition, safety, failures, cooldown and batches, without any network."""
    from destination_actions.testing.conformance import Level
    from destination_actions.testing.conformance import conformance as checked

    report = checked(slug, level=Level[level.name])
    if json:
        print_json(report.to_json())
    else:
        _show(report)
    return DELIVERIES if report.failures else OK


def _show(report: Report) -> None:
    for result in report.failures:
        _complain(result)
    shown = table("Level", "Passed", "Failed", "Not applicable", "Excused")
    for level, counts in report.counts().items():
        numbers = [counts["passed"], counts["failed"], counts["not_applicable"], counts["excused"]]
        if any(numbers):
            style = "red" if counts["failed"] else "green"
            shown.add_row(cell(level, style), *(cell(number) for number in numbers))
    output().print(shown)
    reached = report.reached
    say(f"{report.destination}: {reached or 'no level yet'}, {len(report.results)} checks in {report.seconds:.1f} s")


def _complain(result: Result) -> None:
    say(f"{result.level} {result.name}: {result.fact}", "red")
    for complaint in result.complaints:
        say(f"    {complaint}")
    say()
