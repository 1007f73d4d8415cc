"""The tree that Segment's parser gives, read as what its author meant.

A group is `{type: "group", operator: "and" | "or", children}`; a leaf is `{type, operator, value?, name?}`. Negated
operators become exact negations, `starts_with` and `ends_with` become patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from destination_actions.events import MISSING
from destination_actions.subscriptions.calls import as_text, called
from destination_actions.subscriptions.glob import PatternError, escaped
from destination_actions.subscriptions.limits import MAX_DEPTH
from destination_actions.subscriptions.nodes import (
    ORDER_SIGNS,
    Condition,
    Literal,
    Path,
    Truth,
    comparison,
    conjunction,
    disjunction,
    negation,
)
from destination_actions.subscriptions.tree import Json, constant, refuse

ROOTS: Final[dict[str, tuple[str, ...]]] = {
    "event-type": ("type",),
    "event": ("event",),
    "name": ("name",),
    "userId": ("userId",),
    "event-property": ("properties",),
    "event-trait": ("traits",),
    "event-context": ("context",),
}
_NAMED: Final = frozenset({"event-property", "event-trait", "event-context"})
_STEPS: Final = re.compile(r"[.\[\]]+")


def is_segment_tree(ast: object) -> bool:
    """Tell Segment's shape from ours."""
    return isinstance(ast, dict) and (ast.get("type") in {"group", *ROOTS} or "error" in ast)


def condition_from_segment(node: object, pointer: str = "", level: int = 0) -> Condition:
    """Read a tree; raise `SubscriptionError` with a JSON pointer to what has no meaning."""
    if not isinstance(node, dict):
        return refuse(pointer, "expected a group or a condition")
    if level > MAX_DEPTH:
        refuse(pointer, f"the tree is deeper than {MAX_DEPTH} levels")
    if "error" in node:
        refuse(pointer, "this is the error of an expression that could not be read")
    return _group(node, pointer, level) if node.get("type") == "group" else _leaf(node, pointer)


def _group(node: Json, pointer: str, level: int) -> Condition:
    children, operator = node.get("children"), node.get("operator")
    if operator not in ("and", "or"):
        refuse(f"{pointer}/operator", f'{operator!r} is neither "and" nor "or"')
    if not isinstance(children, list) or not children:
        return refuse(f"{pointer}/children", "a group needs at least one condition")
    parts = [condition_from_segment(child, f"{pointer}/children/{i}", level + 1) for i, child in enumerate(children)]
    return conjunction(parts) if operator == "and" else disjunction(parts)


def _leaf(node: Json, pointer: str) -> Condition:
    path, operator = _path(node, pointer), node.get("operator")
    found = OPERATORS.get(operator) if isinstance(operator, str) else None
    if found is None:
        return refuse(f"{pointer}/operator", f"{operator!r} is no operator", f"there are {', '.join(OPERATORS)}")
    value, read = node.get("value", MISSING), found
    return read(path, value, f"{pointer}/value")


def _path(node: Json, pointer: str) -> Path:
    kind, name = node.get("type"), node.get("name", "")
    if not isinstance(kind, str) or kind not in ROOTS:
        return refuse(f"{pointer}/type", f"{kind!r} is no kind of condition", f"there are {', '.join(ROOTS)}")
    if not isinstance(name, str):
        return refuse(f"{pointer}/name", f"{name!r} is no name")
    steps = [step for step in _STEPS.split(name) if step] if kind in _NAMED else []
    return Path("event", (*ROOTS[kind], *steps))


def _value(value: Any, pointer: str) -> Literal:
    if value is MISSING:
        return refuse(pointer, "the condition has no value to compare with")
    return Literal(constant(value, pointer))


def _equals(path: Path, value: Any, pointer: str) -> Condition:
    return comparison("=", path, _value(value, pointer))


def _number_equals(path: Path, value: Any, pointer: str) -> Condition:
    number = comparison("<", path, _value(value, pointer)).right
    if not isinstance(number, Literal) or isinstance(number.value, (str, bool)) or number.value is None:
        return refuse(pointer, f"{value!r} is no number")
    return comparison("=", path, number)


def _contains(path: Path, value: Any, pointer: str) -> Condition:
    return _call("contains", path, _value(value, pointer), pointer)


def _pattern(before: str, after: str) -> Callable[[Path, Any, str], Condition]:
    def read(path: Path, value: Any, pointer: str) -> Condition:
        text = as_text(_value(value, pointer))
        if not isinstance(text.value, str):
            return refuse(pointer, f"{value!r} is no text")
        return _call("match", path, Literal(f"{before}{escaped(text.value)}{after}"), pointer)

    return read


def _call(function: str, path: Path, part: Literal, pointer: str) -> Condition:
    try:
        return Truth(called(function, [path, part]))
    except PatternError as error:
        return refuse(pointer, str(error))


def _order(sign: Any) -> Callable[[Path, Any, str], Condition]:
    return lambda path, value, pointer: comparison(sign, path, _value(value, pointer))


def _constant(value: bool | None) -> Callable[[Path, Any, str], Condition]:
    return lambda path, _value, _pointer: comparison("=", path, Literal(value))


def _not(read: Callable[[Path, Any, str], Condition]) -> Callable[[Path, Any, str], Condition]:
    return lambda path, value, pointer: negation(read(path, value, pointer))


OPERATORS: Final[dict[str, Callable[[Path, Any, str], Condition]]] = {
    "=": _equals,
    "!=": _not(_equals),
    "number_equals": _number_equals,
    "number_not_equals": _not(_number_equals),
    **{sign: _order(sign) for sign in ORDER_SIGNS},
    "contains": _contains,
    "not_contains": _not(_contains),
    "starts_with": _pattern("", "*"),
    "not_starts_with": _not(_pattern("", "*")),
    "ends_with": _pattern("*", ""),
    "not_ends_with": _not(_pattern("*", "")),
    "exists": _not(_constant(None)),
    "not_exists": _constant(None),
    "is_true": _constant(value=True),
    "is_false": _constant(value=False),
}
"""How each operator of a leaf is read: from a path, a value and the pointer to it."""
