"""Replays: deliveries that ended without success are tried again, as a new generation.

A replay has a key of its own, made with the next generation, and goes through the same steps as every delivery: the
cooldown holds, rates hold, it is retried and recorded. What earlier generations may have executed is read back first.
The deliveries wait in a queue of this process; if it dies, those that have no end yet are still listed as they were,
and the next replay goes on under the same keys.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from destination_actions.outcomes import Outcome
from destination_actions.protocols import FAILED_STATES, Delivery, LedgerEntry, LedgerQuery
from destination_actions.runtime import flight
from destination_actions.runtime.keys import delivery_key
from destination_actions.runtime.ledger import Recorder
from destination_actions.runtime.pins import differences
from destination_actions.runtime.plan import Subscription
from destination_actions.runtime.stations import queue_lane
from destination_actions.runtime.worker import Worker
from destination_actions.stores import MemoryQueue

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A failed delivery: what has changed since it was tried, and why it cannot be replayed, if that is so."""

    entry: LedgerEntry
    changes: Sequence[str] = ()
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Replays:
    """Finds failed deliveries, says what a replay would be, and carries it out."""

    worker: Worker
    recorder: Recorder
    _pins: dict[str, list[str]] = field(default_factory=dict)

    async def failed(self, query: LedgerQuery) -> list[LedgerEntry]:
        """Every failed delivery that `query` asks for and nobody has replayed since, the oldest first."""
        ledger = self.worker.equipment.stores.ledger
        query = replace(query, states=query.states or FAILED_STATES, open_only=True, limit=_PAGE)
        found: list[LedgerEntry] = []
        while page := await ledger.entries(query):
            found += page
            query = replace(query, before=page[-1].number)
        return found[::-1]

    async def examined(
        self, entries: Sequence[LedgerEntry], *, original: bool, may_repeat: bool = False
    ) -> list[Candidate]:
        """Say of each what has changed, and what stands in its way.

        With `original`, whatever has changed does: the configuration in force must be the one of then. `may_repeat`
        allows what may have been executed already although nobody can find out.
        """
        return [await self._examined(entry, original, may_repeat) for entry in entries]

    async def _examined(self, entry: LedgerEntry, original: bool, may_repeat: bool) -> Candidate:
        subscription = self.worker.plan.subscription(entry.destination, entry.subscription)
        if subscription is None:
            idle = (entry.destination, entry.subscription) in self.worker.plan.idle
            return Candidate(entry, (), f"its subscription is {'switched off' if idle else 'not configured any more'}")
        if entry.event is None:
            return Candidate(entry, (), "its event is not kept any more")
        changes = await self._changes(entry, subscription)
        if original and changes:
            return Candidate(entry, changes, _not_the_original(changes))
        if not (may_repeat or _can_read_back(subscription)) and await self._ambiguous(entry):
            message = "it may have been executed, and nothing can find out; allow it with --may-repeat"
            return Candidate(entry, changes, message)
        return Candidate(entry, changes)

    async def _ambiguous(self, entry: LedgerEntry) -> bool:
        """Whether it may have been executed: its last try was not answered, or a worker died with it in hand."""
        if entry.state in {"unknown", "rejected", "invalid"}:
            return entry.state == "unknown"
        attempts = await self.worker.equipment.stores.ledger.attempts(entry.key)
        return bool(entry.details.get("losses")) or (bool(attempts) and attempts[-1].reason == "unconfirmed")

    async def _changes(self, entry: LedgerEntry, subscription: Subscription) -> list[str]:
        now = self.recorder.pin_of(subscription)
        if entry.pin == now.digest:
            return []
        if entry.pin not in self._pins:
            before = await self.worker.equipment.stores.ledger.pinned(entry.pin)
            unknown = ["it is not known any more what it was tried with"]
            self._pins[entry.pin] = unknown if before is None else differences(before, now.document)
        return self._pins[entry.pin]

    async def run(self, candidates: Sequence[Candidate], *, rate: float) -> AsyncGenerator[Outcome, None]:
        """Replay what nothing stands in the way of, at most `rate` a second; gives the last outcome of each."""
        equipment = self.worker.equipment
        queue = MemoryQueue(equipment.clock)
        stores = replace(equipment.stores, queue=queue)
        worker = replace(self.worker, equipment=replace(equipment, stores=stores))
        wanted = [candidate.entry for candidate in candidates if candidate.obstacle is None]
        for number, entry in enumerate(wanted):
            delay = number / rate
            await queue.enqueue([self._next(entry, delay)], delay=delay)
        async with aclosing(flight.run(lambda: worker, ())) as outcomes:
            async for outcome in outcomes:
                yield outcome
        desk = stores.desk
        if desk is not None and wanted:
            await desk.forget_dead([entry.key for entry in wanted])

    def _next(self, entry: LedgerEntry, delay: float) -> Delivery:
        subscription = self.worker.plan.subscription(entry.destination, entry.subscription)
        assert subscription is not None  # noqa: S101 - examined
        generation = entry.generation + 1
        return Delivery(
            key=delivery_key(entry.message_id, entry.destination, entry.subscription, generation),
            destination=entry.destination,
            subscription=entry.subscription,
            event={**(entry.event or {}), "messageId": entry.message_id},
            accepted=self.worker.equipment.clock.now() + delay,
            generation=generation,
            lane=queue_lane(self.worker.equipment, subscription),
        )


def _can_read_back(subscription: Subscription) -> bool:
    return subscription.action.reconcile is not None and subscription.lane.on_unknown == "reconcile"


def _not_the_original(changes: Sequence[str]) -> str:
    plugin = next((change for change in changes if change.startswith("plugin ")), None)
    if plugin is not None:
        return f"its {plugin}: install the version of then, or replay with --current"
    return f"the configuration is not the original ({'; '.join(changes)}): give the one of then, or use --current"
