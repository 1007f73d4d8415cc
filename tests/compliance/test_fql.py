"""Segment's recorded behaviour against ours, for the subscription language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _suite import Case, Report, check, load, section, strip_undefined, table
from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions import (
    Expression,
    compile_subscription,
    expression_from_ast,
    segment_differences,
)
from fql_reference import Refused, meaning_of_ast, meaning_of_tree, reference
from fql_rules import ERROR, RULES

COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"


def expression(case: Case) -> Expression | None:
    """Read the text or the tree of a case; None where it is refused."""
    try:
        return (
            compile_subscription(case.input["fql"]) if "fql" in case.input else expression_from_ast(case.input["ast"])
        )
    except SubscriptionError:
        return None


def ours_parsed(case: Case) -> Any:
    """Give our reading in normal form."""
    found = expression(case)
    return ERROR if found is None else meaning_of_ast(found.ast)


def segment_parsed(case: Case) -> Any:
    """Give Segment's reading in normal form; a tree without meaning is itself, so that it agrees with nothing."""
    if "ast" not in case.expect:
        return ERROR
    try:
        return meaning_of_tree(case.expect["ast"])
    except Refused:
        return "meaningless"


def ours_matched(case: Case) -> Any:
    """Give our verdict; a refused text never matches."""
    found = expression(case)
    return found is not None and found.matches(strip_undefined(case.input.get("event")))


def segment_matched(case: Case) -> Any:
    """Give Segment's verdict."""
    return case.expect.get("match", "throws")


def ours_written(case: Case) -> Any:
    """Give the meaning of the text that we write for a tree, by our own parser."""
    found = expression(case)
    return ERROR if found is None else meaning_of_ast(compile_subscription(str(found)).ast)


def segment_written(case: Case) -> Any:
    """Give the meaning of the text that Segment writes for a tree."""
    try:
        return reference(case.expect["fql"])
    except (KeyError, Refused):
        return ERROR


def run(name: str) -> Report:
    """Run one file."""
    suites = {
        "fql_parse": (segment_parsed, ours_parsed),
        "fql_match": (segment_matched, ours_matched),
        "fql_generate": (segment_written, ours_written),
    }
    segment, ours = suites[name]
    return check(load(name), segment=segment, ours=ours, rules=RULES, agree=lambda one, other: bool(one == other))


@pytest.mark.parametrize("name", ["fql_parse", "fql_match", "fql_generate"])
def test_every_difference_from_segment_has_a_rule_and_is_right(name: str) -> None:
    """Each recorded case agrees with Segment, is an accident of JavaScript, or follows a rule with the right result."""
    report = run(name)
    print(f"\n{name}: {report}")
    assert report.failures == []


def test_the_rules_are_few_and_all_used() -> None:
    """At most fifteen rules cover the three files, and none is there for nothing."""
    used = {rule for name in ("fql_parse", "fql_match", "fql_generate") for rule in run(name).excused}
    assert len(RULES) <= 15
    assert used == {rule.id for rule in RULES}


def test_the_documentation_lists_the_rules() -> None:
    """The table of docs/compatibility.md is the one that the rules give."""
    assert table(RULES) in section(COMPATIBILITY.read_text(encoding="utf-8"), "Subscriptions")


@pytest.mark.parametrize("name", ["fql_parse", "fql_match"])
def test_a_second_reading_of_the_language_agrees(name: str) -> None:
    """Our parser and the slow one of the tests read every recorded text alike, refusals included."""
    for case in load(name):
        try:
            slow = reference(case.input["fql"])
        except Refused:
            slow = ERROR
        assert slow == ours_parsed(case), case.id


def test_trees_of_segment_are_read_as_meant() -> None:
    """Each tree that Segment's parser gave is read as the slow reader of the tests reads it, or refused by both."""
    for case in load("fql_parse"):
        if "ast" in case.expect:
            theirs = segment_parsed(case)
            tree = Case(case.id, {"ast": case.expect["ast"]}, {})
            assert ours_parsed(tree) == (ERROR if theirs == "meaningless" else theirs), case.id


def test_no_warning_means_no_difference() -> None:
    """Where `segment_differences` is silent, Segment's verdict is ours on every recorded event that is an object."""
    silent = 0
    for case in load("fql_match"):
        ordinary = isinstance(case.input.get("event"), dict) and "odd-events" not in case.id and not case.quirk
        if ordinary and expression(case) and not segment_differences(case.input["fql"]):
            silent += 1
            assert segment_matched(case) == ours_matched(case), case.id
    assert silent > 100
