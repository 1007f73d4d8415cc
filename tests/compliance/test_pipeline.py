"""Mapping and validation together, against what Segment's `execute` was recorded to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import schema_rules
import test_schema_suite
from _suite import Case, Rule, as_json, check, load, same
from destination_actions.mapping import compile_mapping
from mapping_rules import event_of, mapping_of

PLATFORM_KEY = "dynamicAuthSettings"
"""A key that Segment's platform adds for its own use; it is no field, so nothing of ours gets it."""


def documents() -> Iterator[Case]:
    """Give each recorded execution as the validation of the document that our mapping gives."""
    for case in load("mapping"):
        if case.input["op"].startswith("execute"):
            document = compile_mapping(mapping_of(case)).resolve(event_of(case))
            yield Case(case.id, {"fields": case.input["options"]["fields"], "payload": document}, case.expect)


def segment(case: Case) -> Any:
    if "error" in case.expect:
        return {"errors": True}
    return {"document": {key: value for key, value in as_json(case.expect["output"]).items() if key != PLATFORM_KEY}}


def ours(case: Case) -> Any:
    return verdict(test_schema_suite.ours(case))


def verdict(found: dict[str, Any]) -> dict[str, Any]:
    return found if "document" in found else {"errors": True}


def of_execution(rule: Rule) -> Rule:
    """Make a rule of validation one of executions, which are recorded without the places of their errors."""

    def right(case: Case, theirs: Any) -> Any:
        return verdict(rule.right(case, theirs))

    def applies(case: Case, theirs: Any) -> bool:
        return rule.applies(case, theirs) and not same(theirs, right(case, theirs))

    return Rule(rule.id, rule.segment, rule.ours, rule.why, applies, right)


def test_events_become_payloads_as_at_segment_or_as_a_rule_says() -> None:
    """From event to validated payload, every recorded execution gives the same, or what a rule of the fields says."""
    report = check(documents(), segment=segment, ours=ours, rules=[*map(of_execution, schema_rules.RULES)])
    print(f"\nexecute: {report}")
    assert [] == report.failures
