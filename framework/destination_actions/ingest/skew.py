"""When something happened, by our clock: the caller's own clock is taken to have been wrong by one amount all along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from destination_actions.outcomes import iso

_LONGEST: Final = 64
_MILLISECONDS: Final = 1e11
"""Numbers above this are milliseconds since 1970 (seconds would lie beyond the year 5000)."""


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time as callers write it; without a zone it is UTC. None for what is no such time."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def from_epoch(value: Any) -> Any:
    """A number of seconds or milliseconds since 1970 as text; every other value is given back."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return iso(value / 1000 if abs(value) > _MILLISECONDS else value)
    except (ValueError, OverflowError, OSError):
        return value


def corrected(original: Any, sent: Any, received: float) -> str | None:
    """`received - (sent - original)` as RFC 3339 text in UTC; None when one of the two is no time, or the result none.

    `received` is wall-clock seconds; the others are what the caller's clock said.
    """
    happened, left = moment(original), moment(sent)
    if happened is None or left is None:
        return None
    try:
        then = datetime.fromtimestamp(received, UTC) - (left - happened)
    except OverflowError:
        return None
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamped(event: dict[str, Any], sent: Any, received: float) -> None:
    """Give an event `receivedAt`, and a `timestamp` by our clock; `originalTimestamp` keeps the caller's.

    `sent` is when the caller says that it sent the event; without it nothing is corrected.
    """
    event["receivedAt"] = iso(received)
    original = event.get("originalTimestamp") or event.get("timestamp")
    if original is None:
        event["timestamp"] = event["receivedAt"]
        return
    event["originalTimestamp"] = original
    event["timestamp"] = corrected(original, sent, received) or original
