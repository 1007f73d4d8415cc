"""Twilio Studio against the recorded behaviour of Segment's destination: the requests and the outcomes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from _studio_model import E164, judge
from _studio_replay import agree, answer_of, ours, segment
from _suite import Case, check, load, section, table
from studio_rules import RULES

DOCS = Path(__file__).parents[2] / "docs" / "compatibility.md"
COSMETIC = {"studio-pages", "studio-parameters"}
"""They apply to nearly every case, and change nothing of what happens."""


def numbered(case: Case) -> Case:
    """The case with an E.164 number for each of the short names that the recordings use as phone numbers."""
    listed: Any = answer_of(case, "profile").get("json")
    data = listed.get("data") if isinstance(listed, dict) else None
    names = [one.get("id") for one in data if one.get("type", "phone") == "phone"] if isinstance(data, list) else []
    numbers = {name: f"+1555000{at:04}" for at, name in enumerate(names) if name and not re.fullmatch(E164, name)}
    told, made = json.dumps(case.input.get("mock", {})), json.dumps(case.expect["requests"])
    for name, number in numbers.items():
        told = told.replace(f'"id": {json.dumps(name)}', f'"id": "{number}"')
        made = made.replace(f"&To={quote_plus(name)}&", f"&To={quote_plus(number)}&")
    if not numbers:
        return case
    requests = {"requests": json.loads(made)}
    return replace(case, input=case.input | {"mock": json.loads(told)}, expect=case.expect | requests)


def test_studio_is_called_as_by_segment_or_as_a_rule_says() -> None:
    """Every recorded event has the recorded requests and outcome, or those that a rule says are right."""
    report = check(load("studio"), segment=segment, ours=ours, rules=RULES, agree=agree)
    print(f"\nstudio: {report}")
    assert [] == report.failures


def test_the_same_with_real_numbers() -> None:
    """Where profiles hold numbers in E.164 form, the recorded choice among them is ours, or as a rule says."""
    report = check(map(numbered, load("studio")), segment=segment, ours=ours, rules=RULES, agree=agree)
    print(f"\nstudio, real numbers: {report}")
    assert [] == report.failures


def test_the_model_repeats_segment_where_no_rule_of_weight_applies() -> None:
    """The model of what is right is Segment's own verdict, except in what the rules name."""
    repeated = 0
    for case in map(numbered, load("studio")):
        theirs = segment(case)
        if {rule.id for rule in RULES if rule.applies(case, theirs)} <= COSMETIC:
            assert agree(mended(theirs, judge(case)), judge(case)), case.id
            repeated += 1
    print(f"\nstudio: {repeated} as at Segment, but for parameters and page size")
    assert repeated


def mended(theirs: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Segment's verdict with our parameters and page size."""
    return theirs | {"requests": [_mended(one, right["requests"]) for one in theirs["requests"]]}


def _mended(one: dict[str, Any], right: list[dict[str, Any]]) -> dict[str, Any]:
    if one["method"] == "GET":
        return one | {"query": one["query"] | {"limit": "100"}}
    return one | {"parameters": next((each["parameters"] for each in right if each["method"] == "POST"), None)}


def test_every_rule_is_used() -> None:
    """No rule excuses what no recording shows, and there are at most twenty."""
    cases = [*load("studio"), *map(numbered, load("studio"))]
    idle = [rule.id for rule in RULES if not any(rule.applies(case, segment(case)) for case in cases)]
    assert ([], True) == (idle, len({rule.id for rule in RULES}) == len(RULES) <= 20)


def test_compatibility_page_has_the_rules() -> None:
    """The table of the compatibility page is the one made of the rules."""
    assert table(RULES) in section(DOCS.read_text(encoding="utf-8"), "Twilio Studio")
