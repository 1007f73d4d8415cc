"""Every limit is refused at load, or stops the evaluation and makes the whole expression false."""

from __future__ import annotations

import pytest
from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions import compile_subscription
from destination_actions.subscriptions.glob import PatternError, escaped, glob
from destination_actions.subscriptions.limits import MAX_STEPS, Budget, LimitExceeded
from hypothesis import given, settings
from hypothesis import strategies as st

BOMB = "any(properties.n, any($.properties.n, any($.properties.n, @ = 1)))"
HEAVY = {"properties": {"n": [0] * 1_000}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 200 + 'type = "a"' + ")" * 200, "nested deeper than 80"),
        ("!" * 5_000 + 'type = "a"', "nested deeper than 80"),
        ("lowercase(" * 60 + "event" + ")" * 60 + ' = "a"', "nested deeper than 32"),
        ("any(properties.a, " * 40 + "@ = 1" + ")" * 40, "nested deeper than 32"),
        (f'type = "{"x" * 70_000}"', "longer than 65,536"),
        (f"type in [{', '.join(['1'] * 1_001)}]", "at most 1,000 elements"),
        (f'match(event, "{"a" * 1_001}")', "at most 1,000"),
        ("properties" + ".a" * 70 + " = 1", "at most 64 keys"),
        (f"properties.a = {'9' * 400}", "is not a number"),
        ("properties.a = 1e999", "is not a number"),
    ],
)
def test_refused_at_load(text: str, message: str) -> None:
    """Expressions beyond a limit are refused, with the limit named."""
    with pytest.raises(SubscriptionError, match=message):
        compile_subscription(text)


@pytest.mark.parametrize("text", [BOMB, f"!{BOMB}", f"not ({BOMB} and true)", f'type != "x" and !({BOMB})'])
def test_too_many_steps_make_everything_false(text: str) -> None:
    """An evaluation beyond the budget is false as a whole, negated or not, and explained as such."""
    expression = compile_subscription(text)
    assert not expression.matches(HEAVY)
    assert expression.explain(HEAVY).exceeded


def test_long_expressions_within_the_limits_work() -> None:
    """Two thousand conditions and thirty levels are fine."""
    many = " or ".join(f'event = "E{number}"' for number in range(2_000))
    assert compile_subscription(many).matches({"event": "E1999"})
    deep = "(" * 28 + 'type = "a"' + "".join(f' {"or" if level % 2 else "and"} userId = "b")' for level in range(28))
    assert compile_subscription(deep).matches({"type": "a", "userId": "b"})


def test_deep_events_do_not_raise() -> None:
    """Comparing values nested beyond the interpreter's recursion is a miss, not an error."""
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]
    assert not compile_subscription("properties.a = properties.b").matches({"properties": {"a": deep, "b": [deep]}})


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab*?[]-^!\\", max_size=8), st.text(alphabet="ab-^]", max_size=8))
def test_globs_agree_with_a_set_of_states(pattern: str, text: str) -> None:
    """The matcher agrees with following all places of the pattern at once."""
    try:
        compiled = glob(pattern)
    except PatternError:
        return
    assert _follows(pattern, text) == compiled.matches(text, Budget())


def _follows(pattern: str, text: str) -> bool:
    tests: list[object] = []
    runs = glob(pattern).runs
    for place, run in enumerate(runs):
        tests += [*run, "star"] if place < len(runs) - 1 else run
    states = {0}
    for character in [*text, None]:
        for state in range(len(tests)):
            if state in states and tests[state] == "star":
                states.add(state + 1)
        if character is None:
            return len(tests) in states
        states = {
            state + (tests[state] != "star")
            for state in states
            if state < len(tests) and _takes(tests[state], character)
        }
    return False


def _takes(test: object, character: str) -> bool:
    if isinstance(test, str):
        return test in ("star", character)
    ranges = getattr(test, "ranges", None)
    if ranges is None:
        return True
    return bool(getattr(test, "negated", False)) != any(low <= character <= high for low, high in ranges)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=10), st.text(max_size=10))
def test_escaped_texts_match_themselves_only(text: str, other: str) -> None:
    """`escaped` makes a pattern of a text."""
    assert glob(escaped(text)).matches(text, Budget())
    assert glob(escaped(text)).matches(other, Budget()) == (text == other)


def test_a_hard_pattern_is_paid_from_the_budget() -> None:
    """Patterns that make other matchers explode take no more steps than text times pattern."""
    text = "a" * 20_000
    assert not glob("a*" * 400 + "b").matches(text, Budget())
    with pytest.raises(LimitExceeded):
        glob("*" + "?" * 900 + "b*").matches("a" * MAX_STEPS, Budget())
