"""Mappings against the recorded behaviour of Segment's mapping kit."""

import copy
from pathlib import Path

from _suite import Case, check, load, section, table
from destination_actions.errors import MappingError
from destination_actions.events import MISSING
from destination_actions.mapping import ResolveError, compile_mapping
from mapping_rules import RULES, agree, event_of, is_valid, mapping_of, outcome_of, segment_outcome

DOCS = Path(__file__).parents[2] / "docs" / "compatibility.md"


def our_outcome(case: Case) -> dict:
    event = event_of(case)
    if case.input["op"] == "transform_batch":
        return {"value": [resolved(mapping_of(case), each)["value"] for each in event]}
    return resolved(mapping_of(case), event)


def resolved(mapping, event) -> dict:
    before = copy.deepcopy(event)
    try:
        found = compile_mapping(mapping).resolve(event)
    except MappingError as error:
        return {"error": [each.pointer for each in error.errors]}
    except ResolveError as error:
        return {"error": [error.pointer]}
    assert repr(before) == repr(event)
    return {"missing": True} if found is MISSING else outcome_of(found)


def is_mapping_alone(case: Case) -> bool:
    """Vectors of the whole pipeline belong to the fields, and a batch that is no list to the runtime."""
    return case.input["op"] == "transform" or (
        case.input["op"] == "transform_batch" and isinstance(case.input["payload"], list)
    )


def test_mappings_resolve_as_at_segment_or_as_a_rule_says():
    """Every recorded result is ours too, or a rule says why not and we give what it says."""
    report = check(
        filter(is_mapping_alone, load("mapping")), segment=segment_outcome, ours=our_outcome, rules=RULES, agree=agree
    )
    print(f"\nmapping: {report}")
    assert [] == report.failures


def test_mappings_are_checked_as_at_segment_or_as_a_rule_says():
    """Every mapping that Segment's validator refuses is refused at the same place, and no sound one is refused."""
    report = check(
        load("mapping_validate"), segment=segment_verdict, ours=our_verdict, rules=VERDICT_RULES, agree=agree
    )
    print(f"\nmapping_validate: {report}")
    assert [] == report.failures


def segment_verdict(case: Case) -> dict:
    return {"value": "valid"} if case.expect["valid"] else segment_outcome(case)


def our_verdict(case: Case) -> dict:
    try:
        compile_mapping(mapping_of(case))
    except MappingError as error:
        return {"error": [each.pointer for each in error.errors]}
    return {"value": "valid"}


VERDICT_RULES = [rule for rule in RULES if rule.id in ("checked-at-load", "literal", "liquid", "root-directive")]


def test_the_schema_and_the_compiler_agree():
    """The published schema accepts exactly what the compiler accepts, on every recorded mapping."""
    differing = [
        case.id for case in load("mapping_validate") if is_valid(mapping_of(case)) != ("value" in our_verdict(case))
    ]
    assert [] == differing


def test_the_documented_rules_are_the_rules_of_the_suite():
    """The table in the documentation is made of the rules that are checked here."""
    assert table(RULES) in section(DOCS.read_text(encoding="utf-8"), "Mapping")


def test_there_are_few_rules():
    """A reader can take in every deliberate difference."""
    assert len(RULES) <= 15
