"""What every queue has to do, as tests that anybody's queue can run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import uuid4

from destination_actions.protocols import Delivery, Lease, Queue
from destination_actions.testing._scenarios import expect, expect_near, made, scenario
from destination_actions.testing.clock import ManualClock


class QueueTrial:
    """One queue under test on a clock that the scenario moves."""

    def __init__(self, queue: Queue, clock: ManualClock) -> None:
        self.queue = queue
        self.clock = clock
        self._run = uuid4().hex

    def delivery(self, name: str, lane: str = "lane") -> Delivery:
        """Make a delivery whose event carries its name and what JSON allows."""
        event = {
            "messageId": name,
            "properties": {"n": 2**53, "text": "\u00e9\U0001f600", "none": None, "list": [1.5, True]},
        }
        return Delivery(f"{name}-{self._run}", "destination", "subscription", event, self.clock.now(), 3, lane)

    async def put(self, *names: str, delay: float = 0.0, lane: str = "lane") -> int:
        """Enqueue deliveries by name."""
        return await self.queue.enqueue([self.delivery(name, lane) for name in names], delay=delay)

    async def take(self, limit: int = 100, lease: float = 30.0, **room: int) -> list[Lease]:
        """Take what is due, of the lanes that are named no more than so many."""
        return list(await self.queue.take(limit, lease=lease, room=room))

    async def one(self, lease: float = 30.0) -> Lease:
        """Take exactly one delivery."""
        leases = await self.take(1, lease)
        expect(1, len(leases), "deliveries taken")
        return leases[0]


def names(leases: list[Lease]) -> list[str]:
    """Name the deliveries in hand."""
    return [lease.delivery.event["messageId"] for lease in leases]


class QueueSuite:
    """The conformance suite for queues::

        class TestMyQueue(QueueSuite):
            make = staticmethod(lambda clock: MyQueue(clock))

    `make(clock)` gives an empty `Queue`, or an awaitable of one, on the `ManualClock` it is handed.
    """

    make: ClassVar[Callable[..., Any]]

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[QueueTrial]:
        """Make a queue, and close it at the end."""
        clock = ManualClock()
        queue = await made(self.make(clock))
        try:
            yield QueueTrial(queue, clock)
        finally:
            await queue.aclose()

    @scenario
    async def test_what_goes_in_comes_out(self) -> None:
        """A delivery comes back equal, with its first attempt counted and a lease that ends when asked."""
        async with self.trial() as t:
            delivery = t.delivery("a")
            expect(1, await t.queue.enqueue([delivery]))
            lease = await t.one(lease=30.0)
            expect((delivery, 1), (lease.delivery, lease.attempts))
            expect_near(t.clock.monotonic() + 30.0, lease.expires, "expires")

    @scenario
    async def test_an_empty_queue_gives_nothing(self) -> None:
        """Nothing is taken from an empty queue, nothing is due, and enqueuing nothing is allowed."""
        async with self.trial() as t:
            expect(([], None, 0), (await t.take(), await t.queue.next_due(), await t.queue.enqueue([])))

    @scenario
    async def test_a_known_key_is_ignored(self) -> None:
        """Enqueuing is idempotent by key: while waiting, in hand, and within one call."""
        async with self.trial() as t:
            expect([2, 0], [await t.put("a", "a", "b"), await t.put("a", "b")])
            await t.take()
            expect(0, await t.put("a", "b"))
            t.clock.advance(30.0)
            expect(2, len(await t.take()))

    @scenario
    async def test_first_due_first_taken(self) -> None:
        """Deliveries come in the order in which they became due."""
        async with self.trial() as t:
            await t.put("late", delay=5.0)
            await t.put("a")
            t.clock.advance(1.0)
            await t.put("b")
            t.clock.advance(10.0)
            expect(["a", "b", "late"], names(await t.take()))

    @scenario
    async def test_a_limit_is_kept(self) -> None:
        """At most `limit` deliveries are handed out."""
        async with self.trial() as t:
            await t.put(*"abcde")
            expect([2, 2, 1, 0], [len(await t.take(2)) for _ in range(4)])

    @scenario
    async def test_a_delay_is_kept(self) -> None:
        """A delayed delivery is not taken early, and next_due says when it can be."""
        async with self.trial() as t:
            await t.put("a", delay=5.0)
            expect([], await t.take())
            expect_near(5.0, await t.queue.next_due(), "next_due")
            t.clock.advance(5.0)
            expect((0.0, ["a"]), (await t.queue.next_due(), names(await t.take())))

    @scenario
    async def test_an_acked_delivery_is_gone(self) -> None:
        """An acked delivery never comes back; acking twice says so."""
        async with self.trial() as t:
            await t.put("a")
            lease = await t.one()
            expect([True, False], [await t.queue.ack(lease), await t.queue.ack(lease)])
            t.clock.advance(1000.0)
            expect(([], None), (await t.take(), await t.queue.next_due()))

    @scenario
    async def test_a_lost_lease_is_delivered_again(self) -> None:
        """A delivery whose holder died comes back after the lease, with the next attempt counted and a new token."""
        async with self.trial() as t:
            await t.put("a")
            first = await t.one(lease=30.0)
            expect_near(30.0, await t.queue.next_due(), "next_due")
            t.clock.advance(29.0)
            expect([], await t.take())
            t.clock.advance(1.0)
            second = await t.one()
            expect((2, True), (second.attempts, first.token != second.token))

    @scenario
    async def test_a_lost_lease_decides_nothing(self) -> None:
        """Whoever lost the lease can neither ack, nor retry, nor bury; the new holder can."""
        async with self.trial() as t:
            await t.put("a")
            lost = await t.one(lease=1.0)
            t.clock.advance(1.0)
            live = await t.one()
            answers = [await t.queue.ack(lost), await t.queue.retry(lost, delay=0.0), await t.queue.dead(lost, "x")]
            expect([False, False, False], answers)
            expect(True, await t.queue.ack(live))

    @scenario
    async def test_an_expired_lease_that_nobody_took_still_counts(self) -> None:
        """A late holder may still ack as long as nobody else has taken the delivery."""
        async with self.trial() as t:
            await t.put("a")
            lease = await t.one(lease=1.0)
            t.clock.advance(5.0)
            expect((True, []), (await t.queue.ack(lease), await t.take()))

    @scenario
    async def test_a_retry_waits(self) -> None:
        """A delivery given back comes again after its delay, with the next attempt counted."""
        async with self.trial() as t:
            await t.put("a")
            lease = await t.one()
            expect(True, await t.queue.retry(lease, delay=7.0))
            expect(([], False), (await t.take(), await t.queue.ack(lease)))
            expect_near(7.0, await t.queue.next_due(), "next_due")
            t.clock.advance(7.0)
            expect(2, (await t.one()).attempts)

    @scenario
    async def test_a_retry_can_take_its_attempt_back(self) -> None:
        """With counts=False the attempt is not counted, however often that happens."""
        async with self.trial() as t:
            await t.put("a")
            for _ in range(5):
                lease = await t.one()
                expect(1, lease.attempts)
                await t.queue.retry(lease, delay=0.0, counts=False)
            await t.queue.retry(await t.one(), delay=0.0)
            expect(2, (await t.one()).attempts)

    @scenario
    async def test_a_poison_delivery_is_counted(self) -> None:
        """Attempts are counted before the delivery is handed out, so one that kills its worker is known by it."""
        async with self.trial() as t:
            await t.put("poison")
            counts = []
            for _ in range(5):
                counts.append((await t.one(lease=1.0)).attempts)
                t.clock.advance(1.0)
            expect([1, 2, 3, 4, 5], counts)

    @scenario
    async def test_a_loss_is_counted_apart(self) -> None:
        """Only a delivery that nobody said anything about was lost; one given back, counted or not, was not."""
        async with self.trial() as t:
            await t.put("a")
            await t.queue.retry(await t.one(lease=1.0), delay=0.0)
            await t.queue.retry(await t.one(lease=1.0), delay=0.0, counts=False)
            counts = []
            for _ in range(3):
                lease = await t.one(lease=1.0)
                counts.append((lease.attempts, lease.losses))
                t.clock.advance(1.0)
            expect([(2, 0), (3, 1), (4, 2)], counts)
            await t.queue.retry(await t.one(), delay=0.0)
            expect(3, (await t.one()).losses)

    @scenario
    async def test_lanes_have_room(self) -> None:
        """Of a lane come at most so many as it has room for, of one without bound as many as there are."""
        async with self.trial() as t:
            await t.put("a1", "a2", "a3", lane="a")
            await t.put("b1", "b2", lane="b")
            await t.put("c1", lane="c")
            expect(["a1", "b1", "b2"], names(await t.take(a=1, c=0)))
            expect([["a2"], ["a3", "c1"], []], [names(await t.take(n)) for n in (1, 5, 5)])

    @scenario
    async def test_a_full_lane_holds_nobody_up(self) -> None:
        """However much waits in a lane without room, the next lane's deliveries come, and next_due leaves it out."""
        async with self.trial() as t:
            await t.put(*map(str, range(50)), lane="slow")
            t.clock.advance(1.0)
            await t.put("quick", lane="quick", delay=4.0)
            expect([0.0, 0.0], [await t.queue.next_due(), await t.queue.next_due({"quick"})])
            expect_near(4.0, await t.queue.next_due({"slow"}), "next_due")
            expect(None, await t.queue.next_due({"slow", "quick"}))
            t.clock.advance(4.0)
            expect(["quick"], names(await t.take(3, slow=0)))

    @scenario
    async def test_what_is_overdue_is_handed_out(self) -> None:
        """Deliveries accepted before a time come whether they are due or not, but for those in somebody's hand."""
        async with self.trial() as t:
            await t.put("waits", "held", lane="a")
            await t.put("delayed", lane="a", delay=500.0)
            await t.put("elsewhere", lane="b")
            waits, _ = await t.take(2)
            await t.queue.retry(waits, delay=100.0)
            t.clock.advance(10.0)
            await t.put("young", lane="a")
            before = t.clock.now() - 5.0
            overdue = await t.queue.overdue("a", 9, before=before, lease=30.0)
            expect(({"waits", "delayed"}, 2), (set(names(list(overdue))), len(overdue)))
            expect([True, True], [await t.queue.ack(lease) for lease in overdue])
            t.clock.advance(30.0)
            expect(["held"], names(list(await t.queue.overdue("a", 9, before=before, lease=30.0))))

    @scenario
    async def test_a_dead_delivery_stays_away(self) -> None:
        """A dead delivery is not taken, not due, not acked, and its key stays known."""
        async with self.trial() as t:
            await t.put("a")
            lease = await t.one()
            expect(True, await t.queue.dead(lease, "refused for ever"))
            t.clock.advance(1000.0)
            expect(([], None, 0), (await t.take(), await t.queue.next_due(), await t.put("a")))
            expect([False, False], [await t.queue.ack(lease), await t.queue.dead(lease, "again")])

    @scenario
    async def test_nobody_takes_what_another_holds(self) -> None:
        """Takers at the same time share the deliveries; none is handed out twice and none is left."""
        async with self.trial() as t:
            await t.put(*map(str, range(100)))
            hands = await asyncio.gather(*(t.take(10) for _ in range(20)))
            taken = [name for hand in hands for name in names(hand)]
            expect(sorted(map(str, range(100))), sorted(taken))

    @scenario
    async def test_a_set_wall_clock_moves_nothing(self) -> None:
        """Delays and leases do not follow the wall clock when it is set."""
        for jump in (24 * 3600.0, -24 * 3600.0):
            async with self.trial() as t:
                await t.put("a", delay=10.0)
                t.clock.jump(jump)
                expect([], await t.take())
                t.clock.advance(10.0)
                await t.one(lease=10.0)
                t.clock.jump(jump)
                expect([], await t.take())
                t.clock.advance(10.0)
                expect(2, (await t.one()).attempts)
