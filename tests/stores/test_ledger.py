"""The ledgers run the suite that strangers' ledgers run, and keep its laws whatever comes."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from destination_actions.protocols import (
    FAILED_STATES,
    TERMINAL_STATES,
    AttemptEntry,
    Delivery,
    Ledger,
    LedgerEntry,
    LedgerQuery,
    Retention,
    Stores,
)
from destination_actions.stores import Database, MemoryLedger, SqliteLedger, open_stores
from destination_actions.testing import ManualClock
from destination_actions.testing._ledger_suite import LedgerTrial
from destination_actions.testing.stores import LedgerSuite
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test


class TestMemoryLedger(LedgerSuite):
    """The ledger in memory."""

    make = staticmethod(MemoryLedger)


class TestSqliteLedger(LedgerSuite):
    """The ledger in a SQLite file."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> Iterator[None]:
        self.opened: list[Database] = []
        self.paths = (tmp_path / f"{n}.db" for n in count())
        yield
        for database in self.opened:
            database.close()

    def make(self, clock: ManualClock) -> SqliteLedger:
        """Open a ledger in a new file."""
        self.opened.append(Database(next(self.paths), clock))
        return SqliteLedger(self.opened[-1])


# --- laws ------------------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["k0", "k1", "k2", "k3", "k4"])
PEOPLE = st.sampled_from([(), ("jane",), ("ravi",), ("jane", "ravi")])


class LedgerMachine(RuleBasedStateMachine):
    """A ledger and its model: a dictionary in which the first entry of a key stands."""

    make: ClassVar[Callable[[ManualClock, ExitStack], Any]]

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.open = ManualClock(), ExitStack()
        self.runner = self.open.enter_context(asyncio.Runner())
        self.trial = LedgerTrial(type(self).make(self.clock, self.open), self.clock)
        self.model: dict[str, LedgerEntry] = {}
        self.replayed: set[str] = set()
        self.ever = 0

    @rule(key=KEYS, state=st.sampled_from(TERMINAL_STATES), people=PEOPLE, replaces=st.lists(KEYS, max_size=2))
    def record(self, key: str, state: str, people: tuple[str, ...], replaces: list[str]) -> None:
        """The first record of a key is kept, every later one refused."""
        entry = self.trial.entry(key, state, people=people)
        new = key not in self.model
        assert new == self.runner.run(self.trial.ledger.record(entry, replaces=replaces))
        if new:
            self.model[key] = entry
            self.replayed |= self.model.keys() & set(replaces)
            self.ever += 1

    @rule(people=PEOPLE)
    def forget(self, people: tuple[str, ...]) -> None:
        """Exactly the entries of these people go."""
        gone = [key for key, entry in self.model.items() if set(entry.people) & set(people)]
        assert len(gone) == self.runner.run(self.trial.ledger.forget(people))
        self.drop(gone)

    @rule(seconds=st.sampled_from([5.0, 20.0]), entries=st.integers(0, 6))
    def prune(self, seconds: float, entries: int) -> None:
        """What is too old goes, then the oldest of what is too much."""
        late = [key for key, entry in self.model.items() if entry.at < self.clock.now() - seconds]
        kept = [key for key in self.model if key not in late]
        gone = late + kept[: max(0, len(kept) - entries)]
        assert len(gone) == self.runner.run(self.trial.ledger.prune(Retention(seconds, entries)))
        self.drop(gone)

    def drop(self, keys: list[str]) -> None:
        """Forget in the model."""
        for key in keys:
            del self.model[key]
            self.replayed.discard(key)

    @rule()
    def tick(self) -> None:
        """Time passes."""
        self.clock.advance(3.0)

    @invariant()
    def what_is_listed_is_the_model(self) -> None:
        """Every entry as it was first recorded, the newest first; every record ever made is counted once."""
        found = self.runner.run(self.trial.ledger.entries(LedgerQuery()))
        expected = [replace(entry, replayed=key in self.replayed) for key, entry in self.model.items()]
        assert expected[::-1] == [replace(entry, number=0) for entry in found]
        assert self.ever == sum(tally.count for tally in self.runner.run(self.trial.ledger.tallies()))

    def teardown(self) -> None:
        """Close what was opened."""
        self.open.close()


def in_memory(clock: ManualClock, _: ExitStack) -> Ledger:
    """Make a ledger in memory."""
    return MemoryLedger(clock)


def in_a_file(clock: ManualClock, stack: ExitStack) -> Ledger:
    """Make a ledger in a new file."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    database = Database(folder / "store.db", clock)
    stack.callback(database.close)
    return SqliteLedger(database)


@pytest.mark.parametrize(("make", "runs"), [(in_memory, 60), (in_a_file, 15)])
def test_a_ledger_does_what_its_model_does(make: Callable[..., Any], runs: int) -> None:
    """The first terminal state stands, recording is idempotent, and nothing goes but what was to go."""
    machine = type("Machine", (LedgerMachine,), {"make": staticmethod(make)})
    quick = settings(
        max_examples=runs,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=quick)


def test_a_ledger_in_memory_is_bounded() -> None:
    """Of more entries than its size, the newest are kept; attempts of others too are bounded."""
    clock = ManualClock()
    trial = LedgerTrial(MemoryLedger(clock, size=10), clock)

    async def fill() -> list[str]:
        for number in range(100):
            await trial.ledger.attempt(trial.attempt(f"open-{number}"))
            await trial.ledger.record(trial.entry(f"k{number}"), [trial.attempt(f"k{number}")])
        return await trial.keys()

    assert [f"k{number}" for number in range(99, 89, -1)] == asyncio.run(fill())
    assert 10 == len(trial.ledger._attempts)  # type: ignore[attr-defined]


# --- the desk --------------------------------------------------------------------------------------------------------


def delivery(key: str, user: str, accepted: float, subscription: str = "s") -> Delivery:
    """A delivery of an event of a user."""
    return Delivery(key, "shop", subscription, {"messageId": key, "userId": user}, accepted)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_desk_shows_and_forgets(kind: str, tmp_path: Path) -> None:
    """What waits is counted by subscription with its oldest; a user's deliveries go, waiting, in hand and dead."""

    async def trial(stores: Stores, clock: ManualClock) -> None:
        assert stores.desk is not None
        now = clock.now()
        users = ["jane", "ravi", "jane", "jane"]
        await stores.queue.enqueue([delivery(f"d{n}", user, now - n) for n, user in enumerate(users)])
        await stores.queue.enqueue([delivery("other", "ravi", now - 50, "t")], delay=5)
        [first] = await stores.queue.take(1, lease=30)
        [second] = await stores.queue.take(1, lease=30)
        await stores.queue.dead(second, "why")
        waiting = {one.subscription: (one.count, one.tried, now - one.oldest) for one in await stores.desk.waiting()}
        assert {"s": (3, 1, 3.0), "t": (1, 0, 50.0)} == waiting
        assert [3, 0] == [await stores.desk.forget("jane"), await stores.desk.forget("jane")]
        assert first.delivery.event["userId"] == "jane"
        assert [False, 1] == [await stores.queue.ack(first), await stores.desk.forget_dead(["d1", "d2"])]
        await stores.rates.pause("lane", 20.0)
        [lane] = await stores.desk.lanes()
        assert ("lane", 20.0) == (lane.lane, round(lane.paused_for, 3))

    async def main() -> None:
        clock = ManualClock()
        stores = open_stores("memory:" if kind == "memory" else f"sqlite:{tmp_path}/s.db", clock=clock)
        try:
            await trial(stores, clock)
        finally:
            await stores.close()

    asyncio.run(main())


def test_what_is_forgotten_is_overwritten(tmp_path: Path) -> None:
    """After forgetting, neither the file nor its log holds the person's id."""
    canary = "jane-canary-7f3a"

    async def main() -> None:
        clock = ManualClock()
        stores = open_stores(f"sqlite:{tmp_path}/s.db", clock=clock)
        trial = LedgerTrial(stores.ledger, clock)
        for number in range(50):
            await stores.queue.enqueue([delivery(f"d{number}", canary, clock.now())])
            await trial.put(trial.entry(f"k{number}", "dead", event={"userId": canary, "text": "x" * 3000}))
        assert 50 == await stores.desk.forget(canary) if stores.desk else False
        assert 50 == await stores.ledger.forget(["somebody"])
        await stores.close()

    asyncio.run(main())
    assert [] == [path.name for path in tmp_path.iterdir() if canary.encode() in path.read_bytes()]


def test_a_file_of_the_first_version_gets_a_ledger(tmp_path: Path) -> None:
    """A file made before there was a ledger is migrated, and what it holds stays."""
    from destination_actions.stores.sqlite import schema

    clock = ManualClock()
    path = tmp_path / "old.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        patch.setattr(schema, "VERSION", 1)
        Database(path, clock).close()
    database = Database(path, clock)
    trial = LedgerTrial(SqliteLedger(database), clock)
    assert [True] == asyncio.run(trial.put(trial.entry("a")))
    database.close()


PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ledger.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", TERMINAL_STATES)
def test_the_reference_has_a_row_for_each_state(state: str) -> None:
    """Every terminal state stands in the reference, marked as replayable exactly if its event is kept."""
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{state}` |")]
    assert (state in FAILED_STATES) == row.rstrip("| ").endswith(("yes", "yes, after reading back"))


async def filled(ledger: Ledger, clock: ManualClock, count: int, size: int = 0) -> None:
    """Record so many entries, each with an event of so many bytes."""
    trial = LedgerTrial(ledger, clock)
    event = {"type": "track", "note": "x" * size}
    entries = [replace(trial.entry(f"{number:032x}", "rejected"), event=event) for number in range(count)]
    await asyncio.gather(*map(ledger.record, entries))


async def left(ledger: Ledger) -> list[int]:
    """The keys that are left, as numbers, the oldest first."""
    return [int(entry.key, 16) for entry in await ledger.entries(LedgerQuery(limit=10_000))][::-1]


async def test_a_large_ledger_is_pruned_from_its_oldest_end(tmp_path: Path) -> None:
    """What is too much goes two thousand at a time, and always the oldest of it first."""
    clock = ManualClock()
    stores = open_stores(f"sqlite:{tmp_path / 's.db'}", clock=clock)
    await filled(stores.ledger, clock, 2_600)
    assert 2_000 == await stores.ledger.prune(Retention(entries=100))
    assert list(range(2_000, 2_600)) == await left(stores.ledger)
    assert (500, 0) == (
        await stores.ledger.prune(Retention(entries=100)),
        await stores.ledger.prune(Retention(entries=100)),
    )
    assert list(range(2_500, 2_600)) == await left(stores.ledger)
    await stores.close()


async def test_a_ledger_has_a_size_in_bytes(tmp_path: Path) -> None:
    """About as many of the newest entries stay as take the bytes that it may have."""
    clock = ManualClock()
    stores = open_stores(f"sqlite:{tmp_path / 's.db'}", clock=clock)
    await filled(stores.ledger, clock, 300, size=2_000)
    assert 0 == await stores.ledger.prune(Retention(bytes=10_000_000))
    await stores.ledger.prune(Retention(bytes=250_000))
    kept = await left(stores.ledger)
    assert 80 <= len(kept) <= 110
    assert list(range(300 - len(kept), 300)) == kept
    await stores.close()


def test_last_tries_are_read_as_they_were_kept_before(tmp_path: Path) -> None:
    """An entry's last tries had their exchanges as a text of JSON; now they are JSON as the rest of it."""
    clock = ManualClock()
    database = Database(tmp_path / "s.db", clock)
    ledger = SqliteLedger(database)
    entry = LedgerTrial(ledger, clock).entry("a")
    attempt = AttemptEntry(
        key="a", at=1.0, seconds=0.5, outcome="delivered", reason="confirmed", pin="p", exchanges=[{"method": "POST"}]
    )
    former = json.dumps([["a", 1.0, 0.5, "delivered", "confirmed", "p", '[{"method":"POST"}]']])

    async def course() -> tuple[Any, Any]:
        await ledger.record(entry, [attempt])
        new = await ledger.attempts("a")
        await database.run(lambda connection, _: connection.execute("UPDATE ledger SET tries = ?", (former,)))
        return new, await ledger.attempts("a")

    new, old = asyncio.run(course())
    database.close()
    assert [attempt] == new == old
