"""Reading moments from text by `%` codes: in English, on every machine, in time that grows with the text alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from ._strftime import DAYS, MONTHS


def _names(names: tuple[str, ...]) -> str:
    return "|".join(names)


_SHORT_MONTHS = tuple(month[:3] for month in MONTHS)
READ_CODES: Final[Mapping[str, str]] = {
    "a": _names(tuple(day[:3] for day in DAYS)),
    "A": _names(DAYS),
    "b": _names(_SHORT_MONTHS),
    "B": _names(MONTHS),
    "d": "[0-9]{1,2}",
    "f": "[0-9]{1,6}",
    "H": "[0-9]{1,2}",
    "I": "[0-9]{1,2}",
    "j": "[0-9]{1,3}",
    "m": "[0-9]{1,2}",
    "M": "[0-9]{1,2}",
    "p": "AM|PM",
    "S": "[0-9]{1,2}",
    "y": "[0-9]{2}",
    "Y": "[0-9]{4}",
    "z": "Z|[+-][0-9]{2}:?[0-9]{2}",
}
"""What can stand in a text for each code."""

_CODE = re.compile(r"%(.?)", re.DOTALL)


def form_problem(form: str) -> str | None:
    """Give what is wrong with a form for reading, or None."""
    codes = [code for code in _CODE.findall(form) if code != "%"]
    for code in codes:
        if code not in READ_CODES:
            return f"there is no code %{code} for reading dates"
        if codes.count(code) > 1:
            return f"the code %{code} stands in it twice"
    return None


def reader(form: str) -> Callable[[str], datetime]:
    """Give a function that reads texts of a form without problems; the moment has a zone if `%z` is in the form.

    The function raises ValueError for any other text. Small and capital letters are the same.
    """
    parts = re.split(r"(%.)", form, flags=re.DOTALL)
    pattern = re.compile("".join(map(_pattern, parts)), re.IGNORECASE)

    def read(text: str) -> datetime:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError(f"not of the form {form}")
        return _moment({code: found for code, found in match.groupdict().items() if found is not None})

    return read


def _pattern(part: str) -> str:
    if part == "%%":
        return "%"
    return f"(?P<{part[1]}>{READ_CODES[part[1]]})" if part.startswith("%") else re.escape(part)


def _moment(found: Mapping[str, str]) -> datetime:
    moment = datetime(_year(found), _month(found), int(found.get("d", "1")), tzinfo=_zone(found.get("z")))
    if "j" in found:
        moment = moment.replace(month=1, day=1) + timedelta(days=int(found["j"]) - 1)
    micro = int(found.get("f", "0").ljust(6, "0"))
    return moment.replace(
        hour=_hour(found), minute=int(found.get("M", "0")), second=int(found.get("S", "0")), microsecond=micro
    )


def _year(found: Mapping[str, str]) -> int:
    if "Y" in found:
        return int(found["Y"])
    short = int(found.get("y", "00"))
    return short + (1900 if short >= 69 else 2000) if "y" in found else 1900


def _month(found: Mapping[str, str]) -> int:
    name = found.get("B", found.get("b"))
    return _SHORT_MONTHS.index(name[:3].capitalize()) + 1 if name else int(found.get("m", "1"))


def _hour(found: Mapping[str, str]) -> int:
    if "I" not in found:
        return int(found.get("H", "0"))
    hour = int(found["I"])
    if not 1 <= hour <= 12:
        raise ValueError("an hour of twelve is from 1 to 12")
    return hour % 12 + (12 if found.get("p", "").upper() == "PM" else 0)


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in ("Z", "z"):
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
