"""Texts of every format that a field may declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from destination_actions.testing._generate.picks import Picks


def word(picks: Picks, low: int = 3, high: int = 8) -> str:
    """Some small letters."""
    return "".join(chr(ord("a") + picks.integer(0, 25)) for _ in range(picks.length(low, high)))


def _date(picks: Picks) -> str:
    day, month, year = picks.integer(1, 28), picks.integer(1, 12), picks.integer(1970, 2099)
    return f"{year}-{month:02}-{day:02}"


def _time(picks: Picks) -> str:
    second, minute, hour = picks.integer(0, 59), picks.integer(0, 59), picks.integer(0, 23)
    return f"{hour:02}:{minute:02}:{second:02}{('Z', '+02:00', '.5Z')[picks.branch(3)]}"


def _date_time(picks: Picks) -> str:
    return f"{_date(picks)}T{_time(picks)}"


def _digits(picks: Picks, count: int) -> str:
    return "".join(str(picks.integer(0, 9)) for _ in range(count))


def _e164(picks: Picks) -> str:
    return f"+1555{_digits(picks, 7)[::-1]}"


def _uuid(picks: Picks) -> str:
    digits = "".join(f"{picks.integer(0, 15):x}" for _ in range(32))[::-1]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _ipv4(picks: Picks) -> str:
    return ".".join(str(picks.integer(0, 255)) for _ in range(4))


def _uri(picks: Picks) -> str:
    return f"https://{word(picks)}.example.com/{('', 'a', 'a%20b?c=d')[picks.branch(3)]}"


FORMATS: Final[dict[str, Callable[[Picks], str]]] = {
    "date": _date,
    "date-like": lambda picks: (_date_time, _date, lambda one: _digits(one, 9))[picks.branch(3)](picks),
    "date-time": _date_time,
    "duration": lambda picks: f"PT{picks.integer(1, 59)}M",
    "e164": _e164,
    "email": lambda picks: f"{word(picks)}@example.com",
    "hostname": lambda picks: f"{word(picks)}.example.com",
    "ipv4": _ipv4,
    "ipv6": lambda picks: f"2001:db8::{picks.integer(1, 65535):x}",
    "json-pointer": lambda picks: f"/{word(picks)}/{picks.integer(0, 9)}",
    "regex": lambda picks: f"^{word(picks)}+$",
    "time": _time,
    "uri": _uri,
    "uri-reference": lambda picks: f"/{word(picks)}",
    "uri-template": lambda picks: f"/{word(picks)}/{{id}}",
    "uuid": _uuid,
}
"""Makers by format; `password` and `text`, which check nothing, are like no format at all."""
