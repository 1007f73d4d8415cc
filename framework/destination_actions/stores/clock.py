"""Time: the system's clock, and the store's own time that neither a set clock nor a restart can shorten.

A store compares times that several processes wrote, some of them before a reboot. It therefore counts in **store
time**: seconds since 1970 that run with the monotonic clock from an anchor. Setting the wall clock moves neither a
lease nor a window. After a reboot, when the monotonic clock starts anew, the anchor becomes the later of the wall clock
and the last time that the store has seen. Store time never runs backwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from destination_actions.protocols import Clock
from destination_actions.values import light, maker

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class SystemClock:
    """The clock of this machine. `monotonic` counts sleep of the machine too where the system can (Linux, macOS)."""

    # The functions of the system themselves: an event is timed a dozen times, and a method takes twice as long.
    now: Callable[[], float] = staticmethod(time.time)
    """Wall-clock seconds since 1970, UTC."""

    monotonic: Callable[[], float] = staticmethod(
        time.monotonic if _CLOCK is None else partial(time.clock_gettime, _CLOCK)
    )
    """Seconds since boot."""

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(seconds)

    @property
    def boot(self) -> str | None:
        """Names the boot that `monotonic` counts in, or None where the system does not tell."""
        return _system_boot()


@cache
def _system_boot() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None


def boot_of(clock: Clock) -> str:
    """Name the boot of a clock: its attribute `boot`, or a new name where it has none.

    A clock without a boot is taken to have restarted at each opening, which is safe: store time then goes on from the
    later of its wall clock and the last time seen.
    """
    return getattr(clock, "boot", None) or f"unknown-{uuid4().hex}"


@light
@dataclass(frozen=True, slots=True)
class Instant:
    """One moment: `now` in store time, for every comparison; `wall` for people and for other systems."""

    now: float
    wall: float

    def on_the_wall(self, moment: float) -> float:
        """Translate a moment of store time into wall-clock seconds, to the millisecond."""
        return round(moment + (self.wall - self.now), 3)


_instant = maker(Instant)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties store time to one boot's monotonic clock: store time is `base + monotonic`, never before `seen`."""

    boot: str
    base: float
    seen: float

    def instant(self, clock: Clock) -> Instant:
        """Give the present moment."""
        now, seen = self.base + clock.monotonic(), self.seen
        return _instant(max(seen, now), clock.now())


def anchored(clock: Clock, boot: str, seen: float = 0.0) -> Anchor:
    """Anchor store time anew: at the wall clock, or at the last time seen when the wall clock is behind it."""
    start = max(clock.now(), seen)
    return Anchor(boot, start - clock.monotonic(), seen)
