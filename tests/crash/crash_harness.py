"""Kills workers while they deliver, and lets a verifier compare what was promised, reported and done.

`python tests/crash/crash_harness.py [--events N] [--kills N] [--keys N] [--rule protocol|upstream]` runs it on
loopback. Everything that it starts, it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from crash_worker import Job, accept, work
from crash_world import CHANCES, events, world
from destination_actions_twilio_studio.sandbox import Sandbox, World

LONGEST = 900.0
"""Seconds after which a run is ended, whatever it has reached."""


@dataclass
class Victim:
    """A worker process and the pipe through which it tells that it took deliveries."""

    number: int
    pid: int
    pipe: int


@dataclass
class Harness:
    """One run."""

    job: Job
    kills: int
    workers: int = 4
    seed: int = 1
    killed: int = 0
    finished: bool = False
    victims: list[Victim] = field(default_factory=list)
    between: Callable[[], None] = lambda: None
    """Called again and again while workers are killed, to do harm elsewhere."""

    def run(self, batches: list[list[dict[str, Any]]]) -> None:
        """Accept, deliver, kill; returns when everything accepted has been seen to an end."""
        dice = random.Random(self.seed)
        acceptor = forked(lambda: accept(self.job, batches, 0.02))
        self.victims = [self._started(number) for number in range(self.workers)]
        try:
            self._kill_some(dice)
            self.finished = self._wait([acceptor, *(victim.pid for victim in self.victims)])
        finally:
            end([acceptor, *(victim.pid for victim in self.victims)])

    def _started(self, number: int) -> Victim:
        reader, writer = os.pipe()
        pid = forked(lambda: work(self.job, number, writer))
        os.close(writer)
        return Victim(number, pid, reader)

    def _kill_some(self, dice: random.Random) -> None:
        """Kill a worker 20 to 150 ms after it has taken a delivery, and start another in its place."""
        deadline = time.monotonic() + LONGEST
        while self.killed < self.kills and self.victims and time.monotonic() < deadline:
            pipes = {victim.pipe: victim for victim in self.victims}
            self.between()
            ready, _, _ = select.select(list(pipes), [], [], 5.0)
            telling = [pipe for pipe in ready if os.read(pipe, 4096)]
            if not telling:
                self.victims = [victim for victim in self.victims if victim.pipe not in ready]
                continue
            victim = pipes[dice.choice(telling)]
            time.sleep(dice.uniform(0.02, 0.15))
            os.kill(victim.pid, signal.SIGKILL)
            os.waitpid(victim.pid, 0)
            os.close(victim.pipe)
            self.killed += 1
            self.victims[self.victims.index(victim)] = self._started(victim.number)

    @staticmethod
    def _wait(pids: list[int]) -> bool:
        """Whether all of them came to their end in time."""
        deadline, left = time.monotonic() + LONGEST, set(pids)
        while left and time.monotonic() < deadline:
            left = {pid for pid in left if not ended(pid)}
            time.sleep(0.02)
        return not left


def forked(call: Callable[[], None]) -> int:
    """Run `call` in a process forked from this one, which has everything imported and nothing open."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        call()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid: int) -> bool:
    """Whether a child has ended; it is then reaped."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def end(pids: list[int]) -> None:
    """End the children that are still there."""
    for pid in pids:
        if not ended(pid):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def sandbox_process(folder: Path, served: World, seed: int, chances: dict[str, float]) -> int:
    """Serve the sandbox in a process of its own; it writes what it executed when it is told to end."""

    async def serve() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        sandbox = Sandbox(served, clock=steady())
        sandbox.faults.by_chance(chances, seed=seed)
        async with sandbox:
            (folder / "settings.tmp").write_text(json.dumps(sandbox.settings))
            (folder / "settings.tmp").rename(folder / "settings.json")
            await stop.wait()
            (folder / "asked.json").write_text(json.dumps(len(sandbox.ledger.of("create"))))
            (folder / "executed.json").write_text(json.dumps([_executed(one) for one in sandbox.executions]))

    return forked(lambda: asyncio.run(serve()))


@cache
def steady() -> Callable[[], float]:
    """Give a wall clock that nobody sets, so that the time between two executions is what went by.

    Processes that were forked after the first call have the same.
    """
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def settings_in(folder: Path) -> dict[str, Any]:
    """The settings that the sandbox writes down when it listens."""
    deadline = time.monotonic() + 30
    while not (folder / "settings.json").exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.01)
    settings: dict[str, Any] = json.loads((folder / "settings.json").read_text())
    return settings


def _executed(execution: Any) -> dict[str, Any]:
    parameters = execution.data
    return {"messageId": parameters["messageId"], "deliveryKey": parameters["deliveryKey"], "at": execution.created}


def crash(
    folder: Path, *, count: int, keys: int = 60, kills: int, rule: str = "protocol", seed: int = 1, batch: int = 20
) -> dict[str, Any]:
    """Run once in `folder`; gives the verifier's counts and findings, with the number of kills."""
    server = sandbox_process(folder, world(keys), seed, CHANCES)
    try:
        settings = settings_in(folder)
        job = Job(folder, settings, rule)
        job.load()
        all_events = list(events(count, keys, seed))
        harness = Harness(job, kills, seed=seed)
        harness.run([all_events[at : at + batch] for at in range(0, len(all_events), batch)])
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
    finally:
        end([server])
    command = [sys.executable, str(Path(__file__).with_name("crash_verify.py")), str(folder)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    made = {"rule": rule, "seed": seed, "kills": harness.killed, "finished": harness.finished}
    return made | json.loads(verified.stdout)


def main() -> int:
    """Run as told; exit 0 when the protocol has no findings (and a wrong rule has some)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=8000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--rule", choices=("protocol", "upstream"), default="protocol")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        result = crash(
            Path(folder),
            count=options.events,
            keys=options.keys,
            kills=options.kills,
            rule=options.rule,
            seed=options.seed,
        )
    result["seconds"] = round(time.monotonic() - started, 1)
    wrong = verdict(result, options.kills)
    sys.stdout.write(f"{shown(result)}\n{'FAILED: ' + wrong if wrong else 'as it should be'}\n\n")
    return 1 if wrong else 0


def verdict(result: dict[str, Any], kills: int) -> str:
    """What is wrong with a run, or nothing. A wrong rule has to show what it is known for."""
    found = {name for name, count in result["findings"].items() if count}
    if result["kills"] < kills:
        return f"only {result['kills']} of {kills} kills were made in time"
    if not result["finished"]:
        return f"it did not come to its end in {LONGEST:g} s; what it calls lost may still have been waiting"
    if result["rule"] == "protocol":
        return "the ledgers do not balance" if found else ""
    missed = {"duplicates", "unjustified_suppressions"} - found
    return f"the wrong rule went unnoticed in {', '.join(sorted(missed))}" if missed else ""


def shown(result: dict[str, Any]) -> str:
    """The result for people."""
    head = f"four workers on one file, rule {result['rule']}, seed {result['seed']}: {result['kills']} kills"
    rows = [f"{head}, {result['seconds']} s"]
    rows += [f"  {name:26} {count:>7,}" for name, count in result["counts"].items()]
    rows += ["findings:", *(f"  {name:26} {count:>7,}" for name, count in result["findings"].items())]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
