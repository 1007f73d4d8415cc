"""How full the queue is: nothing more is taken in while so many deliveries wait that disk or time is short."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from destination_actions.protocols import Clock, Sized, Stores
from destination_actions.runtime.strict import Refused

LOOK: Final = 1.0
"""Seconds for which a count is believed; what was taken in meanwhile is added to it."""


class Fullness:
    """The bound of a queue: `most` deliveries, with 0 none."""

    def __init__(self, stores: Stores, clock: Clock, most: int) -> None:
        self._stores = stores
        self._clock = clock
        self._most = most
        self._looking = asyncio.Lock()
        self._looked = -math.inf
        self._count = 0

    async def room(self, events: int) -> None:
        """Note events that are about to be kept; raises `Refused` when the queue is full, `StoreError` as stores do."""
        if not self._most:
            return
        async with self._looking:
            now = self._clock.monotonic()
            if now >= self._looked + LOOK or self._count >= self._most:
                self._count, self._looked = await self._waiting(), now
        if self._count >= self._most:
            raise Refused("queue_full", f"{self._count:,} deliveries wait and the queue is full; send the events again")
        self._count += events

    async def _waiting(self) -> int:
        queue, desk = self._stores.queue, self._stores.desk
        if isinstance(queue, Sized):
            return await queue.size()
        return sum(one.count for one in await desk.waiting()) if desk is not None else 0
