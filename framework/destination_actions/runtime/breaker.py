"""A circuit breaker: when most of what a lane tries fails, or its credentials are refused, it stops trying.

::

    closed ── half of at least 20 requests in 30 s failed ──> open ── a probe succeeded ──> closed
           ── the credentials were refused ────────────────>      ── one probe an interval, whatever became of the last

A state machine on times that it is told; it knows no clock and no store.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """Opens when `share` of at least `requests` requests within `window` seconds failed. While it is open, one probe is
    let through every `interval` seconds, or every `refused` seconds when the credentials were refused."""

    share: float = 0.5
    requests: int = 20
    window: float = 30.0
    interval: float = 5.0
    refused: float = 30.0


class Breaker:
    """The breaker of one lane. `why` says why it is open: `failures`, `authentication`, or None when it is closed."""

    def __init__(self, rule: BreakerRule) -> None:
        self.why: str | None = None
        self._rule = rule
        self._seen: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._next = 0.0

    @property
    def interval(self) -> float:
        """Seconds between probes."""
        return self._rule.refused if self.why == "authentication" else self._rule.interval

    def wait(self, now: float) -> float:
        """Seconds until something may be tried."""
        return max(0.0, self._next - now) if self.why else 0.0

    def try_one(self, now: float) -> bool:
        """Note that something is tried now. True when it is a probe, whose outcome decides."""
        if self.why is None:
            return False
        self._next = now + self.interval
        return True

    def succeeded(self, now: float, *, probe: bool) -> bool:
        """Note a success; True when the breaker closes by it."""
        if self.why is None:
            self._count(now, failed=False)
        elif probe:
            self.why = None
            return True
        return False

    def failed(self, now: float) -> bool:
        """Note a failure; True when the breaker opens by it."""
        if self.why is not None:
            return False
        self._count(now, failed=True)
        if len(self._seen) >= self._rule.requests and self._failed >= self._rule.share * len(self._seen):
            return self._open("failures", now)
        return False

    def refused(self, now: float) -> bool:
        """Note that the credentials were refused; True when the breaker opens by it."""
        return self.why is None and self._open("authentication", now)

    def _open(self, why: str, now: float) -> bool:
        self.why = why
        self._seen.clear()
        self._failed = 0
        self._next = now + self.interval
        return True

    def _count(self, now: float, *, failed: bool) -> None:
        self._seen.append((now, failed))
        self._failed += failed
        while self._seen[0][0] <= now - self._rule.window:
            self._failed -= self._seen.popleft()[1]
