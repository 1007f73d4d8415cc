"""The Liquid filters that templates may use: those of LiquidJS, without the ones that Segment turns off.

Each takes and gives JSON values; its arguments may be of any kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from ._limits import MAPPING_LIMITS
from ._liquid_dates import DATE_FILTERS
from ._liquid_encodings import ENCODING_FILTERS
from ._liquid_values import (
    TooLargeError,
    equal,
    is_true,
    items,
    json_of,
    member,
    number,
    number_or_nan,
    text,
    whole,
)
from ._values import JS_SPACE, SAFE_INTEGER, js_number

Filter = Callable[..., Any]

_SPACES = re.compile(r"\s+")


def _sized(size: int) -> None:
    if size > MAPPING_LIMITS.output:
        raise TooLargeError


def _whole_number(found: float) -> Any:
    return int(found) if math.isfinite(found) and found.is_integer() and abs(found) <= SAFE_INTEGER else found


def _calculation(most: int, work: Callable[..., float]) -> Filter:
    def calculate(*values: Any) -> Any:
        try:
            return _whole_number(float(work(*map(number, values[:most]))))
        except OverflowError:
            return math.inf
        except (ZeroDivisionError, ValueError):
            return math.nan

    return calculate


def _divided(dividend: float, divisor: float, whole_result: float = 0) -> float:
    if divisor == 0:
        return math.nan if dividend == 0 else math.copysign(math.inf, dividend)
    found = dividend / divisor
    return math.floor(found) if whole_result else found


def _rounded(value: Any, places: Any = 0) -> Any:
    found, digits = number(value), max(-300, min(300, whole(places)))
    if not math.isfinite(found) or abs(found) * 10.0**digits > SAFE_INTEGER:
        return _whole_number(found)
    exact = Decimal(js_number(found)).scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return _whole_number(float(exact.scaleb(-digits)))


def _on_text(work: Callable[[str], Any]) -> Filter:
    return lambda value: work(text(value))


def _strip(value: Any, characters: Any = None) -> str:
    return text(value).strip(text(characters) or JS_SPACE)


def _lstrip(value: Any, characters: Any = None) -> str:
    return text(value).lstrip(text(characters) or JS_SPACE)


def _rstrip(value: Any, characters: Any = None) -> str:
    return text(value).rstrip(text(characters) or JS_SPACE)


def _replace(value: Any, pattern: Any = None, replacement: Any = None, most: int = -1) -> str:
    whole_text, wanted, put = text(value), text(pattern), text(replacement)
    count = whole_text.count(wanted) if most < 0 else most
    _sized(len(whole_text) + count * len(put))
    if not wanted and most < 0:
        return put.join(whole_text)
    return whole_text.replace(wanted, put, most)


def _replace_last(value: Any, pattern: Any = None, replacement: Any = None) -> str:
    whole_text, wanted = text(value), text(pattern)
    before, found, after = whole_text.rpartition(wanted) if wanted else (whole_text, "", "")
    return before + text(replacement) + after if found or not wanted else whole_text


def _split(value: Any, separator: Any = None) -> list[str]:
    whole_text, mark = text(value), text(separator)
    pieces = whole_text.split(mark) if mark else list(whole_text)
    while pieces and not pieces[-1]:
        pieces.pop()
    return pieces


def _join(value: Any, separator: Any = None) -> str:
    found, mark = items(value), " " if separator is None else text(separator)
    _sized(len(mark) * len(found))
    return mark.join([",".join(map(text, item)) if isinstance(item, list) else text(item) for item in found])


def _capitalize(whole_text: str) -> str:
    return whole_text[:1].upper() + whole_text[1:].lower()


def _truncate(value: Any, length: Any = 50, end: Any = "...") -> Any:
    whole_text, limit, tail = text(value), whole(length), text(end)
    if len(whole_text) <= limit:
        return value
    return whole_text[: max(limit - len(tail), 0)] + tail


def _truncate_words(value: Any, count: Any = 15, end: Any = "...") -> str:
    words, most = _SPACES.split(text(value).lstrip(JS_SPACE)), max(whole(count), 1)
    return " ".join(words[:most]) + (text(end) if len(words) >= most else "")


def _words(value: Any, _mode: Any = None) -> int:
    return len(text(value).split())


def _slice(value: Any, begin: Any = 0, length: Any = 1) -> Any:
    if value is None:
        return []
    whole_value = value if isinstance(value, list) else text(value)
    start, size = whole(begin), whole(length)
    start = len(whole_value) + start if start < 0 else start
    return whole_value[:0] if start < 0 or size < 0 else whole_value[start : start + size]


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list) else 0


def _end(position: int) -> Filter:
    def take(value: Any) -> Any:
        if isinstance(value, list):
            return value[position] if value else None
        return value[position] if isinstance(value, str) and value else ""

    return take


def _sum(value: Any, name: Any = None) -> Any:
    found = [number(member(item, text(name)) if name is not None else item) for item in items(value)]
    return _whole_number(float(sum(found)))


def _compact(value: Any) -> list[Any]:
    return [item for item in items(value) if item is not None]


_UNGIVEN: Final = object()


def _where(value: Any, name: Any = None, expected: Any = _UNGIVEN) -> list[Any]:
    found = [(item, member(item, text(name))) for item in items(value)]
    return [item for item, part in found if (is_true(part) if expected is _UNGIVEN else equal(part, expected))]


def _default(value: Any, fallback: Any = None, allow_false: Any = None) -> Any:
    if isinstance(value, str | list):
        return value or fallback
    return value if is_true(value) or (value is False and is_true(allow_false)) else fallback


FILTERS: Final[Mapping[str, Filter]] = {
    **DATE_FILTERS,
    **ENCODING_FILTERS,
    "abs": _calculation(1, abs),
    "append": lambda value, more: text(value) + text(more),
    "at_least": _calculation(2, max),
    "at_most": _calculation(2, min),
    "capitalize": _on_text(_capitalize),
    "ceil": _calculation(1, math.ceil),
    "compact": _compact,
    "default": _default,
    "divided_by": _calculation(3, _divided),
    "downcase": _on_text(str.lower),
    "first": _end(0),
    "floor": _calculation(1, math.floor),
    "inspect": lambda value, _space=None: json_of(value),
    "join": _join,
    "json": lambda value, _space=None: json_of(value),
    "jsonify": lambda value, _space=None: json_of(value),
    "last": _end(-1),
    "lstrip": _lstrip,
    "minus": _calculation(2, lambda left, right=0.0: left - right),
    "modulo": _calculation(2, lambda left, right: left - right * math.floor(left / right)),
    "normalize_whitespace": _on_text(lambda whole_text: _SPACES.sub(" ", whole_text)),
    "number_of_words": _words,
    "plus": _calculation(2, lambda left, right=0.0: left + right),
    "pop": lambda value: items(value)[:-1],
    "prepend": lambda value, more: text(more) + text(value),
    "push": lambda value, item=None: [*items(value), item],
    "raw": lambda value: value,
    "remove": lambda value, pattern=None: _replace(value, pattern, ""),
    "remove_first": lambda value, pattern=None: _replace(value, pattern, "", 1),
    "remove_last": lambda value, pattern=None: _replace_last(value, pattern, ""),
    "replace": _replace,
    "replace_first": lambda value, pattern=None, put=None: _replace(value, pattern, put, 1),
    "replace_last": _replace_last,
    "round": _rounded,
    "rstrip": _rstrip,
    "shift": lambda value: items(value)[1:],
    "size": _size,
    "slice": _slice,
    "split": _split,
    "squish": _on_text(lambda whole_text: _SPACES.sub(" ", whole_text).strip(JS_SPACE)),
    "strip": _strip,
    "strip_newlines": _on_text(lambda whole_text: whole_text.replace("\r\n", "").replace("\n", "")),
    "sum": _sum,
    "times": _calculation(2, lambda left, right=0.0: left * right),
    "to_integer": lambda value: _whole_number(number_or_nan(value)),
    "truncate": _truncate,
    "truncatewords": _truncate_words,
    "unshift": lambda value, item=None: [item, *items(value)],
    "upcase": _on_text(str.upper),
    "where": _where,
}
"""Every filter by name."""

JSON_FILTERS: Final = frozenset({"inspect", "json", "jsonify"})
"""Filters that give nothing for what is not there, and `null` for null."""

REFUSED: Final = frozenset(
    [
        "array_to_sentence_string",
        "concat",
        "find",
        "find_exp",
        "find_index",
        "find_index_exp",
        "group_by",
        "group_by_exp",
        "has",
        "has_exp",
        "map",
        "newline_to_br",
        "reject",
        "reject_exp",
        "reverse",
        "sample",
        "sort",
        "sort_natural",
        "uniq",
        "where_exp",
        "type",
    ]
)
"""Filters of LiquidJS that may not be used: those that Segment turns off, and `sample`, which is random."""
