"""`destinations check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from destination_actions.cli.console import cell, note, output, print_finding, print_json, say, table
from destination_actions.cli.exits import CONFIGURATION, OK
from destination_actions.errors import ConfigurationError

if TYPE_CHECKING:
    from destination_actions.checking import Report

_STYLES: Final = {"error": "red", "warning": "yellow", "note": "cyan"}
_VERDICTS: Final = {"proven": "green", "possible": "yellow", "impossible": "red", "unknown": "dim"}


def check(  # noqa: PLR0913, PLR0917 - options of the command line
    config: Annotated[Path | None, typer.Argument(help="A configuration file, YAML or JSON.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="A tracking plan (JSON Schema, or as Segment exports it), or events as NDJSON.")
    ] = None,
    segment: Annotated[bool, typer.Option(help="Warn where Segment reads an expression otherwise.")] = True,
    environment: Annotated[
        bool, typer.Option("--environment", help="Variables and files that are named have to be there too.")
    ] = False,
    fields: Annotated[bool, typer.Option("--fields", help="Show the verdict on every field.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print the report as SARIF 2.1.0.")] = False,
    explain: Annotated[str | None, typer.Option(help="Say what a finding's code means, and do nothing else.")] = None,
) -> int:
    """Find everything that is wrong with a configuration, without sending anything.

    It exits with 2 where the runtime would not start; with --strict, also where there are warnings. Secrets need not be
    there: what is set nowhere is noted, and with --environment it is an error too.
    """
    from destination_actions.checking import check_file, explained, read_plan, rule_of

    if explain is not None:
        say(explained(rule_of(explain)))
        return OK
    if config is None:
        raise ConfigurationError("no configuration is named", hint="write: destinations check CONFIG")
    report = check_file(config, read_plan(events) if events else None, segment=segment, environment=environment)
    if json or sarif:
        _print_for_programs(report, as_sarif=sarif)
    else:
        _print_for_people(report, fields=fields)
    return CONFIGURATION if report.of("error") or (strict and report.of("warning")) else OK


def _print_for_programs(report: Report, *, as_sarif: bool) -> None:
    from destination_actions.checking import sarif

    print_json(sarif([report]) if as_sarif else report.to_json())


def _print_for_people(report: Report, *, fields: bool) -> None:
    if report.subscriptions:
        shown = table("Destination", "Uses", "Subscription", "Action", "Expression")
        for row in report.subscriptions:
            shown.add_row(*map(cell, row))
        output().print(shown)
    if fields:
        _print_fields(report)
    for finding in report.findings:
        print_finding(finding.level, finding.as_error(), _STYLES[finding.level], code=finding.code)
    note(_sum(report))


def _print_fields(report: Report) -> None:
    shown = table("Destination", "Subscription", "Field", "Verdict", "Why")
    for one in report.fields:
        verdict = cell(one.fit.verdict, _VERDICTS[one.fit.verdict])
        why = "; ".join(doubt.why for doubt in one.fit.doubts)
        shown.add_row(cell(one.destination), cell(one.subscription), cell(one.field), verdict, cell(why))
    output().print(shown)


def _sum(report: Report) -> str:
    counts = {level: len(report.of(level)) for level in ("error", "warning", "note")}
    words = [_counted(counts["error"], "error"), _counted(counts["warning"], "warning")]
    words += [_counted(counts["note"], "note")] if counts["note"] else []
    return f"{report.file}: {', '.join(words)}"


def _counted(count: int, word: str) -> str:
    return f"{count or 'no' if word == 'error' else count} {word}{'' if count == 1 else 's'}"
