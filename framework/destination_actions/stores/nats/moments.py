"""Store time of a cluster: the server's clock, carried on by each machine's monotonic clock.

Machines' wall clocks differ, and are set. What they write into one bucket has to be comparable, so each of them asks
the server what time it is when it opens the store, and again now and then; in between its monotonic clock counts. How
far a machine's wall clock is off therefore moves no window; it is measured all the same, and told when it is much.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any, Final

from destination_actions.errors import StoreError
from destination_actions.protocols import Clock
from destination_actions.stores.clock import Instant
from destination_actions.stores.nats.wire import Wire

log = logging.getLogger("destination_actions")

MUCH: Final = 1.0
"""Seconds of difference between a machine's wall clock and the server's that are worth a warning."""

_TIME: Final = re.compile(r"(?P<whole>[0-9-]{10}T[0-9:]{8})(?:\.(?P<part>[0-9]+))?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})")
_ALLOWED: Final = 0.5
"""Seconds that the question and its answer may take for the answer to be worth something."""


class StoreClock:
    """Store time on one machine. `offset` is how far its wall clock was ahead of the server's."""

    def __init__(self, clock: Clock, server: float) -> None:
        self.clock = clock
        self.offset = clock.now() - server
        self._base = server - clock.monotonic()
        self._seen = 0.0

    def now(self) -> float:
        """Seconds since 1970, as the server counts them; never running backwards."""
        self._seen = max(self._seen, self._base + self.clock.monotonic())
        return self._seen

    def instant(self) -> Instant:
        """The present moment, in store time and as the wall clock has it."""
        return Instant(self.now(), self.clock.now())

    def adjust(self, server: float) -> None:
        """Follow the server's clock again; the monotonic clocks of two machines drift apart by seconds a day."""
        self.offset = self.clock.now() - server
        self._base = server - self.clock.monotonic()


async def server_time(wire: Wire, stream: str, clock: Clock) -> float:
    """What time the server has: the middle of a question and its answer, the quickest of a few."""
    best: tuple[float, float] | None = None
    for _ in range(3):
        asked = clock.monotonic()
        told = seconds_of(await wire.api(f"STREAM.INFO.{stream}"))
        took = clock.monotonic() - asked
        if best is None or took < best[0]:
            best = (took, told + took / 2)
        if took < _ALLOWED / 10:
            break
    assert best is not None  # noqa: S101 - three rounds were made
    return best[1]


def seconds_of(info: dict[str, Any]) -> float:
    """The time of an answer, in seconds since 1970."""
    found = _TIME.fullmatch(info["ts"])
    if found is None:
        raise StoreError(f'the server says that it is "{info["ts"]}", which is no time')
    start = datetime.fromisoformat(found["whole"] + found["zone"].replace("Z", "+00:00")).timestamp()
    return start + float(f"0.{found['part'] or 0}")


def warn_of_offset(offset: float, shown: str) -> None:
    """Tell a person that this machine's clock is off."""
    if abs(offset) > MUCH:
        way = "ahead of" if offset > 0 else "behind"
        log.warning(
            "this machine's clock is %.1f s %s that of %s: windows and delays follow the server's, but the times in "
            "records and logs are this machine's; let NTP set it",
            abs(offset),
            way,
            shown,
        )
