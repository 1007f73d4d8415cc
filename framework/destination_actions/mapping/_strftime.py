"""Moments as text by `%` codes, in English and the same on every platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

CODES: Final[Mapping[str, Callable[[datetime], str]]] = {
    "a": lambda moment: DAYS[moment.weekday()][:3],
    "A": lambda moment: DAYS[moment.weekday()],
    "b": lambda moment: MONTHS[moment.month - 1][:3],
    "B": lambda moment: MONTHS[moment.month - 1],
    "C": lambda moment: f"{moment.year // 100:02}",
    "d": lambda moment: f"{moment.day:02}",
    "e": lambda moment: f"{moment.day:2}",
    "f": lambda moment: f"{moment.microsecond:06}",
    "H": lambda moment: f"{moment.hour:02}",
    "I": lambda moment: f"{_hour12(moment):02}",
    "j": lambda moment: f"{moment.timetuple().tm_yday:03}",
    "k": lambda moment: f"{moment.hour:2}",
    "l": lambda moment: f"{_hour12(moment):2}",
    "L": lambda moment: f"{moment.microsecond // 1000:03}",
    "m": lambda moment: f"{moment.month:02}",
    "M": lambda moment: f"{moment.minute:02}",
    "N": lambda moment: f"{moment.microsecond // 1000:03}000000",
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
    "P": lambda moment: "am" if moment.hour < 12 else "pm",
    "q": lambda moment: ordinal(moment.day),
    "s": lambda moment: str(int(moment.timestamp() // 1)),
    "S": lambda moment: f"{moment.second:02}",
    "u": lambda moment: str(moment.isoweekday()),
    "U": lambda moment: f"{_week(moment, 6):02}",
    "w": lambda moment: str(moment.isoweekday() % 7),
    "W": lambda moment: f"{_week(moment, 0):02}",
    "y": lambda moment: f"{moment.year % 100:02}",
    "Y": lambda moment: f"{moment.year:04}",
    "z": lambda moment: _offset(moment, ""),
    "Z": lambda moment: moment.tzname() or _offset(moment, ""),
    "t": lambda _moment: "\t",
    "n": lambda _moment: "\n",
    "%": lambda _moment: "%",
}
"""What each code gives. `%z` is `+0200`."""

_LEADING = re.compile(r"^[0 ]+(?=[0-9])")
_PATTERN = re.compile(r"%([-_0^#:]*)([0-9]{0,2})([a-zA-Z%])")


def unknown_codes(pattern: str) -> list[str]:
    """Give the codes of a pattern that mean nothing."""
    return [match[0] for match in _PATTERN.finditer(pattern) if match[3] not in CODES]


def written(moment: datetime, pattern: str) -> str:
    """Write a moment by a pattern; an unknown code stays as it is.

    Flags stand before the letter: `-` no padding, `_` and `0` what to pad with, `^` capitals, `#` the other case, `:` a
    colon in `%z`; a number after them is the width.
    """
    return _PATTERN.sub(lambda match: _code(moment, match), pattern)


def _code(moment: datetime, match: re.Match[str]) -> str:
    flags, width, letter = match.groups()
    if letter not in CODES:
        return match[0]
    text = _offset(moment, ":") if letter == "z" and ":" in flags else CODES[letter](moment)
    if letter == "N":
        return text.ljust(int(width or 9), "0")[: int(width or 9)]
    return _cased(_padded(text, flags, int(width or 0)), flags)


def _padded(text: str, flags: str, width: int) -> str:
    bare = _LEADING.sub("", text)
    if "-" in flags:
        return bare
    if "_" in flags or "0" in flags:
        return bare.rjust(width or len(text), " " if "_" in flags else "0")
    return text.rjust(width, "0" if text[:1].isdigit() else " ")


def _cased(text: str, flags: str) -> str:
    if "#" in flags:
        return text.lower() if text.isupper() else text.upper()
    return text.upper() if "^" in flags else text


def ordinal(day: int) -> str:
    """Give the English ending of a day of the month."""
    return "th" if 11 <= day % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _week(moment: datetime, first: int) -> int:
    day = moment.timetuple().tm_yday
    return (day + 6 - (moment.weekday() - first) % 7) // 7


def _offset(moment: datetime, separator: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}{separator}{minutes % 60:02}"
