"""A report as SARIF 2.1.0, which code hosts and editors show beside the lines of a file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from destination_actions.checking.report import Finding, Report
from destination_actions.checking.rules import RULES, Rule

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(reports: Sequence[Report]) -> dict[str, Any]:
    """Give one log with one run; only rules that are used are described."""
    used = [rule for rule in RULES.values() if any(one.code == rule.code for r in reports for one in r.findings)]
    index = {rule.code: number for number, rule in enumerate(used)}
    results = [_result(finding, report, index) for report in reports for finding in report.findings]
    driver = {"name": "destinations check", "version": _version(), "rules": [_rule(rule) for rule in used]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _version() -> str:
    try:
        return version("destination-actions")
    except PackageNotFoundError:
        return "0"


def _rule(rule: Rule) -> dict[str, Any]:
    help_text = rule.mend if not rule.about else f"{rule.about} {rule.mend}"
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.about or f"{rule.title}."},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(finding: Finding, report: Report, index: dict[str, int]) -> dict[str, Any]:
    text = finding.message if finding.hint is None else f"{finding.message}\n{finding.hint}"
    made: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.level,
        "message": {"text": text},
        "locations": [_location(finding, report)],
    }
    return made | ({"properties": {"pointer": finding.pointer}} if finding.pointer else {})


def _location(finding: Finding, report: Report) -> dict[str, Any]:
    place = finding.place
    file = PurePath(place.file if place else report.file).as_posix()
    uri = quote(file)
    physical: dict[str, Any] = {"artifactLocation": {"uri": f"file://{uri}" if file.startswith("/") else uri}}
    if place and place.line:
        region = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
        physical["region"] = region
    return {"physicalLocation": physical}
