"""Every kind of finding: a configuration that has it, where it stands, and its page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from destination_actions.checking import RULES, Report, reference, sarif
from planned_events import HEAD

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = yaml.safe_load((HERE / "findings.yaml").read_text())
TEXT = {"type": "string", "minLength": 1}
PLAN = {
    "rules": {
        "events": [
            {
                "name": "A",
                "rules": {
                    "properties": {
                        "properties": {
                            "properties": {
                                "seconds": TEXT,
                                "flow": {"type": "string", "pattern": "^FW[0-9a-fA-F]{32}$"},
                                "phone": TEXT,
                                "closed": {
                                    "type": "object",
                                    "properties": {"order": TEXT},
                                    "additionalProperties": False,
                                },
                            },
                        }
                    },
                },
            }
        ]
    }
}
ELSEWHERE = {"unreadable", "configuration", "bad-plan"}
"""Codes that the tests below show: they are not about what stands in the file."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["code"])
def test_finding(checked: Callable[..., Report], case: dict[str, Any]) -> None:
    """The mistake is found under its code, at its line and column, in its words."""
    environment = case.get("environment", False)
    report = checked(
        case.get("text") or HEAD + case["more"], PLAN if case.get("plan") else None, environment=environment
    )
    found = [one for one in report.findings if one.code == case["code"]]
    assert found, [one.to_json() for one in report.findings]
    places = [f"{one.place.line}:{one.place.column}" for one in found if one.place]
    assert case["at"] in places
    one = found[places.index(case["at"])]
    assert case["says"] in one.message
    assert case.get("hint", "") in (one.hint or "")


def test_every_code_is_shown() -> None:
    """Each rule has a mistake above."""
    assert RULES.keys() == {case["code"] for case in CASES} | ELSEWHERE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["code"])
def test_no_secret_is_quoted(checked: Callable[..., Report], case: dict[str, Any]) -> None:
    """What stands in settings is in no report."""
    report = checked(case.get("text") or HEAD + case["more"], PLAN if case.get("plan") else None)
    assert "canary" not in json.dumps(report.to_json()) + json.dumps(sarif([report]))


def test_the_page_has_every_code() -> None:
    """The reference page is what the rules say, and each code is a heading of it."""
    page = (ROOT / "docs" / "reference" / "findings.md").read_text()
    assert reference().strip() in page
    assert RULES.keys() == {line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")}
