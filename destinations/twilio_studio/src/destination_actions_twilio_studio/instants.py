"""Moments in the form that APIs and events write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

_FRACTION: Final = re.compile(r"\.([0-9]+)")


def nanoseconds(text: Any) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 text with any number of decimals; without an offset it is UTC.

    None for whatever else.
    """
    if not isinstance(text, str):
        return None
    fraction = _FRACTION.search(text)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text, count=1))
        whole = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
    decimals = fraction[1][:9].ljust(9, "0") if fraction else "0"
    return whole * 10**9 + int(decimals)


def age_of(event: Any, now: float) -> float | None:
    """Seconds since the event was received, or else happened; None when it does not say."""
    for name in ("receivedAt", "timestamp", "sentAt"):
        moment = nanoseconds(event.get(name))
        if moment is not None:
            return now - moment / 1e9
    return None


def iso_seconds(seconds: float) -> str:
    """A time as Twilio's filters take it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
