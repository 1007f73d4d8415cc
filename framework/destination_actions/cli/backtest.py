"""`destinations backtest`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import cell, note, output, print_json, say, table
from destination_actions.cli.exits import CONFIGURATION, DELIVERIES, OK
from destination_actions.errors import ConfigurationError
from destination_actions.events import Event

if TYPE_CHECKING:
    from destination_actions.testing.backtest import Report


def backtest(
    events: Annotated[str, typer.Argument(help="Recorded events as NDJSON or JSON: a file, or - for standard input.")],
    *,
    before: Annotated[Path, typer.Option(help="The configuration as it is.")],
    after: Annotated[Path, typer.Option(help="The configuration as it is to be.")],
    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it for a pull request.")] = False,
) -> int:
    """Compare the requests that two configurations would make: exit 0 for no difference, 1 for some, 2 for an error."""
    from destination_actions.cli.source import Events
    from destination_actions.testing.backtest import backtest as compared
    from destination_actions.testing.backtest import load_for_backtest

    if json and markdown:
        raise ConfigurationError("--json and --markdown exclude one another", hint="keep one of them")
    configs = load_for_backtest(before), load_for_backtest(after)
    opened: list[Events] = []

    def read() -> Iterator[Event]:
        """Open the events when both configurations have been found to be right."""
        opened.append(Events(events))
        yield from opened[0]

    report = compared(*configs, read(), names=(str(before), str(after)))
    if json:
        print_json(report.to_json())
    elif markdown:
        sys.stdout.write(report.to_markdown())
    else:
        _show(report)
    if bad := opened[0].bad:
        note(f"{bad:,} not events: what they would have done is not compared", "red")
        return CONFIGURATION
    return DELIVERIES if report.differs else OK


def _show(report: Report) -> None:
    from destination_actions.testing.backtest.report import COLUMNS, moved_lines, path_lines, row

    rows = [row(name, one) for name, one in report.subscriptions.items()]
    used = [at for at in range(len(COLUMNS)) if at < 4 or any(cells[at] != "0" for cells in rows)]
    shown = table(*(COLUMNS[at] for at in used))
    for cells in rows:
        shown.add_row(*(cell(cells[at]) for at in used))
    output().print(shown)
    lines = [*path_lines(report), *moved_lines(report)]
    if lines:
        say()
    for line in lines:
        say(line)
    say()
    what = "some come out otherwise" if report.differs else "no difference"
    say(f"{report.events:,} events, {what}", "bold yellow" if report.differs else "bold green")
