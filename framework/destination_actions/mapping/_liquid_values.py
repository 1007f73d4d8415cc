"""How Liquid filters see values: as texts, numbers and lists, by the rules of JavaScript."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ._limits import MAPPING_LIMITS
from ._values import DEEPEST_VALUE, JS_SPACE, js_number, measure, quoted, scalar_json

CHARACTERS_A_STEP = 10
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,300}|0[oO][0-7]{1,300}|0[bB][01]{1,300}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")


class TooLargeError(Exception):
    """A value in a Liquid template is larger than a document may be."""


def plain(value: Any) -> Any:
    """Turn what the Liquid library hands over (undefined values, ranges) into JSON values."""
    if isinstance(value, range):
        if value.stop - value.start > MAPPING_LIMITS.output:
            raise TooLargeError
        return list(value)
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return None
    return str(value) if not isinstance(value, dict | list | str | int | float | None) else value


def fitting(value: Any) -> Any:
    """Give a value that is not too large to be worked on.

    Raises:
        TooLargeError: it is.
    """
    if isinstance(value, str | list | dict) and measure(value) > MAPPING_LIMITS.output:
        raise TooLargeError
    return value


def text(value: Any) -> str:
    """Give a value as Liquid prints it: nothing for null, a list without separators, an object as JSON."""
    return value if isinstance(value, str) else _printed(fitting(value), DEEPEST_VALUE)


def _printed(value: Any, room: int) -> str:
    if room == 0:
        raise TooLargeError
    if isinstance(value, dict):
        return json_of(value)
    if isinstance(value, list):
        return "".join([_printed(item, room - 1) for item in value])
    if isinstance(value, str):
        return value
    return "" if value is None else _printed_scalar(value)


def _printed_scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return js_number(value) if isinstance(value, int | float) else str(value)


def json_of(value: Any, room: int = DEEPEST_VALUE) -> str:
    """Give a value as JSON."""
    if room == 0:
        raise TooLargeError
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(str(key))}:{json_of(item, room - 1)}" for key, item in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([json_of(item, room - 1) for item in value]) + "]"
    return scalar_json(value)


def number_or_nan(value: Any) -> float:
    """Give a value as JavaScript's `Number` does."""
    if value is None or value is False or value is True:
        return 1.0 if value else 0.0
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, list):
        return _number_of_list(value)
    return _number_of_text(value.strip()) if isinstance(value, str) else math.nan


def _number_of_list(items: list[Any]) -> float:
    if not items:
        return 0.0
    return number_or_nan(items[0]) if len(items) == 1 and not isinstance(items[0], bool | list | dict) else math.nan


def _number_of_text(value: str) -> float:
    if not value:
        return 0.0
    if _DECIMAL.fullmatch(value):
        return float(value)
    if _HEX.fullmatch(value):
        return float(int(value, 0))
    infinite = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
    return infinite.get(value, math.nan)


def number(value: Any) -> float:
    """Give a value as a number; what is none is 0."""
    found = number_or_nan(value)
    return 0.0 if math.isnan(found) else found


def whole(value: Any) -> int:
    """Give a value as a whole number of moderate size, for positions and counts."""
    found = number(value)
    return int(max(-1e9, min(1e9, found)))


def items(value: Any) -> list[Any]:
    """Give a list as it is, nothing for null, and anything else as a list of one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def is_true(value: Any) -> bool:
    """Tell whether a value is true in Liquid: everything but null and false is."""
    return value is not None and value is not False


def equal(left: Any, right: Any) -> bool:
    """Compare strictly: by kind and value, lists item by item, objects never."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return isinstance(left, str | None) and isinstance(right, str | None) and left == right


def is_hollow(value: Any, *, blank: bool) -> bool:
    """Tell whether a value is `empty` in Liquid, or `blank`: then null, false and white space count too."""
    if blank and (value is None or value is False or (isinstance(value, str) and not value.strip(JS_SPACE))):
        return True
    return isinstance(value, str | list | dict) and not value


def less(left: Any, right: Any) -> bool | None:
    """Compare two values as JavaScript's `<` does; None if one of them is no number."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    one, two = number_or_nan(left), number_or_nan(right)
    return None if math.isnan(one) or math.isnan(two) else one < two


def member(value: Any, name: str) -> Any:
    """Read a member by a dotted name; null if it is not there."""
    for key in name.split("."):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and len(key) < 10:
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value
