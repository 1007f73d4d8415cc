"""Several processes on one file: one wins each key, all share one secret, and kill -9 loses nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
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


def test_a_killed_holder_loses_nothing(start: Start, database: Callable[..., Database]) -> None:
    """After kill -9 in the middle of a commit all comes back: granted, resumed or done, as far as each had come."""
    clock = ManualClock()
    clock.boot = "one boot for all processes"
    one = database(clock)
    claims, queue = SqliteClaims(one), SqliteQueue(one, clock)
    asyncio.run(queue.enqueue([Delivery(str(n), "d", "s", {}, 1.0) for n in range(9)]))
    process = start(HOLD, "victim")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    async def again() -> dict[str, tuple[int, Verdict]]:
        assert list(await queue.take(10, lease=20.0)) == []
        clock.advance(20.0)
        leases = [lease for lease in await queue.take(10, lease=20.0) if lease.delivery.key != "noise"]
        answers = [
            await claims.claim(ClaimRequest(key, key, 60.0, key)) for key in (one.delivery.key for one in leases)
        ]
        return {x.delivery.key: (x.attempts, y.verdict) for x, y in zip(leases, answers, strict=True)}

    expected = (Verdict.GRANTED, Verdict.RESUME, Verdict.ALREADY_DONE)
    assert asyncio.run(again()) == {str(n): (2, expected[n % 3]) for n in range(9)}
