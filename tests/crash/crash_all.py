"""Kills ingest servers, workers and the sandbox, at named points and at random, and balances four ledgers afterwards.

    python tests/crash/crash_all.py [--events N] [--kills N] [--keys N] [--seed N] [--every SECONDS]
                                    [--rule protocol|upstream|ack-first|answer-first|send-again]

Two callers send events over HTTP to two servers, three workers deliver them to one sandbox. Every so often one of these
processes is killed, and every other time its successor dies by itself at a named point. Prints a table, and ends with
exit code 1 when the protocol has a finding or a point was never reached, or when a wrong rule has none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import crash_ingest
import crash_sandbox
from crash_balance import lines
from crash_harness import end, ended, forked, settings_in
from crash_points import POINTS, Trap, TrappedEngine, Trapping, chosen
from crash_worker import TIMES, Lines
from crash_world import mixed_config, mixed_events, world
from destination_actions import AsyncRuntime
from destination_actions.stores import SystemClock, open_stores

ROLES = {"ingest": 2, "worker": 3, "sandbox": 1}
WEIGHTS = {"ingest": 4, "worker": 15, "sandbox": 2}
"""How often each role is killed: the workers have most of the points."""
RULES = {
    "protocol": (),
    "upstream": ("duplicates", "unjustified_suppressions"),
    "ack-first": ("lost",),
    "answer-first": ("lost",),
    "send-again": ("duplicates",),
}
"""The rules, and what the balance has to show of those that are wrong."""
LONGEST = 3600.0
AGAIN = 0.5
"""How likely it is that the successor of a process that died at a point dies at one too."""
OLD_ROWS = 500
BATCH = 10
BEHIND = 500
"""Waiting deliveries over which nobody is killed, and nothing is fed: where a machine has other things to do, processes
would else die faster than they start, and the queue would only grow."""
LOOK = 3.0
"""Seconds between looks at how many wait."""


@dataclass
class Process:
    """A process of a role. `armed` is the point at which it dies by itself, if it is one that does."""

    role: str
    number: int
    pid: int
    started: float
    armed: str = ""


@dataclass
class Run:
    """One run in a folder."""

    folder: Path
    kills: int
    every: float
    seed: int
    rule: str
    keys: int
    random_kills: int = 0
    behind: bool = False
    hits: Counter[str] = field(default_factory=Counter)
    processes: list[Process] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.points = self.folder / "points.ndjson"

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config.json"

    @property
    def killed(self) -> int:
        """Kills so far, of both kinds."""
        return self.random_kills + self.hits.total()

    # --- processes ---------------------------------------------------------------------------------------------------

    def start(self, role: str, number: int, armed: str = "") -> Process:
        """Start a process, with or without a trap."""
        passes = self.dice.choice((1, 1, 2, 3, 5, 8, 13))
        seed = self.dice.randrange(2**31)
        pid = forked(lambda: self._body(role, number, Trap(Lines(self.points), armed, passes), seed))
        return Process(role, number, pid, time.monotonic(), armed)

    def _body(self, role: str, number: int, trap: Trap, seed: int) -> None:
        random.seed(seed)
        if "pruned" in trap.name:
            age(self.folder / "state.db", f"{os.getpid()}")
        bodies: dict[str, Callable[[], None]] = {
            "sandbox": lambda: crash_sandbox.serve(self.folder, world(self.keys), seed, trap, self.ports[-2:]),
            "ingest": lambda: crash_ingest.serve(self.config, self.ports[number], trap, self.rule),
            "worker": lambda: asyncio.run(work(self.config, trap, self.rule)),
        }
        with (self.folder / f"{role}.log").open("a") as log:
            os.dup2(log.fileno(), 2)
            bodies[role]()

    def begin(self, make_store: Callable[[], None]) -> None:
        """Start the sandbox, write the configuration, make the store, start the rest."""
        self.ports = free_ports(ROLES["ingest"] + 2, random.Random())  # not those of another run with this seed
        self.processes.append(self.start("sandbox", 0))
        store = f"trapped:{self.folder / 'state.db'}"
        policy = "retry" if self.rule == "send-again" else "reconcile"
        value = mixed_config(settings_in(self.folder), store, crash_ingest.KEY, policy)
        self.config.write_text(json.dumps(value))
        make_store()
        for role in ("ingest", "worker"):
            self.processes += [self.start(role, number) for number in range(ROLES[role])]

    def feed(self, events: list[dict[str, Any]]) -> list[int]:
        """Start the callers; they spread the events over the time that the kills take."""
        batches = [events[at : at + BATCH] for at in range(0, len(events), BATCH)]
        gap = 1.5 * self.kills * self.every / len(batches)
        halves = {"one": batches[::2], "two": batches[1::2]}
        return [
            forked(lambda name=name, part=part: crash_ingest.feed(self.folder, name, part, self.ports[:-2], gap))
            for name, part in halves.items()
        ]

    # --- killing -----------------------------------------------------------------------------------------------------

    def kill_until_enough(self, deadline: float) -> None:
        """Kill, and replace whatever has died, until there were enough kills."""
        following = looked = time.monotonic()
        while self.killed < self.kills and time.monotonic() < deadline:
            self.replace_dead()
            if time.monotonic() >= looked + LOOK:
                looked = time.monotonic()
                self._look()
            if time.monotonic() >= following and not self.behind:
                following = time.monotonic() + self.dice.uniform(0.5, 1.5) * self.every
                self._kill_one()
            time.sleep(0.005)

    def _look(self) -> None:
        """Have callers and killer wait while the workers are behind."""
        self.behind = waiting(self.folder) > BEHIND
        flag = self.folder / crash_ingest.BEHIND
        flag.touch() if self.behind else flag.unlink(missing_ok=True)

    def _kill_one(self) -> None:
        role = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        calm = [one for one in self.processes if one.role == role and self._may_die(one)]
        if not calm:
            return
        victim = self.dice.choice(calm)
        os.kill(victim.pid, signal.SIGKILL)
        os.waitpid(victim.pid, 0)
        self.random_kills += 1
        self.processes[self.processes.index(victim)] = self.start(role, victim.number, self._point(role))

    def _may_die(self, one: Process) -> bool:
        """A process with a trap has some seconds to reach it."""
        return not one.armed or time.monotonic() > one.started + 4.0

    def replace_dead(self) -> None:
        """Start a process for each that has died, and count the traps that sprang."""
        for at, one in enumerate(self.processes):
            code = exit_code(one.pid)
            if code is None:
                continue
            if code != -signal.SIGKILL:
                log = (self.folder / f"{one.role}.log").read_text()
                raise RuntimeError(f"{one.role} {one.number} ended by itself with {code}: {log[-2000:]}")
            self.hits = Counter(line["point"] for line in lines(self.points))
            again = not self.behind and self.killed < self.kills and self.dice.random() < AGAIN
            self.processes[at] = self.start(one.role, one.number, self._point(one.role) if again else "")

    def _point(self, role: str) -> str:
        return chosen(role, self.hits, self.dice)

    # --- the end -----------------------------------------------------------------------------------------------------

    def settle(self, feeders: list[int], deadline: float) -> bool:
        """Let everything come to its end: the callers, then the queue; nobody is killed any more. False: too late."""
        feeding = set(feeders)
        while time.monotonic() < deadline:
            self.replace_dead()
            feeding = {pid for pid in feeding if not ended(pid)}
            if not feeding and waiting(self.folder) == 0:
                return True
            time.sleep(0.1)
        return False

    def stop(self, feeders: list[int]) -> None:
        """Ask every process to end, the sandbox last; end what does not."""
        for role in ("ingest", "worker", "sandbox"):
            pids = [one.pid for one in self.processes if one.role == role]
            for pid in pids:
                if not ended(pid):
                    os.kill(pid, signal.SIGTERM)
            patience = time.monotonic() + 10.0
            while time.monotonic() < patience and not all([ended(pid) for pid in pids]):  # noqa: C419 - reaps all
                time.sleep(0.02)
            end(pids)
        end(feeders)


async def work(config: Path, trap: Trap, rule: str) -> None:
    """Deliver until told to end, as `destinations work` does it."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    equipment: dict[str, Any] = {"times": TIMES, "plugins": [Trapping(trap, rule)], "watchdog": None}
    async with AsyncRuntime.from_config(config, http=TrappedEngine(trap), **equipment) as runtime:
        await runtime.work(stop, concurrency=8, drain=5.0, poison_after=10**6)


def exit_code(pid: int) -> int | None:
    """With which code a child has ended, the number of a signal negated; None while it runs. It is then reaped."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def make_store(folder: Path) -> None:
    """Make the file, with rows so old that retention removes them."""

    async def main() -> None:
        stores = open_stores(f"sqlite:{folder / 'state.db'}", clock=SystemClock(), times=TIMES)
        await stores.close()

    asyncio.run(main())
    age(folder / "state.db", "first")


def age(path: Path, name: str) -> None:
    """Put rows into a store that are so old that the next pruning removes them."""
    with closing(sqlite3.connect(path, timeout=60.0)) as connection:
        numbers = [(f"old-{name}-{n}",) for n in range(OLD_ROWS)]
        connection.executemany("INSERT INTO journal (delivery, mark, touched) VALUES (?, 2, 1.0)", numbers)
        connection.executemany("INSERT INTO windows VALUES (?, 2, 'old', 'old', 'old', 0, 1.0, NULL, 1.0)", numbers)
        connection.executemany(
            "INSERT INTO ledger (key, state, reason, destination, subscription, action, message, at, accepted, seconds,"
            " generation, attempts, pin, details, people, tries)"
            " VALUES (?, 'delivered', 'confirmed', 'old', 'old', 'old', 'old', 1, 1, 0, 0, 1, '', '{}', '[]', '[]')",
            numbers,
        )
        connection.commit()


def free_ports(count: int, dice: random.Random) -> list[int]:
    """Ports on loopback that nobody has. Below those that the system gives to callers: a server that is started anew
    needs the same port again, and one of many callers may have it by then."""
    found: list[int] = []
    while len(found) < count:
        port = dice.randrange(20_000, 32_000)
        with socket.socket() as one:
            if port not in found and one.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


def waiting(folder: Path) -> int:
    """How many deliveries the queue holds; read by a process of its own, since more may be forked from this one."""
    path = folder / "state.db"
    script = (
        f"import sqlite3; print(sqlite3.connect({str(path)!r}).execute('SELECT count(*) FROM queue').fetchone()[0])"
    )
    return int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def crash(folder: Path, *, count: int, keys: int, kills: int, every: float, seed: int, rule: str) -> dict[str, Any]:
    """Run once in `folder`; gives what the balance says, and which kills there were."""
    began = time.monotonic()
    run = Run(folder, kills, every, seed, rule, keys)
    feeders: list[int] = []
    finished = False
    try:
        run.begin(lambda: waited_for(lambda: make_store(folder)))
        feeders = run.feed(list(mixed_events(count, keys, seed)))
        run.kill_until_enough(began + LONGEST)
        (folder / crash_ingest.BEHIND).unlink(missing_ok=True)
        last = time.monotonic()
        finished = run.settle(feeders, began + LONGEST)
        settled = time.monotonic()
        run.replace_dead()
    finally:
        run.stop(feeders)
    command = [sys.executable, str(Path(__file__).with_name("crash_balance.py")), str(folder)]
    balance = subprocess.run(command, capture_output=True, text=True, check=False)
    if not balance.stdout:
        raise RuntimeError(balance.stderr)
    return {
        "rule": rule,
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "seconds after the last kill": round(settled - last, 1),
        "finished": finished,
        "kills": run.killed,
        "random kills": run.random_kills,
        "points": {point: run.hits[point] for points in POINTS.values() for point in points},
        "calls": sum(line["sent"] for line in lines(folder / "calls.ndjson")),
        **json.loads(balance.stdout),
    }


def waited_for(call: Callable[[], None]) -> None:
    """Make a call in a child, so that this process stays one that has opened nothing."""
    if os.waitstatus_to_exitcode(os.waitpid(forked(call), 0)[1]):
        raise RuntimeError("a preparation failed")


def shown(result: dict[str, Any]) -> str:
    """The result for people."""
    rows = [f"rule {result['rule']}, seed {result['seed']}: {result['seconds']} s, {result['calls']} calls of ingest"]
    rows += [f"  {'seconds after the last kill':42} {result['seconds after the last kill']:>7}"]
    rows += [f"  {name:42} {count:>7,}" for name, count in result["counts"].items()]
    rows += [f"kills: {result['kills']:,}, of them {result['random kills']:,} at random and at these points:"]
    rows += [f"  {point:42} {count:>7,}" for point, count in result["points"].items()]
    rows += ["findings:"]
    rows += [f"  {name:42} {count:>7,}" for name, count in result["findings"].items()]
    rows += [f"  for example {name}: {some}" for name, some in result["examples"].items()]
    return "\n".join(rows)


def verdict(result: dict[str, Any], kills: int) -> str:
    """What is wrong with a run, or nothing."""
    found = any(result["findings"].values())
    if result["kills"] < kills:
        return f"only {result['kills']} of {kills} kills were made in time"
    if not result["finished"]:
        return f"it did not come to its end in {LONGEST:g} s; what it calls lost may still have been waiting"
    if result["rule"] != "protocol":
        unseen = [name for name in RULES[result["rule"]] if not result["findings"][name]]
        return f"a wrong rule went unnoticed in {', '.join(unseen)}" if unseen else ""
    missed = [point for point, count in result["points"].items() if not count] if kills >= 500 else []
    if found:
        return "the ledgers do not balance"
    return f"points that were never reached: {', '.join(missed)}" if missed else ""


def main() -> int:
    """Run as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_200)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--every", type=float, default=0.3, help="seconds between two kills at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", choices=RULES, default="protocol")
    parser.add_argument("--keep", type=Path, help="an empty folder to run in, which is left as it is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        result = crash(
            options.keep or Path(temporary),
            count=options.events,
            keys=options.keys,
            kills=options.kills,
            every=options.every,
            seed=options.seed,
            rule=options.rule,
        )
    wrong = verdict(result, options.kills)
    sys.stdout.write(f"{shown(result)}\n{'FAILED: ' + wrong if wrong else 'as it should be'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
