"""With which characters a text can begin: often enough to tell that it never has the form of a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, Final

from destination_actions.checking.shapes import Text

DIGITS: Final = "0123456789"
OF_NUMBERS: Final = f"{DIGITS}-"
_OF_FORMATS: Final[Mapping[str, str]] = {
    "date": DIGITS,
    "date-time": DIGITS,
    "time": DIGITS,
    "e164": "+",
    "uuid": f"{DIGITS}abcdefABCDEFu",
}
_START: Final = (_constants.AT, _constants.AT_BEGINNING)
_MOST: Final = 100
"""Characters of a class in a pattern that are looked at one by one."""


def of_text(part: Text) -> str | None:
    """The characters with which a text of a shape can begin; None: with any."""
    return part.first if part.first is not None else of_form(part.format, part.pattern)


def of_form(form: str | None, pattern: str | None) -> str | None:
    """The same for a format and a pattern."""
    by_format = _OF_FORMATS.get(form or "")
    return of_pattern(pattern) if by_format is None and pattern else by_format


@cache
def of_pattern(pattern: str) -> str | None:
    """The same for a pattern, if it says what stands at the beginning."""
    try:
        parsed = _parser.parse(pattern)
    except re.error:
        return None
    flags = re.compile(pattern).flags
    if not len(parsed) or parsed[0] != _START or flags & (re.IGNORECASE | re.MULTILINE | re.VERBOSE):
        return None
    return _begin(list(parsed)[1:])


def _begin(parts: list[Any]) -> str | None:
    """With what the first of some parts begins; with what may be left out, also the next."""
    if not parts:
        return None
    (kind, value), rest = parts[0], parts[1:]
    if kind is _constants.BRANCH:
        return _either(_begin([*one, *rest]) for one in value[1])
    if kind is _constants.SUBPATTERN:
        return _begin([*value[3], *rest])
    if kind is _constants.MAX_REPEAT:
        low, _, inner = value
        once = _begin(list(inner))
        return once if low else _either([once, _begin(rest)])
    return _characters(kind, value)


def _either(found: Iterable[str | None]) -> str | None:
    total = ""
    for one in found:
        if one is None:
            return None
        total += one
    return total


def _characters(kind: Any, value: Any) -> str | None:
    if kind is _constants.LITERAL:
        return chr(value)
    if kind is not _constants.IN:
        return None
    found = ""
    for inner, one in value:
        if inner is _constants.LITERAL:
            found += chr(one)
        elif inner is _constants.RANGE and one[1] - one[0] < _MOST:
            found += "".join(map(chr, range(one[0], one[1] + 1)))
        else:
            return None
    return found


def never_begins(part: str | None, form: str | None) -> bool:
    """Whether no text that begins with one of these has a form that begins with one of those."""
    return part is not None and form is not None and not set(part) & set(form)
