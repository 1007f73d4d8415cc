"""The laws of comparing: what is equal is met, a part is weaker than the whole, and types are never mixed up."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions.events import MISSING
from destination_actions.testing.cases.matching import MATCHERS, asserts_something, differences, same
from hypothesis import given, settings
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.text(max_size=3).filter(lambda key: not key.startswith("$"))
VALUES = st.recursive(SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3))
FEW = settings(max_examples=100, deadline=None)


def met(expected: Any, actual: Any) -> bool:
    """Whether an expectation is met."""
    return not list(differences(expected, actual))


@FEW
@given(VALUES)
def test_a_value_meets_itself(value: Any) -> None:
    """Partially and exactly."""
    assert met(value, value)
    assert met({"$exactly": value}, value)
    assert not met({"$not": value}, value)


@FEW
@given(st.dictionaries(KEYS, VALUES, max_size=4), KEYS, VALUES)
def test_what_is_not_named_does_not_matter(value: dict[str, Any], key: str, more: Any) -> None:
    """A further member is not seen partially, and is seen exactly."""
    larger = {key: more} | value
    assert met(value, larger)
    assert met({"$exactly": value}, larger) == (key in value)


@FEW
@given(VALUES, VALUES)
def test_an_exact_match_is_symmetric(one: Any, other: Any) -> None:
    """And a difference that it sees is no difference of order."""
    assert same(one, other) == same(other, one)
    assert met({"$exactly": one}, other) == same(one, other)


@FEW
@given(VALUES, VALUES)
def test_a_difference_says_what_would_meet(expected: Any, actual: Any) -> None:
    """Every difference of values names the value that came, and putting it there is enough."""
    for difference in differences(expected, actual):
        assert met(difference.replace, difference.actual)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (1, True, False), (0, False, False), (None, MISSING, False), ("1", 1, False), ([], {}, False)],
)
def test_types_are_not_mixed_up(one: Any, other: Any, equal: bool) -> None:
    """True is not 1, nothing is not null, text is not a number; and 1.0 is 1."""
    assert equal == same(one, other)


@pytest.mark.parametrize(
    ("matcher", "yes", "no"),
    [
        ({"$any": True}, [None, 0, "", {}], [MISSING]),
        ({"$absent": True}, [MISSING], [None, 0, ""]),
        ({"$oneOf": [1, "a"]}, [1, "a", 1.0], [True, "b", MISSING]),
        ({"$matches": "a+"}, ["a", "aa"], ["ab", "", 1, MISSING]),
        ({"$contains": "b"}, ["abc"], ["ac", ["b"], MISSING]),
        ({"$includes": {"a": 1}}, [[{"a": 1, "b": 2}]], [[], [{"a": 2}], {"a": 1}, MISSING]),
        ({"$length": 2}, ["ab", [1, 2], {"a": 1, "b": 2}], ["a", 2, MISSING]),
        ({"$type": "number"}, [1, 1.5], [True, "1", None, MISSING]),
        ({"$type": "null"}, [None], [0, MISSING]),
        ({"$json": {"a": 1}}, ['{"a": 1, "b": 2}'], ['{"a": 2}', "{", 1, MISSING]),
        ({"$not": {"a": 1}}, [{"a": 2}, {}, MISSING], [{"a": 1, "b": 1}]),
        ({"$exactly": {"a": {"$any": True}}}, [{"a": {"$any": True}}], [{"a": 1}]),
    ],
)
def test_matchers(matcher: dict[str, Any], yes: list[Any], no: list[Any]) -> None:
    """What each takes and refuses; within `$exactly` there are none."""
    assert ([True] * len(yes), [False] * len(no)) == (
        [met(matcher, one) for one in yes],
        [met(matcher, one) for one in no],
    )


def test_every_matcher_is_tested() -> None:
    """The table above names each."""
    marks = test_matchers.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert set(MATCHERS) == {key for matcher, _, _ in marks for key in matcher}


@pytest.mark.parametrize(
    ("expected", "asserts"),
    [
        ({}, False),
        ({"a": {}}, False),
        ({"a": {"b": {}}}, False),
        ({"a": None}, True),
        ([], True),
        ({"$any": True}, True),
    ],
)
def test_what_anything_meets_asserts_nothing(expected: Any, asserts: bool) -> None:
    """Empty objects within empty objects."""
    assert asserts == asserts_something(expected)
