"""Events through a queue: admitted, leased, delivered, and retried until there is an outcome or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from random import random as uniform

from destination_actions.events import Event
from destination_actions.outcomes import Failed, Outcome
from destination_actions.protocols import Delivery, Lease
from destination_actions.runtime.claiming import Equipment
from destination_actions.runtime.deliver import deliver
from destination_actions.runtime.keys import delivery_key, message_id_of
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.runtime.prepare import Prepared, build, prepare
from destination_actions.runtime.retry import delay_of
from destination_actions.runtime.stream import Source, cancelled, each

IDLE_POLL = 1.0
"""Seconds between looks at a queue that other processes may fill."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome on its way into the records: of which delivery, and after how many seconds since it was accepted.

    `lease` is None for an event that became no delivery (filtered, invalid) and for one that was sent without a queue;
    `event` is then the event. `ends` names the state in which a delivery ends whose last outcome is `Failed`: expired
    (its time is over) or dead (set aside for another reason).
    """

    outcome: Outcome
    lease: Lease | None = None
    seconds: float = 0.0
    event: Event | None = None
    ends: str = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Takes deliveries from the queue and sees them to an outcome."""

    plan: Plan
    equipment: Equipment
    retry_for: float
    concurrency: int
    record: Callable[[Settled], Awaitable[None]]
    random: Callable[[], float] = uniform

    async def run(self, events: Source[Event]) -> AsyncGenerator[Outcome, None]:
        """Give every outcome of `events`, and of what the queue held before. Ends when both are done."""
        results: asyncio.Queue[Outcome | None] = asyncio.Queue(self.concurrency)
        flight = _Flight(self, events, results)
        main = asyncio.ensure_future(flight.fly())
        try:
            while (outcome := await results.get()) is not None:
                yield outcome
            await main
        finally:
            main.cancel()
            with suppress(asyncio.CancelledError):
                await main

    def admitted(
        self, event: Event, destinations: Collection[str] | None = None
    ) -> tuple[list[Delivery], list[Outcome]]:
        """Split what an event asks for into deliveries and outcomes that are certain already.

        `destinations` are the configured names that the event may reach; None means all.
        """
        message_id = message_id_of(event)
        event = event if event.get("messageId") == message_id else {**event, "messageId": message_id}
        deliveries: list[Delivery] = []
        outcomes: list[Outcome] = []
        for subscription in self.plan.subscriptions:
            if destinations is not None and subscription.lane.name not in destinations:
                continue
            prepared = prepare(subscription, event, message_id)
            if isinstance(prepared, Prepared):
                deliveries.append(self._delivery(subscription, event, message_id))
            else:
                outcomes.append(prepared)
        return deliveries, outcomes

    def _delivery(self, subscription: Subscription, event: Event, message_id: str) -> Delivery:
        return Delivery(
            key=delivery_key(message_id, subscription.lane.name, subscription.id),
            destination=subscription.lane.name,
            subscription=subscription.id,
            event=event,
            accepted=self.equipment.clock.now(),
        )

    async def handle(self, lease: Lease) -> Outcome | None:
        """Deliver once. None when the delivery goes back for later."""
        subscription = self._subscription(lease.delivery)
        if subscription is None:
            await self.equipment.stores.queue.dead(lease, "its subscription is no longer configured")
            return None
        outcome = await self._attempt(lease, subscription)
        queue, now = self.equipment.stores.queue, self.equipment.clock.now
        # Recorded first, acknowledged then: a crash in between records it again, and the first record stands.
        if not isinstance(outcome, Failed):
            await self.record(Settled(outcome, lease, now() - lease.delivery.accepted))
            await queue.ack(lease)
            return outcome
        delay = delay_of(outcome, lease.attempts, self.random)
        if now() + delay > lease.delivery.accepted + self.retry_for:
            await self.record(Settled(outcome, lease, now() - lease.delivery.accepted))
            await queue.dead(lease, outcome.message)
            return outcome
        await queue.retry(lease, delay=delay, counts=outcome.counts)
        return None

    async def _attempt(self, lease: Lease, subscription: Subscription) -> Outcome:
        event = lease.delivery.event
        message_id = message_id_of(event)
        # Matched when it was admitted: a changed expression does not take back what was accepted.
        prepared = build(subscription, event, message_id)
        if not isinstance(prepared, Prepared):
            return prepared
        return await deliver(self.equipment, prepared, wait=0, generation=lease.delivery.generation)

    def _subscription(self, delivery: Delivery) -> Subscription | None:
        for subscription in self.plan.subscriptions:
            if (subscription.lane.name, subscription.id) == (delivery.destination, delivery.subscription):
                return subscription
        return None


class _Flight:
    """One run: an intake that waits for room, and a dispatcher that keeps up to `concurrency` deliveries going."""

    def __init__(self, worker: Worker, events: Source[Event], results: asyncio.Queue[Outcome | None]) -> None:
        self._worker = worker
        self._events = events
        self._results = results
        self._queue = worker.equipment.stores.queue
        self._clock = worker.equipment.clock
        self._room = asyncio.Semaphore(worker.concurrency * 2)
        self._held: set[str] = set()
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    async def fly(self) -> None:
        """Run until the source is at its end and the queue is empty; then say so, unless the consumer has left."""
        try:
            await self._flown()
        except asyncio.CancelledError:
            raise
        except BaseException:
            await self._results.put(None)
            raise
        await self._results.put(None)

    async def _flown(self) -> None:
        intake = asyncio.ensure_future(self._intake())
        try:
            await self._dispatch(intake)
            await intake
        finally:
            await cancelled((intake, *self._under_way))

    async def _intake(self) -> None:
        try:
            async for event in each(self._events):
                deliveries, outcomes = self._worker.admitted(event)
                for delivery in deliveries:
                    await self._room.acquire()
                    self._held.add(delivery.key)
                    if not await self._queue.enqueue([delivery]):
                        self._free(delivery.key)
                self._wake.set()
                for outcome in outcomes:
                    await self._worker.record(Settled(outcome, event=event))
                    await self._results.put(outcome)
        finally:
            self._wake.set()

    async def _dispatch(self, intake: asyncio.Future[None]) -> None:
        while True:
            self._wake.clear()
            free = self._worker.concurrency - len(self._under_way)
            lease = self._worker.equipment.perform_limit * 2
            leases = await self._queue.take(free, lease=lease) if free > 0 else ()
            for taken in leases:
                self._start(taken)
            if leases or self._wake.is_set():
                continue
            due = await self._queue.next_due()
            if due is None and not self._under_way and intake.done():
                return
            await self._waited(IDLE_POLL if due is None else min(due, IDLE_POLL))

    async def _waited(self, seconds: float) -> None:
        """Wait until something happens here, or the time is over by the runtime's clock."""
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        wake = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({timer, wake}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled((timer, wake))

    def _start(self, lease: Lease) -> None:
        task = asyncio.ensure_future(self._handled(lease))
        self._under_way.add(task)
        task.add_done_callback(self._landed)

    async def _handled(self, lease: Lease) -> None:
        outcome = await self._worker.handle(lease)
        if outcome is not None:
            self._free(lease.delivery.key)
            await self._results.put(outcome)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    def _free(self, key: str) -> None:
        if key in self._held:
            self._held.discard(key)
            self._room.release()
