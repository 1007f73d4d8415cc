"""What stores in memory show to people, and forget at their wish."""

from __future__ import annotations

from collections.abc import Sequence

from destination_actions.protocols import Clock, LaneRate, Waiting
from destination_actions.stores.people import ids_of
from destination_actions.stores.queue_memory import MemoryQueue
from destination_actions.stores.shared_memory import MemoryRates


class MemoryDesk:
    """A `Desk` over stores in memory."""

    def __init__(self, clock: Clock, queue: MemoryQueue, rates: MemoryRates) -> None:
        self._clock = clock
        self._queue = queue
        self._rates = rates

    async def waiting(self) -> Sequence[Waiting]:
        """As `Desk` says."""
        found: dict[tuple[str, str], Waiting] = {}
        for delivery, attempts in self._queue.present():
            name = (delivery.destination, delivery.subscription)
            one = found.get(name, Waiting(*name, 0, 0, delivery.accepted))
            oldest = min(one.oldest, delivery.accepted)
            found[name] = Waiting(*name, one.count + 1, one.tried + (attempts > 0), oldest)
        return [found[name] for name in sorted(found)]

    async def lanes(self) -> Sequence[LaneRate]:
        """As `Desk` says."""
        now = self._clock.monotonic()
        return [
            LaneRate(name, max(0.0, lane.free - now), max(0.0, lane.paused - now))
            for name, lane in self._rates.known().items()
        ]

    async def forget(self, user: str) -> int:
        """As `Desk` says."""
        return self._queue.forget(lambda delivery: user in ids_of(delivery.event))

    async def forget_dead(self, keys: Sequence[str]) -> int:
        """As `Desk` says."""
        return await self._queue.forget_dead(keys)
