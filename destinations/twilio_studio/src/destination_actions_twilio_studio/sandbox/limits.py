"""A limit of so many in any one second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class PerSecond:
    """Lets `limit` pass in any window of one second; None lets everything pass. What is refused does not count."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._passed: deque[float] = deque()

    def passes(self) -> bool:
        """Take one place in the present second, if there is one."""
        if self._limit is None:
            return True
        now = self._clock()
        while self._passed and self._passed[0] <= now - 1.0:
            self._passed.popleft()
        if len(self._passed) >= self._limit:
            return False
        self._passed.append(now)
        return True
