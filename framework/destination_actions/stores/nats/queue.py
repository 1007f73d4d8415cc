"""A queue in a JetStream work queue, shared by workers on any number of machines.

A lane is a subject with a pull consumer. The server keeps a delivery until it is acknowledged, counts how often it
delivered it, and delivers it again when it has heard nothing of it for `ACK_WAIT`; what is in hand here is reported
every few seconds, for as long as its lease lasts.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from nats.aio.msg import Msg

from destination_actions.errors import StoreError
from destination_actions.protocols import NO_BOUNDS, Delivery, Lease
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.clock import SystemClock
from destination_actions.stores.dead import DeadDelivery
from destination_actions.stores.nats.answers import Answers
from destination_actions.stores.nats.buried import Buried
from destination_actions.stores.nats.codec import packed
from destination_actions.stores.nats.consumers import ACK_WAIT, Consumers, LaneState
from destination_actions.stores.nats.hands import Hands, Held
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.message import Copy, body_of, delivery_of
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.parked import Parked, Survey
from destination_actions.stores.nats.pull import NoConsumer, Puller
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.nats.tries import Tries

GIVEN_BACK: Final = 10.0
"""Delays in seconds up to which a delivery is given back to its consumer; longer ones are parked."""

ELSEWHERE: Final = 1.0
"""Seconds until another look when all that is left is in the hands of other processes."""

SOON: Final = 2.0
"""Seconds for which a consumer is asked again for what is certain to be stored."""

MOMENT: Final = 0.25
"""Seconds for which a worker without room believes what it has seen."""

_MANY_LANES: Final = 16
_AT_ONCE: Final = 256


class NatsQueue:
    """A `Queue` in NATS. `given_back` is the longest delay that is left to the server's own clock."""

    def __init__(
        self,
        link: Link,
        names: Names,
        clock: StoreClock,
        *,
        ack_wait: float = ACK_WAIT,
        given_back: float = GIVEN_BACK,
        tokens: Callable[[], str] = new_token,
    ) -> None:
        self._link = link
        self._names = names
        self._clock = clock
        self._given_back = given_back
        self._tokens = tokens
        self._real = SystemClock().monotonic
        self._hands = Hands()
        self._consumers = Consumers(link.wire, names, ack_wait)
        self._puller = Puller(link.wire, self._stray)
        self._parked = Parked(link.wire, names, clock, self._puller, self._note_stored)
        self._tries = Tries(link.wire, names)
        self._buried = Buried(link.wire, names, self._real)
        self._look: tuple[Survey, Mapping[str, LaneState]] | None = None
        self._look_until = 0.0
        self._stored: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._answers = Answers(link)
        self._tasks: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None
        link.before_closing(self._ended)

    # --- as `Queue` says ---------------------------------------------------------------------------------------------

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """As `Queue` says. A key is known for two minutes, and while it is dead; the journal of claims knows what was
        done."""
        return await self._link.run(self._enqueue(deliveries, delay)) if deliveries else 0

    async def take(self, limit: int, *, lease: float, room: Mapping[str, int] = NO_BOUNDS) -> Sequence[Lease]:
        """As `Queue` says. Of a lane without room, nothing is fetched."""
        return await self._undone(self._link.submit(self._take(limit, lease, room)))

    async def overdue(self, lane: str, limit: int, *, before: float, lease: float) -> Sequence[Lease]:
        """As `Queue` says."""
        return await self._undone(self._link.submit(self._overdue(lane, limit, before, lease)))

    async def ack(self, lease: Lease) -> bool:
        """As `Queue` says. Should the acknowledgement be lost, the delivery comes again and is found to be done."""
        held = self._hands.let_go(lease.delivery.key, lease.token)
        if held is None or not self._ours(held):
            return False
        self._answer(held, b"+ACK")
        return True

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """As `Queue` says."""
        held = self._hands.let_go(lease.delivery.key, lease.token)
        if held is None or not self._ours(held):
            return False
        held.attempts -= 0 if counts else 1
        await self._link.run(self._retry(held, delay))
        return True

    async def dead(self, lease: Lease, reason: str) -> bool:
        """As `Queue` says. It is stored among the dead first, and only then taken from the queue."""
        held = self._hands.let_go(lease.delivery.key, lease.token)
        if held is None or not self._ours(held):
            return False
        await self._link.run(self._bury(held, reason))
        return True

    async def next_due(self, besides: Collection[str] = ()) -> float | None:
        """As `Queue` says; while something is in the hands of others, after a second at most."""
        return await self._link.run(self._next_due(besides))

    async def list_dead(self, limit: int = 100) -> Sequence[DeadDelivery]:
        """Give up to `limit` dead deliveries, in the order in which they died."""
        return await self._link.run(self._buried.list(limit))

    async def forget_dead(self, keys: Iterable[str]) -> int:
        """Remove dead deliveries. Gives how many there were."""
        return await self._link.run(self._buried.forget(list(keys)))

    async def aclose(self) -> None:
        """Leave the connection open: it belongs to whoever opened it."""

    # --- into the queue ----------------------------------------------------------------------------------------------

    async def _enqueue(self, deliveries: Sequence[Delivery], delay: float) -> int:
        now = self._clock.now()
        await self._buried.known()
        deliveries = [delivery for delivery in deliveries if delivery.key not in self._buried]
        for lane in {delivery.lane for delivery in deliveries}:
            await self._consumers.ensure(lane)
        new = 0
        for at in range(0, len(deliveries), _AT_ONCE):
            some = deliveries[at : at + _AT_ONCE]
            copies = [Copy(now + delay, float(delivery.accepted)) for delivery in some]
            new += sum(await asyncio.gather(*map(self._store, some, copies, map(body_of, some))))
        return new

    async def _store(self, delivery: Delivery, copy: Copy, body: bytes) -> bool:
        """Store a copy where its due time puts it. False when it was there already."""
        tokens = [token(name) for name in (delivery.lane, delivery.destination, delivery.subscription)]
        waits = copy.due > self._clock.now()
        subject = self._parked.subject(copy.due, tokens) if waits else self._names.work(*tokens)
        receipt = await self._link.wire.publish(subject, body, copy.headers(token(delivery.key)))
        self._look = None
        if waits:
            self._parked.note(copy.due, tokens[0])
        else:
            self._note_stored(tokens[0], receipt.seq)
        return not receipt.duplicate

    def _note_stored(self, lane: str, seq: int) -> None:
        self._stored[lane] = max(self._stored.get(lane, 0), seq)

    # --- out of the queue --------------------------------------------------------------------------------------------

    async def _undone(self, taking: Future[Sequence[Lease]]) -> Sequence[Lease]:
        """Wait for deliveries; when nobody waits any more, they lie ready for the next taker, and do not count."""
        try:
            return await asyncio.shield(asyncio.wrap_future(taking))
        except asyncio.CancelledError:
            taking.add_done_callback(self._put_back)
            raise

    def _put_back(self, taken: Future[Sequence[Lease]]) -> None:
        leases = () if taken.cancelled() or taken.exception() else taken.result()
        for lease in leases:
            held = self._hands.let_go(lease.delivery.key, lease.token)
            if held is not None:
                held.attempts -= 1
                self._hands.ready(held)

    async def _take(self, limit: int, lease: float, room: Mapping[str, int]) -> Sequence[Lease]:
        async with self._taking:
            self._begin_beating()
            await self._buried.known()
            await self._parked.work()
            lanes = await self._lanes(room, limit)
            chosen = await self._gathered(lanes, limit)
            return await self._leased(chosen, lease)

    async def _lanes(self, room: Mapping[str, int], limit: int) -> dict[str, int]:
        """The lanes that may hold something, with how many deliveries each may give."""
        for lane in room:
            await self._consumers.ensure(lane)
        known = set(self._consumers.known) | self._hands.lanes()
        if not room or len(known) > _MANY_LANES:
            states = await self._consumers.states()
            gone = set(self._consumers.known) - set(states)  # the stream was made anew since
            for lane in gone:
                self._consumers.forget(lane)
            busy = {lane for lane, state in states.items() if state.pending or state.in_hand}
            known = busy | gone | self._hands.lanes()
        shares = {lane: min(limit, room.get(lane, limit)) for lane in known}
        return {lane: share for lane, share in shares.items() if share > 0}

    async def _gathered(self, lanes: Mapping[str, int], limit: int) -> list[Held]:
        """The deliveries due longest, fetched by turns: a lane is asked again while it may have an older one.

        So what is fetched and not handed out stays little, however many lanes there are.
        """
        part, full = math.ceil(limit / max(1, len(lanes))), set(lanes)
        while True:
            found = self._hands.candidates(lanes, self._clock.clock.monotonic())
            found = {lane: some[: lanes[lane]] for lane, some in found.items()}
            merged = sorted((held for some in found.values() for held in some), key=lambda held: held.order)
            chosen = merged[:limit]
            wants = {
                lane: min(part, lanes[lane] - len(found[lane]))
                for lane in full
                if len(chosen) < limit or not found[lane] or found[lane][-1].order < chosen[-1].order
            }
            wants = {lane: want for lane, want in wants.items() if want > 0}
            if not wants:
                return chosen
            came = await asyncio.gather(*(self._fetched(lane, want) for lane, want in wants.items()))
            full -= {lane for (lane, want), number in zip(wants.items(), came, strict=True) if number < want}

    async def _fetched(self, lane: str, most: int) -> int:
        """Fetch messages of a lane and lay them ready; gives how many came.

        A consumer learns of a message a moment after its sender has: what this process has stored itself is looked for
        until somebody has got it.
        """
        came = await self._fetched_once(lane, most)
        deadline = self._real() + SOON
        while came < most and await self._unseen(lane) and self._real() < deadline:
            await asyncio.sleep(0.002)
            came += await self._fetched_once(lane, most - came)
        return came

    async def _unseen(self, lane: str) -> bool:
        """Whether the lane's consumer has not come to what this process stored last."""
        name = token(lane)
        if self._stored.get(name, 0) <= self._seen.get(name, 0):
            return False
        info = await self._link.wire.api(f"CONSUMER.INFO.{self._names.queue}.{name}")
        self._seen[name] = max(self._seen.get(name, 0), info["delivered"]["stream_seq"])
        return self._stored[name] > self._seen[name]

    async def _fetched_once(self, lane: str, most: int) -> int:
        consumer = await self._consumers.ensure(lane)
        try:
            messages = await self._puller.fetch(self._names.queue, consumer, most)
        except NoConsumer:
            self._consumers.forget(lane)
            await self._consumers.ensure(lane)  # raises when the stream is gone
            return 0
        for message in messages:
            self._seen[consumer] = max(self._seen.get(consumer, 0), message.metadata.sequence.stream)
            await self._lay_ready(message)
        return len(messages)

    def _stray(self, message: Msg) -> None:
        task = self._link.loop.create_task(self._lay_ready(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lay_ready(self, message: Msg) -> None:
        copy, delivery = Copy.read(message.headers or {}), delivery_of(message.data)
        if delivery.key in self._buried:  # sent again while it was still tried, or left behind by a crash
            self._answers.add(message.reply, b"+TERM")
            return
        delivered = message.metadata.num_delivered
        attempts, losses = copy.attempts, copy.losses
        if delivered > 1:
            attempts, losses = await self._tries.before(token(delivery.key), copy, delivered)
        self._hands.ready(Held(message, delivery, copy, delivered, attempts, losses, self._real()))

    async def _leased(self, chosen: Sequence[Held], lease: float) -> Sequence[Lease]:
        given = self._tokens()
        leases: list[Lease] = []
        for held in chosen:
            lost = bool(held.token)
            if not self._hands.withdraw(held):
                continue
            held.attempts += 1
            if lost and not await self._lost_here(held):
                continue
            expires = self._clock.clock.monotonic() + lease
            self._hands.give(held, given, expires)
            leases.append(Lease(held.delivery, held.attempts, given, expires, held.losses))
        return leases

    async def _lost_here(self, held: Held) -> bool:
        """Count a delivery that nobody answered for; False when that cannot be written down now: it waits then."""
        held.losses += 1
        try:
            await self._tries.lost(token(held.delivery.key), held)
        except StoreError:
            held.attempts, held.losses = held.attempts - 1, held.losses - 1
            self._hands.ready(held)
            return False
        self._beat(held)
        return True

    async def _overdue(self, lane: str, limit: int, before: float, lease: float) -> Sequence[Lease]:
        async with self._taking:
            self._begin_beating()
            await self._parked.forward(token(lane), before)
            while True:
                now = self._clock.clock.monotonic()
                lying = self._hands.candidates([lane], now)[lane]
                late = [held for held in lying if held.delivery.accepted < before]
                # The first that is young ends the search: what came after it is mostly younger still.
                if len(late) >= limit or len(late) < len(lying) or not await self._fetched(lane, limit - len(late)):
                    return await self._leased(late[:limit], lease)

    # --- back to the queue -------------------------------------------------------------------------------------------

    async def _retry(self, held: Held, delay: float) -> None:
        if 0 < delay <= self._given_back:
            await self._tries.gave(token(held.delivery.key), held)
            self._answer(held, b"-NAK " + packed({"delay": int(delay * 1e9)}))
            return
        await self._again(held, self._clock.now() + delay)

    async def _again(self, held: Held, due: float) -> None:
        """Store the next copy, then acknowledge this one."""
        copy = replace(held.copy, due=due, attempts=held.attempts, losses=held.losses, hop=held.copy.hop + 1)
        await self._store(held.delivery, copy, held.message.data)
        self._answer(held, b"+ACK")

    async def _bury(self, held: Held, reason: str) -> None:
        await self._buried.bury(held, reason, self._clock.clock.now())
        self._answer(held, b"+TERM")

    def _ours(self, held: Held) -> bool:
        """Whether the server still takes this process for the holder: it has heard of it in time."""
        return self._real() < held.beat + self._consumers.ack_wait

    def _answer(self, held: Held, answer: bytes) -> None:
        self._answers.add(held.message.reply, answer)

    # --- while it is in hand -----------------------------------------------------------------------------------------

    def _begin_beating(self) -> None:
        if self._beating is None:
            self._beating = self._link.loop.create_task(self._beats())

    async def _beats(self) -> None:
        """Tell the server again and again what is being worked on here."""
        while True:
            await asyncio.sleep(self._consumers.ack_wait / 3)
            for held in self._hands.all(self._clock.clock.monotonic()):
                if self._link.connected and self._ours(held):
                    self._beat(held)

    def _beat(self, held: Held) -> None:
        held.beat = self._real()
        self._answer(held, b"+WPI")

    async def _ended(self) -> None:
        """Give back what was fetched and handed to nobody."""
        if self._beating is not None:
            self._beating.cancel()
        async with self._taking:  # what is being taken is either in a hand or lies here afterwards
            await asyncio.sleep(0)
        for held in self._hands.lying():
            if self._hands.withdraw(held) and self._ours(held):
                await self._again(held, held.copy.due)
        await self._answers.done()

    # --- what is there -----------------------------------------------------------------------------------------------

    async def _next_due(self, besides: Collection[str]) -> float | None:
        survey, states = await self._looked(besides)
        now, left_out = self._clock.now(), {token(lane) for lane in besides}
        waits = [max(0.0, self._parked.due(slot) - now) for slot in survey.slots if slot[1] not in left_out]
        waits += self._hands.due(besides, self._clock.clock.monotonic())
        here = self._hands.counts()
        for lane, state in states.items():
            if lane in besides:
                continue
            if state.pending:
                return 0.0
            if state.in_hand > here.get(lane, 0):
                waits.append(ELSEWHERE)
        return min(waits) if waits else None

    async def _looked(self, besides: Collection[str]) -> tuple[Survey, Mapping[str, LaneState]]:
        """What is parked and what waits. A busy worker asks after every delivery, mostly about nothing but what it has
        no room for: what was seen a moment ago is good enough for that, unless something was stored here since."""
        fresh = self._look is not None and self._real() < self._look_until
        if besides and self._look is not None and fresh and all(lane in besides for lane in self._look[1]):
            return self._look
        survey, states = await asyncio.gather(self._parked.survey(), self._consumers.states())
        self._look, self._look_until = (survey, states), self._real() + MOMENT
        return self._look
