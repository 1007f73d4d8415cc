"""Hypothesis strategies for conditions, as nodes rather than as text, and for events that they read."""

from __future__ import annotations

from typing import Any

from destination_actions.subscriptions.calls import called
from destination_actions.subscriptions.nodes import (
    Call,
    Condition,
    In,
    ListOf,
    Literal,
    Operand,
    Path,
    Quantified,
    Truth,
    comparison,
    conjunction,
    disjunction,
    finite,
    negation,
)
from hypothesis import strategies as st

KEYS = [
    "a",
    "b",
    "type",
    "event",
    "properties",
    "and",
    "null",
    "0",
    "12",
    "007",
    "odd key",
    'q"uote',
    "dot.ted",
    "é",
    "$x",
    "",
]
TEXTS = st.one_of(st.sampled_from(["track", "a", "A b", "5", "*", "a*", "[a-c]?", "\\*"]), st.text(max_size=6))
NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)).map(finite)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
ONE_ARGUMENT = ["length", "lowercase", "uppercase", "snakecase", "kebabcase", "titlecase", "typeof", "string", "number"]


def paths(item: bool) -> st.SearchStrategy[Path]:
    """Give paths of the event and, in an item, of the item."""
    keys = st.lists(st.sampled_from(KEYS), max_size=3).map(tuple)
    roots = st.sampled_from(["event", "item"] if item else ["event"])
    return st.builds(Path, roots, keys)  # type: ignore[arg-type]


def operands(item: bool) -> st.SearchStrategy[Operand]:
    """Give operands."""
    plain: st.SearchStrategy[Operand] = st.one_of(paths(item), paths(item), SCALARS.map(Literal))
    calls = st.builds(lambda name, operand: Call(name, (operand,)), st.sampled_from(ONE_ARGUMENT), plain)
    return st.one_of(plain, plain, calls, st.lists(plain, max_size=3).map(lambda items: ListOf(tuple(items))))


def clauses(item: bool) -> st.SearchStrategy[Condition]:
    """Give single clauses."""
    signs = st.sampled_from(["=", "=", "<", "<=", ">", ">="])
    globs = st.sampled_from(["*", "a*", "*b", "t?a*", "[a-c]*", "\\**", "x"]).map(Literal)
    return st.one_of(
        st.builds(comparison, signs, operands(item), operands(item)),  # type: ignore[arg-type]
        st.builds(In, operands(item), st.one_of(paths(item), st.lists(SCALARS.map(Literal), max_size=3).map(_list))),
        st.one_of(paths(item), st.booleans().map(Literal)).map(Truth),
        st.builds(lambda text, part: Truth(called("contains", [text, part])), paths(item), TEXTS.map(Literal)),
        st.builds(lambda text, part: Truth(called("match", [text, part])), paths(item), globs),
        operands(item).map(lambda operand: Truth(Call("bool", (operand,)))),
    )


def _list(items: list[Literal]) -> ListOf:
    return ListOf(tuple(items))


def conditions(depth: int = 3, item: bool = False) -> st.SearchStrategy[Condition]:
    """Give conditions of all kinds."""
    if depth == 0:
        return clauses(item)
    inner = conditions(depth - 1, item)
    several = st.lists(inner, min_size=1, max_size=3)
    quantified = st.builds(
        Quantified,
        st.sampled_from(["any", "all"]),
        paths(item),
        st.deferred(lambda: conditions(depth - 1, True)),  # type: ignore[arg-type]
    )
    groups = st.one_of(several.map(conjunction), several.map(disjunction), inner.map(negation))
    return st.one_of(clauses(item), groups, groups, quantified)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(SCALARS, st.sampled_from(["track", "a", "A b", True, 0, 1, 5])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=8,
)
EVENTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
