"""The stream of the dead, and which keys it holds.

A key that died stays known, as in a file: the same event, sent again later than the queue's stream remembers it, is not
tried again. Every process has the keys in memory: its own at once, those of others within `LOOK` seconds.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from destination_actions.errors import StoreError
from destination_actions.protocols import Delivery
from destination_actions.stores.dead import DeadDelivery
from destination_actions.stores.nats.codec import packed, unpacked
from destination_actions.stores.nats.hands import Held
from destination_actions.stores.nats.message import ID
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.nats.wire import Wire

log = logging.getLogger("destination_actions")

LOOK: Final = 5.0
"""Seconds between looks at what other processes have buried."""

SHARE: Final = 20.0
"""A look that took long is repeated after so many times as long, so that a large stream costs little."""


class Buried:
    """The dead of one store. `real` is a monotonic clock in real seconds."""

    def __init__(self, wire: Wire, names: Names, real: Callable[[], float]) -> None:
        self._wire = wire
        self._names = names
        self._real = real
        self._keys: set[str] = set()
        self._state: tuple[int, ...] = ()
        self._look_at = -math.inf
        self._looking: asyncio.Task[None] | None = None

    def __contains__(self, key: str) -> bool:
        """Whether a delivery's key is known to be dead."""
        return token(key) in self._keys

    async def bury(self, held: Held, reason: str, at: float) -> None:
        """Store a delivery among the dead; one that is there already stays as it is."""
        record = {"attempts": held.attempts, "reason": reason, "at": at}
        body = packed({**record, "delivery": unpacked(held.message.data)})
        key = token(held.delivery.key)
        if key not in self._keys:
            await self._wire.publish(self._names.buried(key), body, {ID: f"{key}~dead"})
            self._keys.add(key)

    async def known(self) -> None:
        """Have the keys known. Waits for the first look alone; later ones go on beside the work."""
        if self._looking is not None and not self._looking.done():
            return
        if self._look_at == -math.inf:
            await self._look()
        elif self._real() >= self._look_at:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def list(self, limit: int) -> Sequence[DeadDelivery]:
        """Give up to `limit` dead deliveries, in the order in which they died."""
        found: list[DeadDelivery] = []
        at = 1
        while len(found) < limit:
            stored = await self._wire.message(self._names.dead, seq=at, next_by_subj=self._names.buried(">"))
            if stored is None:
                break
            one = unpacked(stored.data)
            found.append(DeadDelivery(Delivery(**one["delivery"]), one["attempts"], one["reason"], one["at"]))
            at = stored.seq + 1
        return found

    async def forget(self, keys: Sequence[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""
        gone = 0
        for key in map(token, keys):
            answer = await self._wire.api(f"STREAM.PURGE.{self._names.dead}", {"filter": self._names.buried(key)})
            gone += answer.get("purged", 0)
            self._keys.discard(key)
        return gone

    async def _look(self) -> None:
        """Read the keys when something has changed. A stream that does not answer leaves what is known as it is."""
        began = self._real()
        try:
            state = (await self._wire.api(f"STREAM.INFO.{self._names.dead}"))["state"]
            signature = (state["messages"], state["first_seq"], state["last_seq"])
            if signature != self._state:
                self._keys, self._state = await self._read(), signature
        except StoreError as error:
            log.warning("it is not known which deliveries are dead: %s", error)
        now = self._real()
        self._look_at = now + max(LOOK, (now - began) * SHARE)

    async def _read(self) -> set[str]:
        subjects: set[str] = set()
        total = 1
        while len(subjects) < total:
            body: dict[str, Any] = {"subjects_filter": self._names.buried(">"), "offset": len(subjects)}
            info = await self._wire.api(f"STREAM.INFO.{self._names.dead}", body)
            page = info["state"].get("subjects") or {}
            subjects.update(page)
            total = info.get("total", 0) if page else 0
        start = len(self._names.buried(""))
        return {subject[start:] for subject in subjects}
