"""One value brought to a field's type: the whole rule of coercion.

Each function takes a plain JSON value and gives it in the wanted type, or gives it back as it is where the rule has
nothing for it; the JSON Schema then says what is wrong with it.

=========  ==================================================================================================
wanted     what becomes of what
=========  ==================================================================================================
text       a number or a boolean becomes the text that JSON has for it (`5.0` is `5`, `1e21` is `1e+21`)
number     a text that is a number becomes it (decimal, `0x`, `0o`, `0b`; spaces around it); true is 1, false 0
integer    as number, where the result is whole (`5.0` is 5)
boolean    `"true"` and 1 become true, `"false"` and 0 false
datetime   stays as it is
object     stays as it is
=========  ==================================================================================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}
_LONGEST: Final = 320
_EXACT: Final = 2**53


def to_text(value: Any) -> Any:
    """Give numbers and booleans as text."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if has_text(value) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and math.isfinite(value):
        return _float_text(value)
    return value


def has_text(number: int) -> bool:
    """Tell whether an integer has few enough digits to be written; Python refuses those of thousands."""
    return number.bit_length() < 3 * _LONGEST


def to_number(value: Any) -> Any:
    """Give texts that are numbers, and booleans, as numbers; a whole number is an int while that is exact."""
    if isinstance(value, str):
        return _number(value)
    return int(value) if isinstance(value, bool) else value


def to_integer(value: Any) -> Any:
    """Give whatever is a whole number as an int."""
    number = to_number(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() else value
    return number


def to_boolean(value: Any) -> Any:
    """Give `"true"`, `"false"`, 1 and 0 as booleans."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value, value)
    if isinstance(value, int | float) and value in (0, 1):
        return value == 1
    return value


def to_moment(value: Any) -> Any:
    """Give dates, which YAML makes of unquoted ones, as their ISO text."""
    return value.isoformat() if isinstance(value, date) else value


def as_it_is(value: Any) -> Any:
    """Give the value back."""
    return value


COERCIONS: Final[MappingProxyType[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "string": to_text,
        "text": to_text,
        "password": to_text,
        "number": to_number,
        "integer": to_integer,
        "datetime": to_moment,
        "boolean": to_boolean,
        "object": as_it_is,
        "any": as_it_is,
    }
)
"""The rule of each field type."""


def to_type(kind: str, value: Any) -> Any:
    """Give one value as a field of that type would have it."""
    return COERCIONS[kind](value)


def _float_text(value: float) -> str:
    size = abs(value)
    if value == 0:
        return "0"
    if 1e-6 <= size < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = repr(value).split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def _number(text: str) -> Any:
    bare = text.strip()
    if len(bare) > _LONGEST:
        return text
    if bare.isdecimal() and bare.isascii():
        return int(bare)
    if _INTEGER.fullmatch(bare):
        return int(bare)
    if _DECIMAL.fullmatch(bare):
        return _whole_if_exact(float(bare), text)
    return _based(bare, text)


def _whole_if_exact(number: float, text: str) -> Any:
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _based(bare: str, text: str) -> Any:
    base = _BASES.get(bare[:2].lower())
    if base is None or not (bare.isascii() and bare[2:].isalnum()):
        return text
    try:
        return int(bare[2:], base)
    except ValueError:
        return text
