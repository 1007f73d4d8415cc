"""Whether texts and numbers of a kind are what a field takes: by their length, their bounds, and their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, Final

from destination_actions.checking.doubts import Doubt
from destination_actions.checking.firsts import OF_NUMBERS, never_begins, of_form, of_text
from destination_actions.checking.shapes import Number, Text
from destination_actions.fields import FieldSpec

TEXTS: Final = ("string", "text", "password")
"""Types of fields that hold texts."""

_NUMBERS: Final = ("number", "integer")
_NO_NUMBERS: Final = frozenset({"date", "date-time", "email", "hostname", "ipv6", "time", "uri", "uuid"})
"""Formats of which no text is a number."""
_NO_WORDS: Final = frozenset({"date", "date-time", "email", "ipv4", "ipv6", "time", "uri"})
"""Formats of which no text is a single word."""
_UNBOUNDED: Final = 2**16
_MOMENTS: Final = frozenset({"date", "date-time"})


def text_doubts(part: Text, spec: FieldSpec) -> Iterator[Doubt]:
    """Give why texts of a shape, none of them empty, may not be what a field takes."""
    if spec.type in TEXTS:
        yield from _form(part, spec)
    elif spec.type == "datetime":
        if part.format not in _MOMENTS:
            yield Doubt("form", "the text may be no date")
    elif spec.type in _NUMBERS:
        sure = part.format in _NO_NUMBERS or part.low > 320
        yield Doubt("kind", "text is only taken if it is a number", certain=sure)
    else:
        yield Doubt("kind", 'text is only taken if it is "true" or "false"', certain=part.low > len("false"))


def _form(part: Text, spec: FieldSpec) -> Iterator[Doubt]:
    least, most = spec.minimum or 0, spec.maximum
    if spec.choices:
        none = not any(_could_be(choice.value, part) for choice in spec.choices)
        yield Doubt("kind", f"it {'is' if none else 'may be'} none of the choices", certain=none)
    if part.low < least:
        yield Doubt("form", f"the text may have fewer than {least:g} characters", certain=_is_below(part.high, least))
    if most is not None and (part.high is None or part.high > most):
        yield Doubt("form", f"the text may have more than {most:g} characters", certain=part.low > most)
    never = never_begins(of_text(part), of_form(spec.format, spec.pattern))
    if spec.format not in (None, "text", "password", part.format):
        yield Doubt("form", f"the text {_may_not(never)} be in the form {spec.format}", certain=never)
    if spec.pattern not in (None, part.pattern):
        low, high = widths(spec.pattern or "")
        sure = never or _is_below(part.high, low) or _is_below(high, part.low)
        yield Doubt("form", f"the text {_may_not(sure)} have the form {spec.pattern}", certain=sure)


def _may_not(sure: bool) -> str:
    return "does not" if sure else "may not"


def _could_be(value: Any, part: Text) -> bool:
    """Whether a text may be this one."""
    if not isinstance(value, str) or len(value) < part.low or _is_below(part.high, len(value)):
        return False
    return part.format not in _NO_WORDS or not value.replace("_", "").isalpha()


@cache
def widths(pattern: str) -> tuple[int, int | None]:
    """Give the fewest and the most characters of texts that have a form; only a form of the whole text says any."""
    try:
        parsed = _parser.parse(pattern)
    except re.error:
        return 0, None
    ends = [parsed[at] for at in (0, -1)] if len(parsed) else []
    if ends != [(_constants.AT, _constants.AT_BEGINNING), (_constants.AT, _constants.AT_END)]:
        return 0, None
    low, high = parsed.getwidth()
    return low, high if high < _UNBOUNDED else None


def _is_below(high: float | None, bound: float) -> bool:
    return high is not None and high < bound


def number_doubts(part: Number, spec: FieldSpec) -> Iterator[Doubt]:
    """Give the same for numbers."""
    if spec.type in TEXTS:
        if spec.choices or spec.format not in (None, "text", "password") or spec.pattern:
            never = never_begins(OF_NUMBERS, of_form(spec.format, spec.pattern))
            yield Doubt("form", f"a number as text {_may_not(never)} have the form of the field", certain=never)
        elif spec.minimum is not None or spec.maximum is not None:
            yield Doubt("form", "a number as text may be too short or too long")
    elif spec.type == "boolean":
        outside = (part.low is not None and part.low > 1) or _is_below(part.high, 0)
        yield Doubt("kind", "a number is only taken if it is 0 or 1", certain=outside)
    else:
        yield from _bounded(part, spec)


def _bounded(part: Number, spec: FieldSpec) -> Iterator[Doubt]:
    low, high = spec.minimum, spec.maximum
    if spec.choices:
        yield Doubt("form", "it may be none of the choices")
    if spec.type == "integer" and not part.whole:
        yield Doubt("kind", "a number is only taken if it is whole")
    if spec.type == "datetime" and spec.parsed:
        yield Doubt("form", "the number may be a time beyond year 9999")
    if low is not None and (part.low is None or part.low < low):
        yield Doubt("form", f"the number may be below {low:g}", certain=_is_below(part.high, low))
    if high is not None and (part.high is None or part.high > high):
        yield Doubt("form", f"the number may be above {high:g}", certain=part.low is not None and part.low > high)
