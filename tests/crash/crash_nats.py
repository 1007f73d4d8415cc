"""Kills workers, and one server of three at a time, while they deliver; and lets the same verifier compare.

`python tests/crash/crash_nats.py [--events N] [--kills N] [--server-kills N] [--sync always|2m]` runs it on loopback:
three NATS servers, four workers, and the sandbox with its faults. Everything that it starts, it ends. For every server
that was killed it prints for how long nothing was executed afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "nats"))

from crash_harness import Harness, end, sandbox_process, settings_in
from crash_worker import Job
from crash_world import CHANCES, events, world
from destination_actions.stores.nats.address import parse
from destination_actions.stores.nats.opening import connected
from destination_actions.stores.nats.streams import Names, carry_out, found, steps
from nats_servers import BINARY, WHY_NOT, Cluster, Server

NAME = "crash"
DOWN = 4.0
"""Seconds for which a killed server stays away."""

APART = 12.0
"""Seconds between two kills of servers, so that the cluster is whole again in between."""

PACE = 0.8
"""Seconds between two kills of workers, besides the time until one has taken something."""

LOOK = 15.0
"""Seconds after a kill in which the longest pause is looked for."""


@dataclass
class ServerKiller:
    """Kills the leader of the queue, of the claims, and any server, in turn; each comes back after a while."""

    cluster: Cluster
    names: Names
    most: int
    dice: random.Random
    killed: list[dict[str, Any]] = field(default_factory=list)
    down: Server | None = None
    next_at: float = 0.0

    def __call__(self) -> None:
        """Do what is due; and let a worker live for a while, so that servers die in between."""
        time.sleep(PACE)
        now = time.monotonic()
        if self.down is not None:
            if now >= self.next_at:
                self.down.start(wait=False)
                self.down, self.next_at = None, now + APART - DOWN
        elif len(self.killed) < self.most and now >= self.next_at and self._whole():
            turn = ("queue", "claims", "any")[len(self.killed) % 3]
            self.down = self._victim(turn)
            self.killed.append({"at": time.time(), "leader_of": turn, "server": self.down.name})
            self.down.kill()
            self.next_at = now + DOWN

    def _whole(self) -> bool:
        return all(server.look("healthz").get("status") == "ok" for server in self.cluster.servers)

    def _victim(self, turn: str) -> Server:
        if turn == "any":
            return self.dice.choice(self.cluster.servers)
        return self.cluster.leader_of(self.names.queue if turn == "queue" else self.names.claims)

    def finish(self) -> None:
        """Bring back who is away."""
        if self.down is not None:
            self.down.start(wait=False)
            self.down = None


def set_up(url: str) -> Names:
    """Make the streams, three copies of each."""
    link = connected(parse(url))
    try:
        names = Names(link.address.name)
        for step in steps(link.wait(found(link.wire, names)), names, replicas=3):
            link.wait(carry_out(link.wire, step))
    finally:
        link.close()
    return names


def pauses(killed: Sequence[dict[str, Any]], executed: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """For each kill, for how many seconds nothing was executed within the time that is looked at."""
    times = sorted(one["at"] for one in executed)
    for kill in killed:
        before = [at for at in times if at <= kill["at"]][-1:]
        after = [*before, *(at for at in times if kill["at"] < at <= kill["at"] + LOOK)]
        gaps = [late - early for early, late in pairwise(after)]
        yield {"server": kill["server"], "leader_of": kill["leader_of"], "pause": round(max(gaps, default=LOOK), 2)}


def crash(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run once in `folder`; gives the verifier's counts and findings, the kills and the pauses."""
    cluster = Cluster(folder / "nats", sync=options.sync)
    server = sandbox_process(folder, world(options.keys), options.seed, CHANCES)
    try:
        cluster.start()
        url = f"{cluster.url}/{NAME}"
        names = set_up(url)
        job = Job(folder, settings_in(folder), url=url)
        job.load()
        killer = ServerKiller(cluster, names, options.server_kills, random.Random(options.seed))
        harness = Harness(job, options.kills, seed=options.seed, between=killer)
        everything = list(events(options.events, options.keys, options.seed))
        started = time.monotonic()
        harness.run([everything[at : at + 20] for at in range(0, len(everything), 20)])
        seconds = time.monotonic() - started
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
    finally:
        end([server])
        cluster.end()
    command = [sys.executable, str(Path(__file__).with_name("crash_verify.py")), str(folder)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    executed = json.loads((folder / "executed.json").read_text())
    return {
        "seed": options.seed,
        "kills": harness.killed,
        "server_kills": len(killer.killed),
        "seconds": round(seconds, 1),
        "recovery": list(pauses(killer.killed, executed)),
        **json.loads(verified.stdout),
    }


def main() -> int:
    """Run as told; exit 0 when nothing was found and everything was killed as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--server-kills", type=int, default=6)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument(
        "--sync", default="2m", help="always syncs each write: slower, and no kill of a process can tell"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="keep everything below this folder, to look at")
    options = parser.parse_args()
    if BINARY is None:
        sys.stdout.write(f"{WHY_NOT}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        result = crash(Path(options.folder or folder), options)
    sys.stdout.write(json.dumps(result) + "\n")
    few = result["kills"] < options.kills or result["server_kills"] < options.server_kills
    return int(any(result["findings"].values()) or few)


if __name__ == "__main__":
    sys.exit(main())
