"""Deliveries that are not due for long: parked in the stream, where they are nobody's and hold nothing up.

A delayed message that a consumer has given back counts against what may be in hand, and enough of them stop the lane.
So a longer delay is a copy under another subject, by the second in which it is due; whoever sees that a second is over
puts its copies back to work. Only one process at a time can: a work queue allows one consumer for a subject.

A copy is stored before its original is acknowledged, in both directions. A crash in between leaves two of them; the
original comes again after its lease, and whatever becomes of it leads to the same next copy, which the stream knows.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from nats.aio.msg import Msg

from destination_actions.errors import StoreError
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.nats.message import COUNTS, ID, Copy
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.pull import NoConsumer, Puller
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.wire import NOT_UNIQUE, Refusal, Wire

LOOK: Final = 1.0
"""Seconds between looks at what other processes have parked."""

AGAIN: Final = 0.05
"""Seconds until another look after somebody else was at it."""

_SECONDS_AT_ONCE: Final = 50
_PAGE: Final = 500
_MOST: Final = 5_000
_INACTIVE: Final = 5_000_000_000

Slot = tuple[int, str]
"""The second in which copies are due, rounded up, and the lane's token."""


@dataclass(frozen=True, slots=True)
class Survey:
    """How many messages the queue's stream holds in all, and where copies are parked."""

    messages: int
    slots: dict[Slot, int]


class Parked:
    """The parked copies of one store. `stored` is told of what goes back to work: its lane and its sequence."""

    def __init__(
        self, wire: Wire, names: Names, clock: StoreClock, puller: Puller, stored: Callable[[str, int], None]
    ) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._puller = puller
        self._stored = stored
        self._dues: dict[Slot, list[float]] = {}  # of what this process has parked, to the millisecond
        self._seen: dict[Slot, int] = {}
        self._look_at = -math.inf
        self._not_before = 0.0

    def subject(self, due: float, tokens: Iterable[str]) -> str:
        """Where a copy is parked. `tokens` are those of lane, destination and subscription."""
        return self._names.later(str(math.ceil(due)), *tokens)

    def note(self, due: float, lane: str) -> None:
        """Remember a copy that this process has parked."""
        heapq.heappush(self._dues.setdefault((math.ceil(due), lane), []), due)

    async def survey(self) -> Survey:
        """Ask the stream what it holds."""
        filters = {"subjects_filter": self._names.later(">")}
        slots: dict[Slot, int] = {}
        offset, total, messages = 0, 1, 0
        while offset < total:
            info = await self._wire.api(f"STREAM.INFO.{self._names.queue}", {**filters, "offset": offset})
            messages = info["state"]["messages"]
            subjects: dict[str, int] = info["state"].get("subjects") or {}
            for subject, count in subjects.items():
                second, lane = subject.split(".")[2:4]
                slots[int(second), lane] = slots.get((int(second), lane), 0) + count
            total = info.get("total", 0)
            offset += len(subjects) or total or 1
        self._seen, self._look_at = slots, self._clock.clock.monotonic() + LOOK
        self._dues = {slot: dues for slot, dues in self._dues.items() if slot in slots}
        return Survey(messages, slots)

    def due(self, slot: Slot) -> float:
        """When the first copy of a slot is due, as far as this process knows."""
        dues = self._dues.get(slot)
        return dues[0] if dues else float(slot[0])

    async def work(self) -> None:
        """Put back to work what is due."""
        if self._clock.clock.monotonic() >= self._look_at:
            await self.survey()
        now = self._clock.now()
        slots = {*self._dues, *self._seen}
        seconds = sorted({slot[0] for slot in slots if self.due(slot) <= now})[:_SECONDS_AT_ONCE]
        if not seconds or asyncio.get_running_loop().time() < self._not_before:
            return
        filters = [self._names.later(str(second), ">") for second in seconds]
        if not await self._moved(filters, lambda copy: copy.due <= now):
            self._not_before = asyncio.get_running_loop().time() + AGAIN
            return
        for slot in [slot for slot in self._dues if slot[0] in seconds]:
            self._dues[slot] = [due for due in self._dues[slot] if due > now]
            heapq.heapify(self._dues[slot])
            if not self._dues[slot]:
                del self._dues[slot]
        self._seen = {slot: count for slot, count in self._seen.items() if slot[0] not in seconds or slot[0] > now}

    async def forward(self, lane: str, before: float) -> None:
        """Put back to work what of a lane was accepted before a time, due or not. `lane` is its token."""
        for _ in range(20):
            if await self._moved([self._names.later("*", lane, ">")], lambda copy: copy.accepted < before):
                await self.survey()
                return
            await asyncio.sleep(AGAIN)

    async def _moved(self, filters: list[str], wanted: Callable[[Copy], bool]) -> bool:
        """Put back to work what is wanted of these subjects; False when another process is at them."""
        stream, name = self._names.queue, f"mover-{new_token()}"
        config = {
            "name": name,
            "filter_subjects": filters,
            "ack_policy": "explicit",
            "max_ack_pending": -1,
            "mem_storage": True,
            "inactive_threshold": _INACTIVE,
        }
        try:
            await self._wire.api(f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": config})
        except Refusal as error:
            if error.code in NOT_UNIQUE:
                return False
            raise
        try:
            moved = 0
            while moved < _MOST and (page := await self._puller.fetch(stream, name, _PAGE)):
                moved += len(page)
                await asyncio.gather(*(self._back(message) for message in page if wanted(_copy(message))))
            await self._wire.client.flush()
        except NoConsumer:
            return False
        finally:
            await self._removed(name)
        return True

    async def _back(self, message: Msg) -> None:
        """Store the copy that may be taken, then acknowledge the one that was parked."""
        copy = _copy(message)
        moved = replace(copy, hop=copy.hop + 1)
        tokens = message.subject.split(".")[3:]
        key = (message.headers or {})[ID].removesuffix(f"~{copy.hop}")
        receipt = await self._wire.publish(self._names.work(*tokens), message.data, moved.headers(key))
        self._stored(tokens[0], receipt.seq)
        await self._wire.client.publish(message.reply, b"+ACK")

    async def _removed(self, name: str) -> None:
        try:
            await self._wire.api(f"CONSUMER.DELETE.{self._names.queue}.{name}")
        except StoreError:
            return  # it goes by itself after a few seconds


def _copy(message: Msg) -> Copy:
    return Copy.read(message.headers or {COUNTS: "0 0 0 0 0"})
