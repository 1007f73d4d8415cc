"""The language, example by example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions import compile_subscription, expression_from_ast, segment_differences

HERE = Path(__file__).parent


def rows(name: str) -> list[Any]:
    """Read one of this folder's files of examples."""
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(*json.loads(line), id=line[:70]) for line in lines]


@pytest.mark.parametrize(("text", "expected"), rows("verdicts"))
def test_verdicts(text: str, expected: bool) -> None:
    """Each example gives its verdict on the event of verdicts_event.json."""
    event = json.loads((HERE / "verdicts_event.json").read_text(encoding="utf-8"))
    assert expected == compile_subscription(text).matches(event)


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), rows("refusals"))
def test_refusals(text: str, line: int, column: int, message: str, hint: str | None) -> None:
    """Each mistake is refused at its place with a message and a hint."""
    with pytest.raises(SubscriptionError) as caught:
        compile_subscription(text)
    assert (line, column) == (caught.value.line, caught.value.column)
    assert message in caught.value.message
    assert hint is None or hint in str(caught.value.hint)


def test_an_error_shows_the_line_and_a_caret() -> None:
    """The caret stands under the place, on the right line."""
    with pytest.raises(SubscriptionError) as caught:
        compile_subscription('type = "track"\n  and evnt = "x"')
    assert [
        'line 2, column 7: "evnt" is not a field of events',
        '    and evnt = "x"',
        "        ^",
        '  hint: did you mean "event"?',
    ] == str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "canonical"), rows("canonical"))
def test_canonical_text(text: str, canonical: str) -> None:
    """Spellings of one reading have one text."""
    assert canonical == str(compile_subscription(text))
    assert compile_subscription(canonical) == compile_subscription(text)


@pytest.mark.parametrize(
    ("text", "types", "names"),
    [
        ('type = "track" and event = "A"', {"track"}, {"A"}),
        ('type in ["track", "page"]', {"track", "page"}, None),
        ('type = "track" or type = "page"', {"track", "page"}, None),
        ('type = "track" or userId = "u"', None, None),
        ('type != "track"', None, None),
        ('!(type != "track")', {"track"}, None),
        ("type = 5", None, None),
        ('type = "a" and type = "b"', set(), None),
        ('"track" = type', {"track"}, None),
        ('any(properties.x, $.type = "track")', {"track"}, None),
    ],
)
def test_index_keys(text: str, types: set[str] | None, names: set[str] | None) -> None:
    """The demanded types and names are the narrowest that follow from equalities and lists."""
    expression = compile_subscription(text)
    assert (types, names) == (expression.event_types(), expression.event_names())


def test_paths() -> None:
    """Every path read is listed, those of items with brackets."""
    text = 'any(properties.products, price > $.traits.limit and @ != 5) and $["odd key"].x[0] = 1 and type = "a"'
    assert (
        '$["odd key"].x[0]',
        "properties.products",
        "properties.products[]",
        "properties.products[].price",
        "traits.limit",
        "type",
    ) == compile_subscription(text).paths()


@pytest.mark.parametrize(
    ("tree", "canonical"),
    [
        ({"type": "event-property", "name": "a b.c", "operator": "exists"}, 'properties["a b"].c != null'),
        ({"type": "event", "operator": "not_starts_with", "value": "a*"}, r'!match(event, "a\\**")'),
        ({"type": "userId", "operator": "is_true"}, "userId = true"),
        ({"type": "event-trait", "name": "n", "operator": "number_not_equals", "value": 5}, "traits.n != 5"),
    ],
)
def test_trees_of_segment(tree: dict[str, Any], canonical: str) -> None:
    """A leaf of Segment's tree has its text here."""
    group = {"type": "group", "operator": "and", "children": [tree]}
    assert canonical == str(expression_from_ast(group))


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (None, "ast: expected an object"),
        ({"type": "group", "operator": "xor", "children": []}, "ast/operator"),
        ({"type": "group", "operator": "and", "children": []}, "ast/children"),
        ({"type": "event", "operator": "bogus", "value": 1}, "ast/operator"),
        ({"type": "event", "operator": "="}, "ast/value"),
        ({"type": "event", "operator": "starts_with", "value": "x" * 2000}, "ast/value"),
        ({"error": "x"}, "could not be read"),
        ({"type": "and", "clauses": [{"type": "what"}]}, "ast/clauses/0/type"),
        ({"type": "truth", "operand": {"type": "item", "keys": []}}, "ast/operand"),
        ({"type": "truth", "operand": {"type": "literal", "value": 5}}, "ast/operand"),
        ({"type": "truth", "operand": {"type": "call", "function": "x", "arguments": []}}, "ast/operand/function"),
        ({"type": "compare", "operator": "~"}, "ast/operator"),
    ],
)
def test_trees_without_meaning_are_refused(tree: Any, message: str) -> None:
    """A wrong tree is refused with a pointer into it."""
    with pytest.raises(SubscriptionError, match=message):
        expression_from_ast(tree)


@pytest.mark.parametrize(("text", "rules"), rows("differences"))
def test_warnings_about_segment(text: str, rules: list[str]) -> None:
    """Each difference of the readings is named by its row of docs/compatibility.md, at its place."""
    found = [difference.rule for difference in segment_differences(text) if difference.rule != "fql-reading"]
    assert rules == found


def test_a_warning_gives_both_readings() -> None:
    """The warning about precedence quotes what Segment makes of the whole text."""
    reading = segment_differences('type = "a" and event = "b" or userId = null')[0]
    assert 'reads the whole as `type = "a" or event = "b" or userId = null`' == reading.segment
    assert 'it is `type = "a" and event = "b" or userId = null`' == reading.here
