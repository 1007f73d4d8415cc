"""Which types of value a demand leaves to a place of the event."""

from __future__ import annotations

from typing import Final

from destination_actions.subscriptions.demands import Demand
from destination_actions.subscriptions.functions import typeof
from destination_actions.subscriptions.limits import Budget
from destination_actions.subscriptions.nodes import Call, Compare, In, ListOf, Literal, Operand, Path, Truth

Types = frozenset[str]

ALL_TYPES: Final[Types] = frozenset({"string", "number", "bool", "list", "object", "null"})
CONTAINERS: Final[Types] = frozenset({"list", "object"})
_SCALARS: Final[Types] = frozenset({"string", "number", "bool"})
_TEXT: Final[Types] = frozenset({"string"})
_OF_ARGUMENT: Final[dict[str, Types]] = {
    **dict.fromkeys(("contains", "match", "lowercase", "uppercase", "snakecase", "kebabcase", "titlecase"), _TEXT),
    **dict.fromkeys(("string", "number", "bool"), _SCALARS),
    "length": frozenset({"string", "list"}),
}
"""The types for which a function gives something else than null, 0 or a wrong type."""


def possible_types(path: Path, demand: Demand) -> Types:
    """Give the types that the value at a path may have where a demand on it alone is met, or a few more."""
    match demand.clause:
        case Compare("=", Call("typeof", (subject,)), Literal(value)) if subject == path:
            named = frozenset({str(value)})
            return named if demand.wanted else ALL_TYPES - named
        case _:
            return _wanted(path, demand) if demand.wanted else ALL_TYPES


def _wanted(path: Path, demand: Demand) -> Types:
    match demand.clause:
        case Compare("=", left, Literal(value)):
            return _equal(path, left, value)
        case Compare("<" | "<=" | ">" | ">=", left, right):
            return _ordered(path, left) & _ordered(path, right)
        case In(_, right) if right == path:
            return frozenset({"list"})
        case In(left, ListOf(items)) if left == path and all(isinstance(item, Literal) for item in items):
            return frozenset(_type(item.value) for item in items if isinstance(item, Literal))
        case Truth(operand):
            return _equal(path, operand, True)
        case _:
            return ALL_TYPES


def _equal(path: Path, operand: Operand, value: object) -> Types:
    match operand:
        case Path():
            return frozenset({_type(value)}) if operand == path else ALL_TYPES
        case Call(function, (subject, *_)) if subject == path and value not in (None, 0, False):
            return _OF_ARGUMENT.get(function, ALL_TYPES)
        case _:
            return ALL_TYPES


def _ordered(path: Path, operand: Operand) -> Types:
    match operand:
        case Path():
            return frozenset({"number"}) if operand == path else ALL_TYPES
        case Call("number", (subject, *_)) if subject == path:
            return _SCALARS
        case _:
            return ALL_TYPES


def _type(value: object) -> str:
    return str(typeof(value, Budget()))
