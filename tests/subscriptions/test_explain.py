"""What an explanation says, and how often its edits work."""

from __future__ import annotations

import os
from typing import Any

import pytest
from _generated import Maker, measured
from destination_actions.subscriptions import compile_subscription
from destination_actions.subscriptions.contradictions import unsatisfiable

CASES = int(os.environ.get("DESTINATION_ACTIONS_EXPLAIN_CASES", "600"))
ORDER: dict[str, Any] = {
    "type": "track",
    "event": "Order Completed",
    "properties": {"total": 20, "products": [{"price": 5}]},
}


def test_edits_flip_the_verdict() -> None:
    """In at least 99 % of satisfiable misses the edits make the event match; set the variable for the full 10,000."""
    figures = measured(CASES)
    print(f"\n{figures}")
    assert figures.share >= 0.99
    assert figures.unsatisfiable > 0


def test_what_is_reported_as_unsatisfiable_never_matches() -> None:
    """No generated event matches a generated expression that is proven contradictory."""
    maker, proven = Maker(7), 0
    events = [maker.event() for _ in range(40)]
    for _ in range(300):
        expression = compile_subscription(maker.expression())
        if unsatisfiable(expression.condition):
            proven += 1
            assert not any(map(expression.matches, events)), str(expression)
    assert proven > 5


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("properties.total >= 50", [{"edit": "set", "path": "properties.total", "value": 50}]),
        ('type = "page"', [{"edit": "set", "path": "type", "value": "page"}]),
        ("properties.total = null", [{"edit": "remove", "path": "properties.total"}]),
        ('userId = "u" and type = "track"', [{"edit": "set", "path": "userId", "value": "u"}]),
        (
            "any(properties.products, price > 10)",
            [{"edit": "set", "path": "properties.products[0].price", "value": 11}],
        ),
        ('"new" in properties.tags', [{"edit": "set", "path": "properties.tags", "value": ["new"]}]),
        ('match(userId, "u-*")', [{"edit": "set", "path": "userId", "value": "u-"}]),
    ],
)
def test_the_smallest_edits_of_a_miss(text: str, edits: list[dict[str, Any]]) -> None:
    """A miss comes with the one change that mends it."""
    assert edits == compile_subscription(text).explain(ORDER).to_json()["edits"]


def test_a_match_is_chosen_over_more_edits() -> None:
    """Of two ways to match, the one with fewer edits is given."""
    text = '(userId = "u" and traits.plan = "gold") or properties.total > 100'
    explanation = compile_subscription(text).explain(ORDER)
    assert ["properties.total"] == [edit.path for edit in explanation.edits]


@pytest.mark.parametrize(
    "text",
    [
        'type = "track" and type = "page"',
        "properties.total > 5 and properties.total < 5",
        'properties.x = 5 and properties.x = "5"',
        'contains(event, "abc") and !contains(event, "b")',
        'match(event, "a*") and match(event, "b*")',
        "properties = null and properties.x = 1",
        'lowercase(event) = "Order"',
        "length(properties.tags) < 0",
        "any(properties.products, price = 1 and price = 2)",
        "false",
    ],
)
def test_contradictions_are_reported(text: str) -> None:
    """An expression that nothing fulfils is called unsatisfiable, without edits."""
    explanation = compile_subscription(text).explain(ORDER)
    assert (True, ()) == (explanation.unsatisfiable, explanation.edits)


def test_every_clause_is_shown_with_what_it_read() -> None:
    """Clauses carry their negation, their verdict, and the values read; missing differs from null."""
    event = {"type": "track", "userId": None}
    explanation = compile_subscription('type != "page" and (userId = null or traits.age > 3)').explain(event)
    assert [
        {"clause": 'type != "page"', "holds": True, "reads": [{"path": "type", "value": "track"}]},
        {"clause": "userId = null", "holds": True, "reads": [{"path": "userId", "value": None}]},
        {"clause": "traits.age > 3", "holds": False, "reads": [{"path": "traits.age", "missing": True}]},
    ] == explanation.to_json()["clauses"]


def test_an_explanation_reads_as_text() -> None:
    """str() gives the verdict, each clause and the edits."""
    assert (
        "does not match\n"
        "  yes type = \"track\"  (type is 'track')\n"
        "  no  properties.total >= 50  (properties.total is 20)\n"
        "to match: set properties.total to 50"
    ) == str(compile_subscription('type = "track" and properties.total >= 50').explain(ORDER))
