"""Room for deliveries that a run may have waiting: so many of a destination that is down hold nobody else up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from destination_actions.protocols import Clock, Delivery, Stores
from destination_actions.runtime.stream import cancelled

MOST = 10_000
"""Deliveries of one run that wait at most."""

LOOK = 1.0
"""Seconds between two looks at what other workers have taken off a queue that is full."""


class Backlog:
    """Deliveries that a run puts into a queue: at most `most` of them wait there, or one call's worth."""

    def __init__(self, stores: Stores, clock: Clock, most: int = MOST) -> None:
        self._queue = stores.queue
        self._desk = stores.desk
        self._clock = clock
        self._most: float = most
        self._entrance = asyncio.Lock()
        self._ended = asyncio.Event()
        self._keys: set[str] = set()

    async def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Wait until there is room, and keep deliveries."""
        keys = {delivery.key for delivery in deliveries}
        async with self._entrance:
            while self._keys and len(self._keys) + len(keys) > self._most:
                await self._changed()
            self._keys |= keys
        new = await self._queue.enqueue(deliveries) if deliveries else 0
        if not new:  # they waited there before, and nobody tells when dead ones end
            self._keys -= keys

    def ended(self, key: str) -> None:
        """Note that a delivery has ended."""
        if key in self._keys:
            self._keys.discard(key)
            self._ended.set()

    def lift(self) -> None:
        """Hold nothing back any more: what is in hand has to be kept before the end."""
        self._most = math.inf
        self._ended.set()

    async def _changed(self) -> None:
        """Wait until one ends here, or some have ended elsewhere: the queue holds fewer than this run has waiting."""
        self._ended.clear()
        waits = [asyncio.ensure_future(self._ended.wait()), asyncio.ensure_future(self._clock.sleep(LOOK))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(waits)
        if self._ended.is_set() or self._desk is None:
            return
        there = sum(one.count for one in await self._desk.waiting())
        for _ in range(len(self._keys) - there):
            self._keys.pop()
