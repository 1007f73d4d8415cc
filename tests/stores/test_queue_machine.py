"""Queues against a model: whatever is enqueued, taken, given back, lost or buried, the model knows what must come."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from destination_actions.protocols import Delivery, Lease
from destination_actions.stores import Database, MemoryQueue, SqliteQueue
from destination_actions.testing.clock import ManualClock
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

KEYS = st.integers(0, 7)
SECONDS = st.sampled_from([0.0, 1.0, 2.0, 5.0, 30.0])


LANES = "ab"
ROOM = st.dictionaries(st.sampled_from(LANES), st.integers(0, 2))


def lane_of(key: str) -> str:
    """Spread the keys over two lanes."""
    return LANES[int(key) % 2]


class Item:
    """What the model knows of a delivery."""

    def __init__(self, due: float, lane: str, accepted: float) -> None:
        self.due, self.lane, self.accepted = due, lane, accepted
        self.attempts, self.losses, self.token = 0, 0, ""

    def taken(self, lease: Lease, now: float, seconds: float) -> None:
        """Note that it is in hand, and lost if it was so before."""
        self.losses += self.token != ""
        self.due, self.attempts, self.token = now + seconds, self.attempts + 1, lease.token
        assert (lease.attempts, lease.losses) == (self.attempts, self.losses)


class QueueMachine(RuleBasedStateMachine):
    """A queue and its model."""

    make: ClassVar[Callable[[ManualClock, ExitStack], Any]]

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.open = ManualClock(), ExitStack()
        self.runner = self.open.enter_context(asyncio.Runner())
        self.queue = type(self).make(self.clock, self.open)
        self.items: dict[str, Item] = {}
        self.dead: dict[str, tuple[int, str]] = {}
        self.leases: list[Lease] = []

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    @rule(keys=st.lists(KEYS, max_size=4), delay=SECONDS)
    def enqueue(self, keys: list[int], delay: float) -> None:
        """New keys are kept, known ones ignored."""
        accepted = self.clock.now()
        deliveries = [Delivery(str(key), "d", "s", {"n": key}, accepted, lane=lane_of(str(key))) for key in keys]
        new = {str(key) for key in keys} - self.items.keys() - self.dead.keys()
        assert self.runner.run(self.queue.enqueue(deliveries, delay=delay)) == len(new)
        self.items |= {key: Item(self.now + delay, lane_of(key), accepted) for key in new}

    @rule(limit=st.integers(1, 5), lease=st.sampled_from([1.0, 5.0, 30.0]), room=ROOM)
    def take(self, limit: int, lease: float, room: dict[str, int]) -> None:
        """The ones due longest are taken within the room of their lanes, each with its attempt counted."""
        due = []
        for lane in LANES:
            waiting = sorted(item.due for item in self.items.values() if item.lane == lane and item.due <= self.now)
            due += waiting[: room.get(lane, limit)]
        leases = self.runner.run(self.queue.take(limit, lease=lease, room=room))
        assert [self.items[one.delivery.key].due for one in leases] == sorted(due)[:limit]
        self.note(leases, lease)
        for lane, most in room.items():
            assert sum(one.delivery.lane == lane for one in leases) <= most

    @rule(lane=st.sampled_from("ab"), limit=st.integers(1, 3), age=SECONDS)
    def overdue(self, lane: str, limit: int, age: float) -> None:
        """What waits and is older than `age` is taken, due or not, up to the limit."""
        before = self.clock.now() - age
        waiting = [
            item.due
            for item in self.items.values()
            if item.lane == lane and item.accepted < before and (item.token == "" or item.due <= self.now)
        ]
        leases = self.runner.run(self.queue.overdue(lane, limit, before=before, lease=5.0))
        assert [self.items[one.delivery.key].due for one in leases] == sorted(waiting)[:limit]
        self.note(leases, 5.0)

    def note(self, leases: list[Lease], seconds: float) -> None:
        """Compare what was handed out with the model, and remember it."""
        for one in leases:
            assert one.delivery.event == {"n": int(one.delivery.key)}
            self.items[one.delivery.key].taken(one, self.now, seconds)
        self.leases += leases

    def held(self, which: int) -> tuple[Lease, Item | None]:
        """Choose a lease, and the model's item if the lease is not lost."""
        lease = self.leases[which % len(self.leases)]
        item = self.items.get(lease.delivery.key)
        return lease, item if item is not None and item.token == lease.token else None

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 20))
    def ack(self, which: int) -> None:
        """A held delivery goes away."""
        lease, item = self.held(which)
        assert self.runner.run(self.queue.ack(lease)) == (item is not None)
        if item is not None:
            del self.items[lease.delivery.key]

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 20), delay=SECONDS, counts=st.booleans())
    def retry(self, which: int, delay: float, counts: bool) -> None:
        """A held delivery waits again."""
        lease, item = self.held(which)
        assert self.runner.run(self.queue.retry(lease, delay=delay, counts=counts)) == (item is not None)
        if item is not None:
            item.due, item.token, item.attempts = self.now + delay, "", item.attempts - (not counts)

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 20), reason=st.text(max_size=3))
    def bury(self, which: int, reason: str) -> None:
        """A held delivery is set aside and can be listed."""
        lease, item = self.held(which)
        assert self.runner.run(self.queue.dead(lease, reason)) == (item is not None)
        if item is not None:
            del self.items[lease.delivery.key]
            self.dead[lease.delivery.key] = (item.attempts, reason)
        listed = self.runner.run(self.queue.list_dead())
        assert [(one.delivery.key, (one.attempts, one.reason)) for one in listed] == list(self.dead.items())

    @precondition(lambda self: self.dead)
    @rule(which=st.integers(0, 7))
    def forget(self, which: int) -> None:
        """A dead delivery is removed, and its key may come again."""
        key = list(self.dead)[which % len(self.dead)]
        assert self.runner.run(self.queue.forget_dead([key, "unknown"])) == 1
        del self.dead[key]

    @rule(seconds=SECONDS)
    def tick(self, seconds: float) -> None:
        """Time passes, and next_due knows when something comes."""
        self.clock.advance(seconds)
        due = min((max(0.0, item.due - self.now) for item in self.items.values()), default=None)
        assert self.runner.run(self.queue.next_due()) == due
        of_b = min((max(0.0, item.due - self.now) for item in self.items.values() if item.lane == "b"), default=None)
        assert self.runner.run(self.queue.next_due({"a"})) == of_b

    def teardown(self) -> None:
        """Close what was opened."""
        self.open.close()


def in_memory(clock: ManualClock, _: ExitStack) -> MemoryQueue:
    """Make a queue in memory."""
    return MemoryQueue(clock)


def in_a_file(clock: ManualClock, stack: ExitStack) -> SqliteQueue:
    """Make a queue in a new file."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    database = Database(folder / "store.db", clock)
    stack.callback(database.close)
    return SqliteQueue(database, clock)


@pytest.mark.parametrize(("make", "runs"), [(in_memory, 60), (in_a_file, 20)])
def test_a_queue_does_what_its_model_does(make: Callable[..., Any], runs: int) -> None:
    """Every answer of a queue is the one that the model gives."""
    machine = type("Machine", (QueueMachine,), {"make": staticmethod(make)})
    checks = list(HealthCheck)
    quick = settings(
        max_examples=runs, stateful_step_count=40, deadline=None, database=None, suppress_health_check=checks
    )
    run_state_machine_as_test(machine, settings=quick)
