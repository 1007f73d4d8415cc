"""The writer: operations share commits, fail alone, are dropped when nobody waits, and never cross a fork."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from destination_actions.errors import StoreError
from destination_actions.protocols import ClaimRequest, Delivery, LedgerEntry, LedgerQuery, Verdict
from destination_actions.stores import Database, SqliteClaims, SqliteLedger, SqliteQueue, SqliteRates
from destination_actions.stores.sqlite import connection
from destination_actions.testing.clock import ManualClock

Opener = Callable[..., Database]


class Gate:
    """Holds the writer inside a transaction until it is opened."""

    def __init__(self, database: Database) -> None:
        self._database, self._entered, self._open = database, Event(), Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._database.run(lambda *_: (self._entered.set(), self._open.wait())))
        await asyncio.to_thread(self._entered.wait)

    async def __aexit__(self, *_: object) -> None:
        self._open.set()
        await self._task


def test_operations_share_commits(database: Opener) -> None:
    """Operations that arrive during a commit are carried by the next one together."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())
    statements: list[str] = []

    async def campaign() -> None:
        await one.run(lambda connection, _: connection.set_trace_callback(statements.append))
        async with Gate(one):
            deliveries = [Delivery(str(n), "d", "s", {}, 1.0) for n in range(200)]
            tasks = [asyncio.create_task(queue.enqueue([delivery])) for delivery in deliveries]
            await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == [1] * 200

    asyncio.run(campaign())
    one.close()
    assert statements.count("COMMIT") == 3  # the one that set the trace, the gate's, and one for all 200


def entry_of(key: str) -> LedgerEntry:
    """The end of a delivery."""
    words = dict.fromkeys(("reason", "destination", "subscription", "action", "message_id", "pin"), "x")
    times = dict.fromkeys(("at", "accepted", "seconds"), 1.0)
    return LedgerEntry(key=key, state="delivered", generation=0, attempts=1, **words, **times)


def test_an_end_and_its_acknowledgement_are_one_step(database: Opener) -> None:
    """Both are kept by one commit, after the confirmation that was asked for before; where one fails, both do."""
    clock = ManualClock()
    one = database(clock)
    queue, claims, ledger = SqliteQueue(one, clock), SqliteClaims(one), SqliteLedger(one)
    together = ledger.joined(queue)
    assert together is not None
    assert ledger.joined(SqliteQueue(database(clock, "other.db"), clock)) is None
    statements: list[str] = []

    async def ends() -> None:
        await queue.enqueue([Delivery(str(n), "d", "s", {}, 1.0) for n in range(2)])
        first, second = await queue.take(2, lease=20.0)
        request = ClaimRequest("key", "0", 60.0, "m")
        claim = (await claims.claim(request)).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        await one.run(lambda connection, _: connection.set_trace_callback(statements.append))
        claims.confirm_soon(claim, {}, pytest.fail)
        assert await together(lambda: (entry_of("0"), [], []), first)
        assert len([word for word in statements if word.startswith("COMMIT")]) <= 3
        assert Verdict.ALREADY_DONE is (await claims.claim(request)).verdict
        await one.run(lambda connection, _: connection.execute("DROP TABLE tallies"))
        with pytest.raises(StoreError):
            await together(lambda: (entry_of("1"), [], []), second)
        assert ["0"] == [entry.key for entry in await ledger.entries(LedgerQuery())]
        clock.advance(20.0)
        assert ["1"] == [lease.delivery.key for lease in await queue.take(2, lease=20.0)]

    asyncio.run(ends())


def test_an_operation_fails_alone(database: Opener) -> None:
    """What one operation raises is its caller's; the others of its transaction are kept, its own writes are not."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())

    def wrong(connection: Any, _: Any) -> None:
        connection.execute("INSERT INTO lanes VALUES ('half done', 0, 0)")
        raise ValueError("on purpose")

    async def campaign() -> list[Any]:
        async with Gate(one):
            calls = [queue.enqueue([Delivery(name, "d", "s", {}, 1.0)]) for name in "ab"]
            tasks = [asyncio.create_task(call) for call in (calls[0], one.run(wrong), calls[1])]
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, error, second = asyncio.run(campaign())
    assert (first, second, str(error)) == (1, 1, "on purpose")
    assert asyncio.run(one.run(lambda connection, _: connection.execute("SELECT * FROM lanes").fetchall())) == []


def test_a_record_that_cannot_be_made_fails_alone(database: Opener) -> None:
    """An end whose record cannot be made is told to its caller, and stays in the queue; the others are kept."""
    clock = ManualClock()
    one = database(clock)
    queue, ledger = SqliteQueue(one, clock), SqliteLedger(one)
    together = ledger.joined(queue)
    assert together is not None

    async def ends() -> list[Any]:
        await queue.enqueue([Delivery(name, "d", "s", {}, 1.0) for name in "012"])
        leases = await queue.take(3, lease=20.0)
        makers: list[Any] = [lambda: (entry_of("0"), [], []), lambda: 1 // 0, lambda: (entry_of("2"), [], [])]
        calls = [together(make, lease) for make, lease in zip(makers, leases, strict=True)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        return [*found, await queue.size(), [entry.key for entry in await ledger.entries(LedgerQuery())]]

    first, error, last, left, keys = asyncio.run(ends())
    assert (True, ZeroDivisionError, True, 1, ["2", "0"]) == (first, type(error), last, left, keys)


def test_a_take_that_nobody_waits_for_takes_nothing(database: Opener) -> None:
    """A take cancelled before it began leaves the deliveries due and their attempts uncounted."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())

    async def campaign() -> int:
        await queue.enqueue([Delivery("a", "d", "s", {}, 1.0)])
        async with Gate(one):
            task = asyncio.create_task(queue.take(1, lease=30.0))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return (await queue.take(1, lease=30.0))[0].attempts

    assert asyncio.run(campaign()) == 1


def test_a_cancelled_confirmation_is_carried_out(database: Opener) -> None:
    """What records a fact is carried out though its caller was cancelled."""
    one = database(ManualClock())
    claims = SqliteClaims(one)
    request = ClaimRequest("k", "d", 60.0, "m")

    async def campaign() -> Verdict:
        claim = (await claims.claim(request)).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        async with Gate(one):
            task = asyncio.create_task(claims.confirm(claim))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return (await claims.claim(request)).verdict

    assert asyncio.run(campaign()) is Verdict.ALREADY_DONE


def test_a_closed_file_says_so(database: Opener) -> None:
    """Operations under way are finished by closing, later ones are refused, closing twice does nothing."""
    one = database(ManualClock())
    rates = SqliteRates(one)

    async def campaign() -> float:
        task = asyncio.create_task(rates.take_rate("lane", 1, per_second=1.0))
        await asyncio.sleep(0)
        await one.aclose()
        await one.aclose()
        return await task

    assert asyncio.run(campaign()) == 0.0
    with pytest.raises(StoreError, match=r"store\.db is closed"):
        asyncio.run(rates.pause("lane", 1.0))


def test_a_slow_commit_is_told(database: Opener, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """Whoever wonders why deliveries are late finds the file, and how long it stood still, in the log."""
    one = database(ManualClock())
    asyncio.run(one.run(lambda *_: None))
    assert "" == caplog.text
    monkeypatch.setattr(connection, "SLOW", 0.0)
    asyncio.run(one.run(lambda *_: None))
    assert f"a commit to {one.path} took 0.0 s" in caplog.text


def test_many_threads_share_one_store(database: Opener) -> None:
    """Loops in several threads use one store at once; each key is granted once."""
    claims = SqliteClaims(database(ManualClock()))
    granted: list[str] = []

    async def work(name: str) -> None:
        answers = [await claims.claim(ClaimRequest(str(n), f"{n} of {name}", 60.0, "m")) for n in range(50)]
        granted.extend(answer.claim.key for answer in answers if answer.claim)

    threads = [Thread(target=lambda name=str(name): asyncio.run(work(name))) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == sorted(map(str, range(50)))


FORK = """
import asyncio, os, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from destination_actions.errors import StoreError
from destination_actions.stores import open_stores
stores = open_stores("sqlite:" + sys.argv[1])
child = os.fork()
if child == 0:
    try:
        asyncio.run(stores.queue.next_due())
    except StoreError as error:
        os._exit(7 if "open the stores after the fork" in str(error) else 8)
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), asyncio.run(stores.queue.next_due()))
asyncio.run(stores.close())
"""


def test_no_connection_crosses_a_fork(tmp_path: Path) -> None:
    """A child that uses its parent's stores is told to open its own; the parent's go on working."""
    command = [sys.executable, "-c", FORK, str(tmp_path / "store.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "7 None\n"


def test_what_is_asked_for_in_one_turn_is_one_commit(database: Opener) -> None:
    """The writer does not begin with the first of several operations that a loop asks for before it turns."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())
    statements: list[str] = []

    async def campaign() -> None:
        await one.run(lambda connection, _: connection.set_trace_callback(statements.append))
        await asyncio.gather(*(queue.enqueue([Delivery(str(n), "d", "s", {}, 1.0)]) for n in range(100)))

    asyncio.run(campaign())
    one.close()
    assert statements.count("COMMIT") == 2  # the one that set the trace, and one for all 100


def test_what_a_loop_asked_for_last_is_carried_out(database: Opener) -> None:
    """A loop that ends before it turns again leaves its operations to the next that ask, or to the closing."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())
    enqueued = [queue.enqueue([Delivery(key, "d", "s", {}, 1.0)]) for key in ("first", "second")]

    async def first_steps() -> None:
        enqueued.pop().send(None)

    for _ in range(2):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(first_steps())
        loop.close()
    again = SqliteQueue(database(ManualClock()), ManualClock())
    one.close()
    assert asyncio.run(again.size()) == 2


class Disk:
    """Tells of each commit whether it waited for the disk."""

    def __init__(self) -> None:
        self.level, self.commits = "FULL", list[str]()

    def heard(self, statement: str) -> None:
        """Take a statement in."""
        if statement.startswith("PRAGMA synchronous ="):
            self.level = statement.rpartition(" ")[2]
        if statement == "COMMIT":
            self.commits.append(self.level)

    def since(self) -> list[str]:
        """The commits since one last looked."""
        commits, self.commits = self.commits, []
        return commits


def test_only_what_binds_somebody_waits_for_the_disk(database: Opener) -> None:
    """A lease and a claim are on disk with the mark that follows; what was accepted, marked or has ended is at once."""
    one, disk = database(ManualClock()), Disk()
    queue, claims, ledger = SqliteQueue(one, ManualClock()), SqliteClaims(one), SqliteLedger(one)
    together = ledger.joined(queue)
    assert together is not None

    async def levels() -> dict[str, list[str]]:
        await one.run(lambda connection, _: connection.set_trace_callback(disk.heard))
        disk.since()
        seen = {}
        await queue.enqueue([Delivery(name, "d", "s", {}, 1.0) for name in ("0", "1")])
        seen["enqueue"] = disk.since()
        first, second = await queue.take(2, lease=20.0)
        seen["take"] = disk.since()
        claim = (await claims.claim(ClaimRequest("key", "0", 60.0, "m"))).claim
        assert claim is not None
        seen["claim"] = disk.since()
        await claims.mark_sent(claim)
        seen["mark"] = disk.since()
        await asyncio.gather(claims.claim(ClaimRequest("free", "2", 60.0, "m")), queue.retry(second, delay=1.0))
        seen["claim, with a retry"] = disk.since()
        await claims.confirm(claim)
        seen["confirm"] = disk.since()
        await together(lambda: (entry_of("0"), [], []), first)
        seen["end"] = disk.since()
        await claims.claim(ClaimRequest("key", "1", 60.0, "m"))
        seen["suppressed"] = disk.since()
        await claims.claim(ClaimRequest("key", "1", 60.0, "m"))
        seen["suppressed before"] = disk.since()
        return seen

    assert asyncio.run(levels()) == {
        "enqueue": ["FULL"],
        "take": ["NORMAL"],
        "claim": ["NORMAL"],
        "mark": ["FULL"],
        "claim, with a retry": ["FULL"],
        "confirm": ["FULL"],
        "end": ["FULL"],
        "suppressed": ["NORMAL", "FULL"],
        "suppressed before": ["NORMAL"],
    }


def test_whether_to_wait_is_said_again_each_time(tmp_path: Path) -> None:
    """SQLite hears of each change of mind; a statement that is kept would say it once."""
    one = Database(tmp_path / "store.db", ManualClock())
    claims = SqliteClaims(one)
    levels = []

    async def level() -> int:
        number: int = await one.run(lambda connection, _: connection.execute("PRAGMA synchronous").fetchone()[0])
        return number

    async def course() -> None:
        for number in range(3):
            await claims.claim(ClaimRequest(str(number), str(number), 60.0, "m"))
            levels.append(one._connection.execute("PRAGMA synchronous").fetchone()[0])
            levels.append(await level())

    asyncio.run(course())
    one.close()
    assert levels == [1, 2] * 3
