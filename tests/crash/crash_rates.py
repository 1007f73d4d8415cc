"""Many processes, one key: one trigger a window, even when commits stand still. Many workers, one account: together
below its rate.

`python tests/crash/crash_rates.py [--seconds N]` prints these, and exits with 1 when one does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from crash_harness import end, ended, forked, sandbox_process, settings_in, steady
from crash_worker import TIMES, Job, Lines, accept, stores_of, work
from crash_world import FLOW, world
from destination_actions import AsyncRuntime
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, LedgerQuery
from destination_actions.stores import SqliteClaims, open_stores

PERIOD = 1
ONE = "user-001"
"""A person whose period is one second."""

STALLS, STALL = 0.3, (TIMES.send + TIMES.grace + PERIOD, 6.0)
"""How many of the commits of a mark stand still, and for how many seconds."""


class Timed:
    """Claims that write down when they were given and marked, so that a run that went wrong can be explained.

    With `stalls`, commits of marks stand still now and then, the file locked, as on a disk that is overwhelmed: for
    longer than a request may be under way, so that somebody else acts before whoever marked goes on.
    """

    def __init__(self, inner: SqliteClaims, lines: Lines, stalls: random.Random | None) -> None:
        self._inner = inner
        self._lines = lines
        self._stalls = stalls
        self._marking = False
        if stalls is not None:
            inner._database._connection.set_trace_callback(self._told)

    def _told(self, statement: str) -> None:
        if statement == "COMMIT" and self._marking and self._stalls and self._stalls.random() < STALLS:
            time.sleep(self._stalls.uniform(*STALL))

    def __getattr__(self, name: str) -> Any:
        """Everything else is the store's own."""
        return getattr(self._inner, name)

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """Claim; what is not given is not written down."""
        began, answer = steady()(), await self._inner.claim(request)
        if answer.claim is not None:
            self._add(request.delivery, answer.verdict.value, began)
        return answer

    async def mark_sent(self, claim: Claim) -> bool:
        """Mark."""
        began, self._marking = steady()(), True
        try:
            marked = await self._inner.mark_sent(claim)
        finally:  # a mark that took too long was cancelled; what this process commits afterwards does not stand still
            self._marking = False
        self._add(claim.delivery, "marked" if marked else "refused to mark", began)
        return marked

    def _add(self, of: str, step: str, began: float) -> None:
        at = steady()()
        self._lines.add({"of": of, "step": step, "at": at, "took": at - began})


def one_key(folder: Path, *, processes: int, seconds: float, stalls: bool = False) -> dict[str, Any]:
    """Let processes send new events of one person as fast as they can; the other side says what was executed."""

    def press(job: Job, number: int) -> None:
        async def main() -> None:
            stores = stores_of(job, None)
            assert isinstance(stores.claims, SqliteClaims)
            dice = random.Random(number) if stalls else None
            timed = Timed(stores.claims, Lines(folder / f"claims-{number}.ndjson"), dice)
            equipment: dict[str, Any] = {"stores": dataclasses.replace(stores, claims=timed), "busy_wait": 0}
            async with AsyncRuntime.from_config(job.load(), watchdog=None, **equipment) as runtime:
                until, n = time.monotonic() + seconds, 0
                while time.monotonic() < until:
                    n += 1
                    await runtime.send(event(f"p{number}-{n}", ONE, PERIOD))
            await stores.close()

        asyncio.run(main())

    executed = _served(folder, None, lambda job: [forked(lambda n=n: press(job, n)) for n in range(processes)])
    pairs = list(pairwise(sorted(executed, key=lambda one: one["at"])))
    gaps = [then["at"] - one["at"] for one, then in pairs]
    closest = pairs[gaps.index(min(gaps))] if pairs else ()
    result = {"processes": processes, "seconds": seconds, "triggers": len(executed)}
    steps = [json.loads(line) for path in folder.glob("claims-*.ndjson") for line in path.read_text().splitlines()]
    shortest, longest = min(gaps, default=math.inf), max(gaps, default=math.inf)
    result |= {"shortest_gap": round(shortest, 3), "longest_gap": round(longest, 3)}
    result |= {"longest_step": round(max(step["took"] for step in steps), 3)}
    return result | {"closest": " and ".join(_story(steps, one, closest[0]["at"]) for one in closest)}


def _story(lines: Sequence[dict[str, Any]], one: dict[str, Any], since: float) -> str:
    """When a trigger was claimed, marked and executed, in seconds from `since`; how long the store took for each."""
    steps = [
        (line["at"], f"{line['step']} in {line['took']:.3f} s") for line in lines if line["of"] == one["deliveryKey"]
    ]
    told = sorted([*steps, (one["at"], "executed")])
    return f"{one['messageId']} ({', '.join(f'{at - since:+.3f} {what}' for at, what in told)})"


def one_account(folder: Path, *, workers: int, events: int, limit: int = 20) -> dict[str, Any]:
    """Let workers drain a backlog; the sandbox enforces the account's limit and would answer 429."""
    batch = [event(f"m{n}", f"user-{n:03d}", 0) for n in range(events)]

    def start(job: Job) -> list[int]:
        return [forked(lambda: accept(job, [batch], 0)), *(forked(lambda n=n: work(job, n)) for n in range(workers))]

    executed = _served(folder, limit, start, settings={"executionsPerSecond": limit})
    times = sorted(one["at"] for one in executed)
    rate = (len(times) - 1) / (times[-1] - times[0])
    asked = json.loads((folder / "asked.json").read_text())
    result = {"workers": workers, "executed": len(times), "refused": asked - len(times)}
    return result | {"most_left_in_a_second": _most(left(folder)), "most_taken": _most(times), "rate": round(rate, 2)}


def left(folder: Path) -> list[float]:
    """When each request left, the refused ones too: as even as the machine lets them arrive, or a fault of ours."""

    async def read() -> list[float]:
        stores = open_stores(f"sqlite:{folder / 'state.db'}")
        entries = await stores.ledger.entries(LedgerQuery(limit=100_000))
        tries = [one for entry in entries for one in await stores.ledger.attempts(entry.key)]
        await stores.close()
        return sorted(exchange["at"] for one in tries for exchange in one.exchanges if exchange["method"] == "POST")

    return asyncio.run(read())


def _most(times: Sequence[float]) -> int:
    """The most in any second."""
    return max(sum(1 for at in times if start <= at < start + 1) for start in times)


def event(message: str, user: str, period: int) -> dict[str, Any]:
    """An order of a person."""
    return {"type": "track", "messageId": message, "userId": user, "properties": {"period": period, "flow": FLOW}}


def _served(
    folder: Path, limit: int | None, start: Callable[[Job], Sequence[int]], settings: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Run processes against a sandbox without faults; gives what it executed."""
    folder.mkdir()
    served = dataclasses.replace(world(400), creates_per_second=limit)
    steady()  # one clock for all that is forked
    server = sandbox_process(folder, served, 0, {})
    pids: Sequence[int] = ()
    try:
        job = Job(folder, (settings or {}) | settings_in(folder))
        job.load()
        pids = start(job)
        while not all([ended(pid) for pid in pids]):  # noqa: C419 - every ended child is to be reaped
            time.sleep(0.05)
        pids = ()
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
    finally:
        end([server, *pids])
    executed: list[dict[str, Any]] = json.loads((folder / "executed.json").read_text())
    return executed


def main() -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = one_key(Path(folder) / "key", processes=8, seconds=options.seconds)
        still = one_key(Path(folder) / "still", processes=8, seconds=options.seconds / 2, stalls=True)
        account = one_account(Path(folder) / "account", workers=4, events=400)
    held = key["shortest_gap"] >= PERIOD and key["longest_gap"] < 2 * PERIOD
    kept = still["shortest_gap"] >= PERIOD and still["triggers"] > 1 and still["longest_step"] >= STALL[0]
    below = account["most_taken"] <= 20 and account["executed"] == 400 and not account["refused"]
    verdicts = (("one key", key, held), ("commits that stand still", still, kept), ("one account", account, below))
    for name, result, right in verdicts:
        facts = ", ".join(f"{word.replace('_', ' ')} {figure}" for word, figure in result.items())
        sys.stdout.write(f"{name}: {facts}: {'as it should be' if right else 'FAILED'}\n")
    if account["refused"] and account["most_left_in_a_second"] <= 20:
        sys.stdout.write("the refused ones left evenly and arrived together: the machine has other work\n")
    sys.stdout.write("\n")
    return 0 if held and kept and below else 1


if __name__ == "__main__":
    sys.exit(main())
