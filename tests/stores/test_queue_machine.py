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


class Item:
    """What the model knows of a delivery."""

    def __init__(self, due: float) -> None:
        self.due, self.attempts, self.token = due, 0, ""


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
        deliveries = [Delivery(str(key), "d", "s", {"n": key}, self.clock.now()) for key in keys]
        new = {str(key) for key in keys} - self.items.keys() - self.dead.keys()
        assert self.runner.run(self.queue.enqueue(deliveries, delay=delay)) == len(new)
        self.items |= {key: Item(self.now + delay) for key in new}

    @rule(limit=st.integers(1, 5), lease=st.sampled_from([1.0, 5.0, 30.0]))
    def take(self, limit: int, lease: float) -> None:
        """The ones due longest are taken, each with its attempt counted."""
        due = sorted(item.due for item in self.items.values() if item.due <= self.now)[:limit]
        leases = self.runner.run(self.queue.take(limit, lease=lease))
        assert [self.items[one.delivery.key].due for one in leases] == due
        for one in leases:
            item = self.items[one.delivery.key]
            item.due, item.attempts, item.token = self.now + lease, item.attempts + 1, one.token
            assert (one.attempts, one.delivery.event) == (item.attempts, {"n": int(one.delivery.key)})
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
