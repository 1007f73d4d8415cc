"""Keeps deliveries going: takes from the queue what the gates have room for, and sees each call to its end."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from destination_actions.errors import StoreError
from destination_actions.outcomes import Failed, Outcome
from destination_actions.protocols import Lease
from destination_actions.runtime.deliver import deliver, deliver_batch
from destination_actions.runtime.gate import Gate
from destination_actions.runtime.gather import Batch, Gather, group_of
from destination_actions.runtime.idle import Idle
from destination_actions.runtime.keys import message_id_of
from destination_actions.runtime.plan import Subscription
from destination_actions.runtime.prepare import Prepared, build
from destination_actions.runtime.stations import Station, Stations
from destination_actions.runtime.stream import cancelled
from destination_actions.runtime.suspects import Suspects
from destination_actions.runtime.worker import Worker, ended

log = logging.getLogger("destination_actions")

IDLE_POLL = 1.0
"""Seconds between looks at a queue that other processes may fill."""

BLOCK = 256
"""Deliveries that are taken from the queue at a time."""

Told: TypeAlias = Callable[[Lease, Outcome], Awaitable[None]]
_Attempt: TypeAlias = Callable[[], Awaitable[Sequence[Outcome]]]


class Dispatcher:
    """One worker's deliveries under way. `told` hears every last outcome."""

    def __init__(self, worker: Worker, told: Told) -> None:
        equipment = worker.equipment
        self._worker = worker
        self._told = told
        self._queue = equipment.stores.queue
        self._clock = equipment.clock
        self._stations = Stations(worker.plan, equipment, worker.concurrency)
        self._gather = Gather(self._send_batch)
        self._idle = Idle(worker.plan.idle, self._stations.by_lane)
        self._suspects = Suspects()
        self._swept: dict[str, float] = {}
        self._others: set[str] = set()
        self.wake = asyncio.Event()
        self.under_way: set[asyncio.Task[None]] = set()

    # --- the loop ----------------------------------------------------------------------------------------------------

    async def run(self, over: Callable[[], Awaitable[bool]]) -> None:
        """Deliver until it is `over`."""
        while not await over():
            self.wake.clear()
            if not await self._step():
                await self._rest()

    async def empty(self) -> bool:
        """Whether nothing is under way and nothing waits, but for subscriptions that are switched off."""
        if self.under_way or self._gather:
            return False
        return await self._queue.next_due(list(self._idle.lanes)) is None or await self._only_idle()

    async def _only_idle(self) -> bool:
        desk = self._worker.equipment.stores.desk
        if desk is None or not self._idle.seen:
            return False
        return all(self._idle.names(one.destination, one.subscription) for one in await desk.waiting())

    async def _step(self) -> bool:
        """Start what may start now. True when there may be more of it at once."""
        await asyncio.gather(*(gate.look() for gate in self._stations.gates))
        more = await self._take()
        self._gather.flush_due(self._clock.monotonic())
        await self._sweep()
        return more or self.wake.is_set()

    async def _take(self) -> bool:
        room = {lane: self._room(station) for lane, station in self._stations.by_lane.items()}
        if room and not any(room.values()):
            return False
        leases = await self._queue.take(BLOCK, lease=self._lease, room=room | dict.fromkeys(self._idle.lanes, 0))
        for lane, station in self._stations.by_lane.items():
            station.gate.offered(room[lane], sum(lease.delivery.lane == lane for lease in leases))
        for lease in leases:
            self._begin(lease)
        return bool(leases)

    def _room(self, station: Station) -> int:
        return station.room(self._gather.count(station.lane) if station.size > 1 and self._gather else 0)

    @property
    def _lease(self) -> float:
        return self._worker.equipment.perform_limit * 2

    async def _rest(self) -> None:
        """Wait until something happens here, or something is due, or a gate opens."""
        closed = self._stations.lanes(lambda station: self._room(station) == 0)
        waits = [
            IDLE_POLL,
            await self._queue.next_due([*closed, *self._idle.lanes]),
            *(gate.next_room() for gate in self._closed_gates()),
        ]
        gathered = self._gather.next_due()
        waits.append(None if gathered is None else gathered - self._clock.monotonic())
        seconds = max(0.0, min(wait for wait in waits if wait is not None))
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        wake = asyncio.ensure_future(self.wake.wait())
        try:
            await asyncio.wait({timer, wake}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled((timer, wake))

    def _closed_gates(self) -> Iterable[Gate]:
        return (gate for gate in self._stations.gates if gate.room() == 0)

    async def _sweep(self) -> None:
        """Set aside what its time ran out on while its lane was closed."""
        now = self._clock.monotonic()
        for lane, station in self._stations.by_lane.items():
            horizon = self._soonest(station)
            pause = min(max(horizon / 100, 1.0), 60.0)
            if station.gate.closed_for(now) <= 0 or now < self._swept.get(lane, -math.inf) + pause:
                continue
            self._swept[lane] = now
            before = self._clock.now() - horizon
            for lease in await self._queue.overdue(lane, BLOCK, before=before, lease=self._lease):
                why = station.gate.breaker.why or "a limit"
                message = f"its time was over while its lane waited ({why})"
                if self._worker.age(lease) > self._worker.horizon(lease, station.gate):
                    self._start(self._over(lease, ended(lease, "expired", message)))
                else:
                    self._others.add(lane)
                    self._start(self._worker.given_back(lease))

        for lane, horizon in self._idle.to_sweep(now).items():
            for lease in await self._queue.overdue(lane, BLOCK, before=self._clock.now() - horizon, lease=self._lease):
                self._start(self._over(lease, _switched_off(lease)))

    def _soonest(self, station: Station) -> float:
        """Seconds after which the first of a lane may be over; where others' deliveries wait, their rule counts."""
        rule, ours = station.gate.retry.horizon, self._worker.retry_for
        return rule if ours is None or station.lane in self._others else min(rule, ours)

    # --- one delivery, one batch -------------------------------------------------------------------------------------

    def _begin(self, lease: Lease) -> None:
        horizon = self._idle.horizon(lease.delivery)
        if horizon is not None:
            self._start(self._left(lease, horizon))
            return
        hopeless = self._worker.hopeless(lease)
        subscription = self._worker.plan.subscription(lease.delivery.destination, lease.delivery.subscription)
        if hopeless is not None or subscription is None:
            assert hopeless is not None  # noqa: S101 - that is what hopeless means
            self._start(self._bury(lease, hopeless, "dead"))
            return
        suspect = self._suspects.includes(lease)
        if suspect and not self._suspects.may_begin(lease, self._clock.monotonic()):
            self._start(self._worker.given_back(lease, delay=0.1))
            return
        # Matched when it was admitted: a changed expression does not take back what was accepted.
        prepared = build(subscription, lease.delivery.event, message_id_of(lease.delivery.event))
        if not isinstance(prepared, Prepared):
            self._suspects.survived([lease])
            self._start(self._finish(lease, prepared, self._stations.gate_of(subscription)))
            return
        group = None if suspect else group_of(prepared)
        if group is None:
            self._send(lease, prepared, subscription)
        else:
            self._gather.add(lease, prepared, group, self._clock.monotonic())

    def _send(self, lease: Lease, prepared: Prepared, subscription: Subscription) -> None:
        equipment, generation = self._worker.equipment, lease.delivery.generation

        async def attempt() -> Sequence[Outcome]:
            return [await deliver(equipment, prepared, wait=0, generation=generation)]

        self._call([lease], attempt, self._stations.gate_of(subscription))

    def _send_batch(self, batch: Batch) -> None:
        leases, prepared = [lease for lease, _ in batch.items], [item for _, item in batch.items]
        generations = [lease.delivery.generation for lease in leases]

        async def attempt() -> Sequence[Outcome]:
            return await deliver_batch(self._worker.equipment, prepared, wait=0, generations=generations)

        self._call(leases, attempt, self._stations.gate_of(prepared[0].subscription))

    def _call(self, leases: Sequence[Lease], attempt: _Attempt, gate: Gate) -> None:
        """Start a call; it is counted from this moment."""
        for lease in leases:
            if lease.attempts == 1:
                gate.budget.tried()
        ticket = gate.started()

        async def called() -> None:
            try:
                outcomes = await attempt()
            except BaseException:
                gate.abandoned()
                self._suspects.broken_off(leases)
                raise
            self._suspects.survived(leases)
            await gate.ended(ticket, outcomes)
            for lease, outcome in zip(leases, outcomes, strict=True):
                await self._finish(lease, outcome, gate)

        self._start(self._whole(called, leases))

    async def _whole(self, call: Callable[[], Awaitable[None]], leases: Sequence[Lease]) -> None:
        """A call that is broken off gives back what it had in hand, so that nobody takes it for lost."""
        try:
            await call()
        except asyncio.CancelledError:
            for lease in leases:
                await self._worker.given_back(lease)
            raise

    async def _finish(self, lease: Lease, outcome: Outcome, gate: Gate) -> None:
        last = await self._worker.settle(lease, outcome, gate)
        if last is not None:
            await self._told(lease, last)

    async def _left(self, lease: Lease, horizon: float) -> None:
        """Leave a delivery alone whose subscription is switched off; in the end its time is over."""
        age = self._worker.age(lease)
        if age > horizon:
            await self._over(lease, _switched_off(lease))
        else:
            await self._worker.given_back(lease, delay=self._idle.put_back(lease.delivery, horizon, age))

    async def _bury(self, lease: Lease, outcome: Failed, ends: str) -> None:
        await self._told(lease, await self._worker.buried(lease, outcome, ends))

    async def _over(self, lease: Lease, outcome: Failed) -> None:
        await self._told(lease, await self._worker.over(lease, outcome))

    # --- tasks -------------------------------------------------------------------------------------------------------

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._contained(work))
        self.under_way.add(task)
        task.add_done_callback(self._landed)

    async def _contained(self, work: Awaitable[None]) -> None:
        """What goes wrong with one delivery stops no other: its lease ends, and it comes again."""
        try:
            await work
        except StoreError as error:
            log.warning("the store failed; a delivery comes again when its lease is over: %s", error)
        except Exception:
            log.exception("a delivery failed in the framework's own code; it comes again when its lease is over")

    def _landed(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        self.wake.set()

    async def drained(self, seconds: float) -> None:
        """Let what is under way come to its end for so many seconds, then break it off and give it back."""
        self._gather.flush_due(math.inf)
        ends = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._landed_all())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(ends)
            await self.stopped()

    async def _landed_all(self) -> None:
        while self.under_way:
            await asyncio.wait(self.under_way)

    async def stopped(self) -> None:
        """Break off what is under way, and give back what waits for company."""
        await cancelled(self.under_way)
        for lease in self._gather.leases():
            await self._worker.given_back(lease)


def _switched_off(lease: Lease) -> Failed:
    return ended(lease, "disabled", "its time was over while its subscription was switched off")
