"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from threading import Lock
from uuid import uuid4


class ManualClock:
    """A `Clock` for tests: `advance` moves time, `jump` sets the wall clock alone, `reboot` restarts the machine.

    With `auto=True` a sleep moves the clock itself and returns at once, so that code which waits runs through. Without
    it, a sleeper wakes when `advance` has moved the clock far enough.
    """

    def __init__(self, now: float = 1_700_000_000.0, *, monotonic: float = 1_000.0, auto: bool = False) -> None:
        self._now = now
        self._monotonic = monotonic
        self._auto = auto
        self._lock = Lock()
        self._turns = count()
        self._sleepers: list[tuple[float, int, asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.boot = uuid4().hex
        """Names the boot that `monotonic` counts in."""

    def now(self) -> float:
        """The wall clock, as the test set it."""
        return self._now

    def monotonic(self) -> float:
        """The seconds since boot, as the test moved them."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has moved by `seconds`."""
        if self._auto:
            self.advance(max(0.0, seconds))
        if self._auto or seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        sleeper = (self._monotonic + seconds, next(self._turns), asyncio.get_running_loop(), woken)
        with self._lock:
            heapq.heappush(self._sleepers, sleeper)
        await woken.wait()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks and wake who has slept long enough. May be called from any thread."""
        if seconds < 0:
            raise ValueError(f"time passes forwards, not by {seconds!r} seconds; use jump to set the wall clock")
        with self._lock:
            self._now += seconds
            self._monotonic += seconds
            while self._sleepers and self._sleepers[0][0] <= self._monotonic:
                _, _, loop, woken = heapq.heappop(self._sleepers)
                if not loop.is_closed():
                    loop.call_soon_threadsafe(woken.set)

    def jump(self, seconds: float) -> None:
        """Set the wall clock forwards or backwards, as an administrator or NTP does; no time passes."""
        with self._lock:
            self._now += seconds

    def reboot(self, *, downtime: float = 60.0) -> None:
        """Restart the machine: the wall clock moves by `downtime`, the monotonic clock begins again."""
        with self._lock:
            self._now += downtime
            self._monotonic = 1.0
            self.boot = uuid4().hex

    @property
    def sleeping(self) -> int:
        """How many sleepers wait for `advance`."""
        return len(self._sleepers)
