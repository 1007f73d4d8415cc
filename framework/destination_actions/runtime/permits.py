"""A block of a lane's rate, leased from the store."""

from __future__ import annotations


class Permits:
    """A block of permits, one every `1 / rate` seconds from `start`; one that was not used in time stays usable."""

    def __init__(self, count: int = 0, start: float = 0.0, rate: float = 1.0) -> None:
        self._count = count
        self._start = start
        self._rate = rate
        self._used = 0

    @property
    def spent(self) -> bool:
        """Whether all are used."""
        return self._used >= self._count

    def usable(self, now: float) -> int:
        """How many may be used now."""
        if now < self._start:
            return 0
        return max(0, min(self._count, int((now - self._start) * self._rate + 1e-6) + 1) - self._used)

    def wait(self, now: float) -> float:
        """Seconds until the next one may be used."""
        return max(0.0, self._start + self._used / self._rate - now)

    def use(self) -> None:
        """Use one."""
        self._used += 1

    def give_back(self) -> None:
        """Take one as not used: no request was made of it."""
        self._used = max(0, self._used - 1)
