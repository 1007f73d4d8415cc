"""Log lines that anybody can cause, kept to a few a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_EVERY: Final = 1.0


class Sparing:
    """Says of each occurrence whether it is to be logged: the first at once, then one a second with their number."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[str, tuple[float, int]] = {}

    def due(self, kind: str) -> int:
        """Count one; gives how many there were since the last line when a line is due, else 0."""
        now = self._now()
        last, count = self._seen.get(kind, (now - _EVERY, 0))
        due = now >= last + _EVERY
        self._seen[kind] = (now, 0) if due else (last, count + 1)
        return count + 1 if due else 0
