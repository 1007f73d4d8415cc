"""Several processes on one file: one wins each key, all share one secret, and kill -9 loses nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions.protocols import ClaimRequest, Delivery, Verdict
from destination_actions.stores import Database, SqliteClaims, SqliteQueue
from destination_actions.testing.clock import ManualClock

Start = Callable[[str, str], "subprocess.Popen[str]"]

PRELUDE = """
import asyncio, json, os, sys
from pathlib import Path
from destination_actions.protocols import *
from destination_actions.stores import *
from destination_actions.testing.clock import ManualClock
path, name = sys.argv[1:]
clock = ManualClock()
clock.boot = "one boot for all processes"
"""

RACE = (
    PRELUDE
    + """
print("ready", flush=True)
sys.stdin.readline()
database = Database(Path(path), clock, busy=60.0)
claims, queue = SqliteClaims(database), SqliteQueue(database, clock)

async def race():
    asked = [claims.claim(ClaimRequest(str(n), f"{n} {name}", 60.0, name)) for n in range(200)]
    answers = await asyncio.gather(*asked)
    await queue.enqueue([Delivery(str(n), "d", "s", {}, 1.0) for n in range(200)])
    taken = []
    while leases := await queue.take(7, lease=60.0):
        taken += [lease.delivery.key for lease in leases]
    return [answer.claim.key for answer in answers if answer.claim], taken

won, taken = asyncio.run(race())
database.close()
print(json.dumps({"won": won, "taken": taken, "secret": database.secret.hex()}))
"""
)

HOLD = (
    PRELUDE
    + """
database = Database(Path(path), clock)
claims, queue = SqliteClaims(database), SqliteQueue(database, clock)

async def hold():
    for lease in await queue.take(10, lease=20.0):
        key = lease.delivery.key
        claim = (await claims.claim(ClaimRequest(key, key, 60.0, key))).claim
        if int(key) % 3:
            await claims.mark_sent(claim)
        if int(key) % 3 == 2:
            await claims.confirm(claim, key)
    print("holding", flush=True)
    if name == "idle":
        sys.stdin.readline()
    while True:  # until the parent kills: always in the middle of a commit
        await queue.enqueue([Delivery("noise", "d", "s", {"x": "x" * 5000}, 1.0)], delay=1e6)
        await database.run(lambda connection, _: connection.execute("DELETE FROM queue WHERE key = 'noise'"))

asyncio.run(hold())
"""
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Start processes and wait for their first line; whatever runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def started(script: str, name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, str(tmp_path / "store.db"), name]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None
        assert processes[-1].stdout.readline()
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        with process:
            process.communicate()


def test_four_processes_share_a_file(start: Start) -> None:
    """Four processes make one file at once; each key is won once, each delivery taken once, the secret is one."""
    processes = [start(RACE, str(n)) for n in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    results: list[dict[str, Any]] = [json.loads(process.communicate()[0]) for process in processes]
    expected = Counter(map(str, range(200)))
    assert sum((Counter(result["won"]) for result in results), Counter()) == expected
    assert sum((Counter(result["taken"]) for result in results), Counter()) == expected
    assert len({result["secret"] for result in results}) == 1


Held = tuple[subprocess.Popen[str], SqliteClaims, SqliteQueue, ManualClock]


@pytest.fixture
def held(request: pytest.FixtureRequest, start: Start, database: Callable[..., Database]) -> Held:
    """A process that has nine deliveries in hand: claimed, marked as sent, and confirmed."""
    clock = ManualClock()
    clock.boot = "one boot for all processes"
    one = database(clock)
    claims, queue = SqliteClaims(one), SqliteQueue(one, clock)
    asyncio.run(queue.enqueue([Delivery(str(n), "d", "s", {}, 1.0) for n in range(9)]))
    return start(HOLD, getattr(request, "param", "busy")), claims, queue, clock


async def verdicts(claims: SqliteClaims, numbers: Iterable[int]) -> list[Verdict]:
    """What claims on these keys are answered."""
    return [(await claims.claim(ClaimRequest(str(n), str(n), 60.0, str(n)))).verdict for n in numbers]


def test_a_killed_holder_loses_nothing(held: Held) -> None:
    """After kill -9 in the middle of a commit all comes back at once, as far as each had come; only what may still be
    on the wire is waited for, as long as that may take."""
    process, claims, queue, clock = held
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    async def again() -> None:
        clock.advance(1.0)
        leases = await queue.take(10, lease=20.0)
        assert {(str(n), 2, 1) for n in range(9)} == {(x.delivery.key, x.attempts, x.losses) for x in leases}
        assert [Verdict.GRANTED, Verdict.BUSY, Verdict.ALREADY_DONE] * 3 == await verdicts(claims, range(9))
        clock.advance(4.9)
        assert [Verdict.BUSY] * 3 == await verdicts(claims, (1, 4, 7))
        clock.advance(0.1)
        assert [Verdict.RESUME] * 3 == await verdicts(claims, (1, 4, 7))

    asyncio.run(again())


@pytest.mark.parametrize("held", ["idle"], indirect=True)
def test_a_frozen_holder_keeps_what_it_has(held: Held) -> None:
    """A process that stands still is not taken for dead: what it has in hand comes back when its leases are over."""
    _, claims, queue, clock = held

    async def again() -> None:
        clock.advance(9.9)
        assert [] == list(await queue.take(10, lease=20.0))
        assert [Verdict.BUSY] * 2 == await verdicts(claims, (0, 1))
        clock.advance(10.1)
        assert 9 == len(await queue.take(10, lease=20.0))

    asyncio.run(again())


def test_an_orderly_end_leaves_no_trace(database: Callable[..., Database], tmp_path: Path) -> None:
    """An opening that is closed takes its file along; what it still has in hand keeps its lease, and a file that a
    dead process left is removed."""
    clock = ManualClock()
    ours, other = database(clock), database(clock)

    async def leave() -> None:
        queue = SqliteQueue(other, clock)
        await queue.enqueue([Delivery("one", "d", "s", {}, 1.0)])
        assert 1 == len(await queue.take(1, lease=20.0))
        await other.aclose()
        (tmp_path / "store.db.open-0123456789abcdef").touch()
        for _ in range(3):
            clock.advance(1.0)
            assert [] == list(await SqliteQueue(ours, clock).take(1, lease=20.0))

    asyncio.run(leave())
    assert 1 == len(list(tmp_path.glob("store.db.open-*")))
    ours.close()
    assert [] == list(tmp_path.glob("store.db.open-*"))
