"""Many processes, one key: one trigger a window. Many workers, one account: together below its rate.

`python tests/crash/crash_rates.py [--seconds N]` prints both, and exits with 1 when either does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
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
from crash_worker import Job, Lines, accept, stores_of, work
from crash_world import FLOW, world
from destination_actions import AsyncRuntime
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimStore

PERIOD = 1
ONE = "user-001"
"""A person whose period is one second."""


class Timed:
    """Claims that write down when they were given and marked, so that a run that went wrong can be explained."""

    def __init__(self, inner: ClaimStore, lines: Lines) -> None:
        self._inner = inner
        self._lines = lines

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
        began, marked = steady()(), await self._inner.mark_sent(claim)
        self._add(claim.delivery, "marked" if marked else "refused to mark", began)
        return marked

    def _add(self, of: str, step: str, began: float) -> None:
        at = steady()()
        self._lines.add({"of": of, "step": step, "at": at, "took": at - began})


def one_key(folder: Path, *, processes: int, seconds: float) -> dict[str, Any]:
    """Let processes send new events of one person as fast as they can; the other side says what was executed."""

    def press(job: Job, number: int) -> None:
        async def main() -> None:
            stores = stores_of(job, None)
            timed = Timed(stores.claims, Lines(folder / f"claims-{number}.ndjson"))
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
    closest = pairs[gaps.index(min(gaps))]
    result = {"processes": processes, "seconds": seconds, "triggers": len(executed)}
    result |= {"shortest_gap": round(min(gaps), 3), "longest_gap": round(max(gaps), 3)}
    return result | {"closest": " and ".join(_story(folder, one, closest[0]["at"]) for one in closest)}


def _story(folder: Path, one: dict[str, Any], since: float) -> str:
    """When a trigger was claimed, marked and executed, in seconds from `since`; how long the store took for each."""
    lines = [json.loads(line) for path in folder.glob("claims-*.ndjson") for line in path.read_text().splitlines()]
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
    most = max(sum(1 for at in times if start <= at < start + 1) for start in times)
    rate = (len(times) - 1) / (times[-1] - times[0])
    asked = json.loads((folder / "asked.json").read_text())
    result = {"workers": workers, "executed": len(times), "refused": asked - len(times)}
    return result | {"most_in_a_second": most, "rate": round(rate, 2)}


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
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = one_key(Path(folder) / "key", processes=8, seconds=options.seconds)
        account = one_account(Path(folder) / "account", workers=4, events=400)
    held = key["shortest_gap"] >= PERIOD and key["longest_gap"] < 2 * PERIOD
    below = account["most_in_a_second"] <= 20 and account["executed"] == 400 and not account["refused"]
    for name, result, right in (("one key", key, held), ("one account", account, below)):
        facts = ", ".join(f"{word.replace('_', ' ')} {figure}" for word, figure in result.items())
        sys.stdout.write(f"{name}: {facts}: {'as it should be' if right else 'FAILED'}\n")
    sys.stdout.write("\n")
    return 0 if held and below else 1


if __name__ == "__main__":
    sys.exit(main())
