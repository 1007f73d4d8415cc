"""Reading and comparing values: strict in type, null for what is missing, `WRONG` for what has the wrong type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypeGuard

from destination_actions.subscriptions.limits import Budget

Value: TypeAlias = Any
"""A JSON value read from an event, or `WRONG`."""


class Wrong(Enum):
    """The type of `WRONG`."""

    WRONG = "wrong type"


WRONG: Final = Wrong.WRONG
"""What a function gives for an argument of the wrong type: it equals nothing, not even itself or null."""

COMPARERS: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def member(value: Value, key: str) -> Value:
    """Read one key of an object or one index of a list; null for anything else."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and len(key) < 10 and key.isascii() and key.isdigit():
        index = int(key)
        return value[index] if index < len(value) else None
    return None


def read(value: Value, keys: Iterable[str]) -> Value:
    """Follow a path from a value; null when a step finds nothing."""
    for key in keys:
        value = member(value, key)
    return value


def is_number(value: Value) -> TypeGuard[int | float]:
    """Tell a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(left: Value, right: Value, budget: Budget) -> bool:
    """Compare type and value; lists and objects by their members."""
    if left is WRONG or right is WRONG:
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        budget.spend(len(left))
        return len(left) == len(right) and all(equal(a, b, budget) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        budget.spend(len(left))
        return left.keys() == right.keys() and all(equal(left[key], right[key], budget) for key in left)
    return bool(left == right)


def ordered(sign: str, left: Value, right: Value) -> bool:
    """Order two numbers; false when either is something else."""
    return is_number(left) and is_number(right) and bool(COMPARERS[sign](left, right))


def among(value: Value, items: Value, budget: Budget) -> bool:
    """Tell whether a value equals an element of a list; false when there is no list."""
    if not isinstance(items, (list, tuple)):
        return False
    budget.spend(len(items))
    return any(equal(value, item, budget) for item in items)


def some(items: Value, holds: Callable[[Value], bool], budget: Budget) -> bool:
    """Tell whether a list has an element for which the condition holds; false when there is no list."""
    if not isinstance(items, list):
        return False
    budget.spend(len(items))
    return any(map(holds, items))


def every(items: Value, holds: Callable[[Value], bool], budget: Budget) -> bool:
    """Tell whether the condition holds for every element of a list, as it does for an empty one."""
    if not isinstance(items, list):
        return False
    budget.spend(len(items))
    return all(map(holds, items))
