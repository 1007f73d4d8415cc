"""Moments in the form that APIs and events write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

_FRACTION: Final = re.compile(r"\.([0-9]+)")
_PLAIN: Final = re.compile(
    r"[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{9}Z"
)
"""Only moments: what may be none, such as a day after the 28th, is not of this form."""


def nanoseconds(text: Any) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 text with any number of decimals; without an offset it is UTC.

    None for whatever else.
    """
    if not isinstance(text, str):
        return None
    whole, decimals = _parts(text)
    try:
        moment = datetime.fromisoformat(whole)
        seconds = int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
    return seconds * 10**9 + int(decimals[:9].ljust(9, "0"))


def in_order_of_time(texts: Sequence[Any]) -> Sequence[Any]:
    """Keys for moments, in their order; what is no moment comes first.

    Moments in the form of the Profile API are in the order of their texts, which is seen in a fifth of the time.
    """
    return texts if all(map(_is_plain, texts)) else [nanoseconds(text) or 0 for text in texts]


def _is_plain(text: Any) -> bool:
    return isinstance(text, str) and _PLAIN.fullmatch(text) is not None


def _parts(text: str) -> tuple[str, str]:
    """A moment without the decimals of its seconds, and these."""
    before, point, behind = text.partition(".")
    if not point:
        return text, "0"
    decimals = behind.removesuffix("Z")
    if decimals.isdigit() and decimals.isascii():  # how APIs write it; no pattern is needed
        return before + behind[len(decimals) :], decimals
    fraction = _FRACTION.search(text)
    return (_FRACTION.sub("", text, count=1), fraction[1]) if fraction else (text, "0")


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
