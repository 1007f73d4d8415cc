"""JSON values as text: numbers print as JavaScript prints them, so that a document reads as it did at Segment."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from ..events import MISSING
from ._limits import MAPPING_LIMITS, Frame, too_deep, too_large

SAFE_INTEGER = 2**53 - 1
DEEPEST_VALUE = 200
DEEPEST_DOCUMENT = 254
"""Levels of a document; orjson, which writes whatever becomes of one, goes no deeper."""
SMALL = MAPPING_LIMITS.output // 4
"""A document whose JSON has so many bytes is not too large for certain: `measure` counts at most three characters for
each of them."""
JS_SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""The characters that JavaScript's `trim` takes away."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def js_number(number: float) -> str:
    """Print a number as JavaScript does: 1.0 as `1`, 1e21 as `1e+21`, 1e-7 as `1e-7`.

    An integer whose digits JavaScript would lose (beyond 2**53) keeps them all; one beyond every double is infinite.
    """
    if isinstance(number, int):
        return str(number) if -SAFE_INTEGER <= number <= SAFE_INTEGER else _big_integer(number)
    plain = repr(number)
    if plain[-1] in "123456789" and "e" not in plain:
        return plain  # what nearly all numbers with decimals are; the last digit of the others is 0, or they have none
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if number.is_integer() and -SAFE_INTEGER <= number <= SAFE_INTEGER:
        return str(int(number))
    return _js_digits(plain) if "e" in plain or plain.endswith(".0") else plain


def _big_integer(number: int) -> str:
    try:
        rounded = js_number(float(number))
    except OverflowError:
        return "Infinity" if number > 0 else "-Infinity"
    return rounded if Decimal(rounded) == number else str(number)


def _js_digits(plain: str) -> str:
    sign, parts, exponent = Decimal(plain).normalize().as_tuple()
    digits = "".join(map(str, parts))
    point = len(digits) + int(exponent)
    return ("-" if sign else "") + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def measure(value: Any, limit: int = MAPPING_LIMITS.output) -> int:
    """Give about the number of characters that a value has as JSON; stops soon after `limit`.

    Raises:
        RecursionError: the value is nested more deeply than a document may be.
    """
    return limit - _room_left(value, limit, DEEPEST_DOCUMENT)


def bounded(document: Any) -> Any:
    """Give a document back that is not too large.

    Raises:
        ResolveError: it is.
        RecursionError: it is nested more deeply than a document may be.
    """
    if measure(document) > MAPPING_LIMITS.output:
        raise too_large("")
    return document


def _room_left(value: Any, room: int, depth: int) -> int:
    """Give what is left of `room`; negative as soon as it is clear that it is not enough."""
    kind = type(value)
    if kind is str:
        return room - len(value) - 3
    if kind is not dict and kind is not list:
        return room - 5
    room -= 2 + len(value)
    if room < 0:
        return room
    if depth == 0:
        raise RecursionError
    if kind is dict:
        room -= sum(map(len, value)) + 3 * len(value)
        value = value.values()
    for item in value:
        kind = type(item)
        if kind is str:
            room -= len(item) + 3
        elif kind is dict or kind is list:
            room = _room_left(item, room, depth - 1)
            if room < 0:
                return room
        else:
            room -= 5
    return room


def json_text(value: Any, frame: Frame, pointer: str) -> str:
    """Give compact JSON as `JSON.stringify` writes it, members in their own order.

    Raises:
        ResolveError: the value is larger or nested more deeply than a document may be.
    """
    frame.spend(_measured(value, pointer) // 100, pointer)
    parts: list[str] = []
    _write(value, parts, pointer, DEEPEST_VALUE)
    return "".join(parts)


def _measured(value: Any, pointer: str) -> int:
    try:
        size = measure(value)
    except RecursionError:
        raise too_deep(pointer) from None
    if size > MAPPING_LIMITS.output:
        raise too_large(pointer)
    return size


def _write(value: Any, parts: list[str], pointer: str, room: int) -> None:
    if room == 0:
        raise too_deep(pointer)
    if isinstance(value, dict):
        opening = "{"
        for key, item in value.items():
            parts += (opening, quoted(key), ":")
            opening = ","
            _write(item, parts, pointer, room - 1)
        parts.append("}" if value else "{}")
    elif isinstance(value, list):
        opening = "["
        for item in value:
            parts.append(opening)
            opening = ","
            _write(item, parts, pointer, room - 1)
        parts.append("]" if value else "[]")
    else:
        parts.append(scalar_json(value))


def scalar_json(value: Any) -> str:
    """Give the JSON of a text, a number, true, false or null; NaN and the infinities are null."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is MISSING:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = js_number(value)
    return "null" if text.lstrip("-") in ("Infinity", "NaN") else text


def quoted(text: str) -> str:
    """Give a text as a JSON string; half a surrogate pair is escaped, everything else above U+007F stays."""
    encoded = encode_basestring(text)
    if text.isascii():
        return encoded
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def text_of(value: Any, frame: Frame, pointer: str) -> str:
    """Give a value as a template shows it.

    Missing and null are empty, a list is its items with commas between them, and an object, or a list that holds one,
    is JSON.

    Raises:
        ResolveError: the value is larger or nested more deeply than a document may be.
    """
    if type(value) is str:
        return value
    if type(value) is float:
        return js_number(value)
    if isinstance(value, dict | list):
        return _container_text(value, frame, pointer)
    return scalar_text(value)


def scalar_text(value: Any) -> str:
    """Give a value that is neither list nor object as text; missing and null are empty."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return js_number(value)


def _container_text(value: Any, frame: Frame, pointer: str) -> str:
    if _holds_object(value, pointer, DEEPEST_VALUE):
        return json_text(value, frame, pointer)
    frame.spend(_measured(value, pointer) // 100, pointer)
    return ",".join(_list_text(value))


def _holds_object(value: Any, pointer: str, room: int) -> bool:
    if room == 0:
        raise too_deep(pointer)
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(
        _holds_object(item, pointer, room - 1) for item in value if isinstance(item, dict | list)
    )


def _list_text(items: list[Any]) -> list[str]:
    return [",".join(_list_text(item)) if isinstance(item, list) else scalar_text(item) for item in items]


def copied(value: Any) -> Any:
    """Give a JSON value that shares nothing with the given one."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def described(value: Any) -> str:
    """Give a value for an error message, kind first and cut short: `the number 5`, `the text "abc"`, `a list`."""
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if value is MISSING:
        return "nothing"
    return _described_scalar(value)


def _described_scalar(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {quoted(value if len(value) <= 60 else value[:57] + '...')}"
    if value is None or isinstance(value, bool):
        return scalar_json(value)
    return f"the number {js_number(value)}" if isinstance(value, int | float) else f"a Python {type(value).__name__}"
