"""The date filters of Liquid; without a zone of their own, moments are in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ._liquid_values import text
from ._strftime import MONTHS, ordinal, written

DEFAULT_PATTERN = "%A, %B %-e, %Y at %-l:%M %P %z"
_ENGLISH = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})|([0-9]{1,2}) ([A-Za-z]{3,9})\.? ([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")


def moment(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """Read a moment: seconds since 1970, ISO 8601, an e-mail date, `May 1, 2024`, `2024/5/1`, or `now`; else None."""
    try:
        found = _moment(value)
    except (ValueError, OverflowError, TypeError, OSError):
        return None
    return None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(zone)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    if not isinstance(value, str) or len(value) > 100:
        return None
    if value in ("now", "today"):
        return datetime.now(UTC)
    if value.isascii() and value.isdigit():
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(value))
    return _written_moment(value)


def _written_moment(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return _english(value) or _slashed(value) or parsedate_to_datetime(value)


def _english(value: str) -> datetime | None:
    match = _ENGLISH.fullmatch(value)
    if match is None:
        return None
    name, day, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    months = [number for number, month in enumerate(MONTHS, 1) if month.lower().startswith(name.lower())]
    return datetime(int(year), months[0], int(day), tzinfo=UTC) if months else None


def _slashed(value: str) -> datetime | None:
    match = _SLASHED.fullmatch(value)
    return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC) if match else None


def _zone(value: Any) -> tzinfo:
    if isinstance(value, int | float):
        return timezone(timedelta(minutes=-value))
    return UTC if value is None else ZoneInfo(text(value))


def _date(value: Any, pattern: Any = None, zone: Any = None) -> Any:
    try:
        found = moment(value, _zone(zone))
    except (ValueError, LookupError, OSError):
        return value
    return value if found is None else written(found, DEFAULT_PATTERN if pattern is None else text(pattern))


def _fixed(pattern: str) -> Callable[..., Any]:
    return lambda value: _date(value, pattern)


def _named(month: str) -> Callable[..., Any]:
    def show(value: Any, kind: Any = None, style: Any = None) -> Any:
        found = moment(value)
        if found is None:
            return value
        if kind != "ordinal":
            return written(found, f"%d {month} %Y")
        day = f"{found.day}{ordinal(found.day)}"
        return written(found, f"{month} {day}, %Y" if style == "US" else f"{day} {month} %Y")

    return show


DATE_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _date,
    "date_to_long_string": _named("%B"),
    "date_to_rfc822": _fixed("%a, %d %b %Y %H:%M:%S %z"),
    "date_to_string": _named("%b"),
    "date_to_xmlschema": _fixed("%Y-%m-%dT%H:%M:%S%:z"),
}
"""The filters by name."""
