"""What a NATS store shows to people, and forgets at their wish."""

from __future__ import annotations

from collections.abc import Sequence

from destination_actions.protocols import LaneRate, Waiting
from destination_actions.stores.nats.codec import unpacked
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.message import Copy
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.queue import NatsQueue
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import name_of
from destination_actions.stores.people import ids_of


class NatsDesk:
    """A `Desk` over a NATS store."""

    def __init__(self, link: Link, names: Names, clock: StoreClock, queue: NatsQueue) -> None:
        self._link = link
        self._names = names
        self._clock = clock
        self._queue = queue

    async def waiting(self) -> Sequence[Waiting]:
        """As `Desk` says. `tried` counts those that are parked for another try; `oldest` is the first in the stream."""
        return await self._link.run(self._waiting())

    async def lanes(self) -> Sequence[LaneRate]:
        """As `Desk` says."""
        return await self._link.run(self._lanes())

    async def forget(self, user: str) -> int:
        """As `Desk` says; the server overwrites what is removed. Reads everything that waits or is dead, one by one."""
        return await self._link.run(self._forget(user))

    async def forget_dead(self, keys: Sequence[str]) -> int:
        """As `Desk` says."""
        return await self._queue.forget_dead(keys)

    async def _waiting(self) -> list[Waiting]:
        counts: dict[tuple[str, str], list[int]] = {}
        for subject, count in (await self._subjects(self._names.queue, f"{self._names.name}.>")).items():
            tokens = subject.split(".")
            found = counts.setdefault((tokens[-2], tokens[-1]), [0, 0])
            found[0] += count
            found[1] += count if tokens[1] == "later" else 0
        waiting: list[Waiting] = []
        for (destination, subscription), (count, parked) in sorted(counts.items()):
            oldest = await self._oldest(destination, subscription)
            if oldest is not None:
                waiting.append(Waiting(name_of(destination), name_of(subscription), count, parked, oldest))
        return waiting

    async def _oldest(self, destination: str, subscription: str) -> float | None:
        """When the first delivery of a subscription was accepted; None when there is none any more."""
        found: list[float] = []
        for subject in (self._names.work("*"), self._names.later("*", "*")):
            at = f"{subject}.{destination}.{subscription}"
            stored = await self._link.wire.message(self._names.queue, seq=1, next_by_subj=at)
            if stored is not None:
                found.append(Copy.read(stored.headers).accepted)
        return min(found, default=None)

    async def _subjects(self, stream: str, filtered: str) -> dict[str, int]:
        subjects: dict[str, int] = {}
        total = 1
        while len(subjects) < total:
            body = {"subjects_filter": filtered, "offset": len(subjects)}
            info = await self._link.wire.api(f"STREAM.INFO.{stream}", body)
            page: dict[str, int] = info["state"].get("subjects") or {}
            subjects |= page
            total = info.get("total", 0) if page else 0
        return subjects

    async def _lanes(self) -> list[LaneRate]:
        now = self._clock.now()
        rates: list[LaneRate] = []
        for subject in await self._subjects(self._names.shared, self._names.share("lane", ">")):
            stored = await self._link.wire.message(self._names.shared, last_by_subj=subject)
            if stored is not None:
                lane = unpacked(stored.data)
                rates.append(LaneRate(lane["lane"], max(0.0, lane["free"] - now), max(0.0, lane["paused"] - now)))
        return sorted(rates, key=lambda rate: rate.lane)

    async def _forget(self, user: str) -> int:
        gone = 0
        for stream in (self._names.queue, self._names.dead):
            at = 1
            while (stored := await self._link.wire.message(stream, seq=at, next_by_subj=">")) is not None:
                at = stored.seq + 1
                document = unpacked(stored.data)
                event = document["delivery"]["event"] if "delivery" in document else document["event"]
                if user in ids_of(event):
                    await self._link.wire.api(f"STREAM.MSG.DELETE.{stream}", {"seq": stored.seq})
                    gone += 1
        return gone
