"""Plain copies of JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from destination_actions.events import MISSING
from destination_actions.fields._checked import child

_DEEPEST: Final = 100
_PLAIN: Final = frozenset({str, int, float, bool, list, type(None)})


class NotJson(Exception):  # noqa: N818 - a fact about a value
    """A value that no JSON document can hold; `pointer` leads to it from the value that was copied."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def copied(value: Any, at: str = "", depth: int = 0) -> Any:
    """Give a copy made of dict, list, str, int, float, bool and None alone; raise NotJson where that cannot be.

    Tuples become lists, subclasses plain values, and members that are MISSING are left out.
    """
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value, at)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value), at)
    return _container(value, at, depth)


def is_object(value: Any) -> bool:
    """Tell whether a value is a mapping; quick for the plain values that JSON is read into."""
    kind = value.__class__
    return kind is dict or (kind not in _PLAIN and isinstance(value, Mapping))


def is_text(value: str) -> bool:
    """Tell whether a text can be written in UTF-8: it has no half of a surrogate pair."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: str, at: str) -> str:
    if not is_text(value):
        raise NotJson(at, "holds half of a surrogate pair, which no UTF-8 text can hold")
    return value if value.__class__ is str else str.__str__(value)


def _finite(value: float, at: str) -> float:
    if not math.isfinite(value):
        raise NotJson(at, f"is {value!r}, which is no number in JSON")
    return value


def _container(value: Any, at: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise NotJson(at, f"is nested more than {_DEEPEST} levels deep")
    if isinstance(value, list | tuple):
        return [copied(item, child(at, index), depth + 1) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {_key(k, at): copied(v, child(at, k), depth + 1) for k, v in value.items() if v is not MISSING}
    raise NotJson(at, f"is a Python {type(value).__name__}, which is no JSON value")


def _key(key: Any, at: str) -> str:
    if not isinstance(key, str):
        raise NotJson(at, f"has the key {key!r}, which is no text")
    return _text(key, at)
