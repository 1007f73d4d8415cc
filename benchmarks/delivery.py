"""Deliveries end to end, and how soon a worker is back: accepted on disk, claimed, sent, recorded, acknowledged.

    python benchmarks/delivery.py [--events N] [--pending N] [--json]

Three figures, each with the installed command as a process, a SQLite file and real HTTP on loopback:

* events a second from the first call to `destinations serve` to the last request of its worker, one request an event,
  and in batches of a hundred;
* the same for `destinations work` alone, draining what waits;
* with so many pending, after a `kill -9`: seconds from starting the worker to its first delivery, and from starting
  `serve` to its first 200.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from destination_actions import AsyncRuntime
from sink import Sink, sink

COMMAND = str(Path(sys.executable).with_name("destinations"))
KEY = "benchmark-key-0123456789"


def configuration(folder: Path, url: str, *, batched: bool) -> Path:
    """One source, one webhook."""
    mapping = {"url": f"{url}/hook", "data": {"id": {"@path": "$.messageId"}}, "enable_batching": batched}
    subscription = {"name": "All", "subscribe": 'type = "track"', "action": "send", "mapping": mapping}
    hook = {"destination": "webhook", "settings": {"allowNetworks": ["127.0.0.0/8"]}, "subscriptions": [subscription]}
    path = folder / "destinations.json"
    sources = {"web": {"writeKey": KEY}}
    path.write_text(json.dumps({"stores": "sqlite:s.db", "sources": sources, "destinations": {"hook": hook}}))
    return path


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs; killed at the end."""
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def events(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Events of 0.7 KB."""
    return [
        {"type": "track", "event": "E", "messageId": f"m{n}", "userId": f"u{n}", "properties": {"note": "x" * 500}}
        for n in range(first, first + count)
    ]


def call(url: str, path: str, body: Any) -> int:
    """Send one call; its status."""
    key = b64encode(f"{KEY}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def until(target: Sink, items: int) -> dict[str, Any]:
    """Wait until so many events have come; when the first and the last one did."""
    while (seen := target.seen())["items"] < items:
        time.sleep(0.05)
    return seen


def listening(server: subprocess.Popen[str]) -> str:
    """Where the server listens."""
    assert server.stderr is not None
    return str(json.loads(server.stderr.readline())["url"])


def end_to_end(count: int, *, batched: bool) -> float:
    """Events a second from the first call to the last request."""
    with tempfile.TemporaryDirectory() as folder, sink() as target:
        config = configuration(Path(folder), target.url, batched=batched)
        with process(COMMAND, "serve", str(config), "--port", "0") as server:
            url = listening(server)
            began = time.time()
            for first in range(0, count, 100):
                call(url, "/v1/batch", {"batch": events(min(100, count - first), first)})
            return count / (until(target, count)["last"] - began)


def filled(config: Path, count: int) -> None:
    """Have so many events wait."""

    async def enqueue() -> None:
        async with AsyncRuntime.from_config(config, watchdog=None) as runtime:
            for first in range(0, count, 1000):
                await runtime.enqueue(events(min(1000, count - first), first))

    asyncio.run(enqueue())


def drained(count: int) -> tuple[float, float]:
    """Events a second of a worker that finds them waiting, from its first request to its last; and the milliseconds of
    processor time that it takes for each, besides those for its start, whatever else the machine does."""
    began = processor()
    started([COMMAND, "list"])
    bare = processor() - began
    with tempfile.TemporaryDirectory() as folder, sink() as target:
        config = configuration(Path(folder), target.url, batched=False)
        filled(config, count)
        began = processor()
        with process(COMMAND, "work", str(config)):
            seen = until(target, count)
        used = processor() - began - bare
        return count / (seen["last"] - seen["first"]), 1000 * used / count


def processor() -> float:
    """Seconds of processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def recovery(pending: int) -> dict[str, float]:
    """Kill a worker with so many pending, and time the next one and a server."""
    with tempfile.TemporaryDirectory() as folder, sink() as target:
        config = configuration(Path(folder), target.url, batched=False)
        filled(config, pending)
        with process(COMMAND, "work", str(config)) as worker:
            until(target, 200)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        bare = started([COMMAND, "list"])
        target.seen(anew=True)
        began = time.time()
        with process(COMMAND, "work", str(config)):
            first = until(target, 1)["first"] - began
        with process(COMMAND, "serve", str(config), "--port", "0", "--no-worker") as server:
            began = time.time()
            call(listening(server), "/v1/track", {"event": "E", "userId": "u", "messageId": "new"})
            accepted = time.time() - began
        return {"firstDelivery": round(first, 2), "firstAccept": round(accepted, 2), "start": round(bare, 2)}


def started(command: Sequence[str]) -> float:
    """Seconds that the command takes to do next to nothing."""
    began = time.time()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.time() - began


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--pending", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    a_second, milliseconds = drained(options.events)
    result = {
        "servedAndDelivered": round(end_to_end(options.events, batched=False)),
        "servedAndDeliveredInBatches": round(end_to_end(options.events, batched=True)),
        "drained": round(a_second),
        "processorMilliseconds": round(milliseconds, 2),
        "recovery": recovery(options.pending),
    }
    if options.json:
        print(json.dumps(result))
        return
    found = result["recovery"]
    print(f"accepted and delivered, one request each:   {result['servedAndDelivered']:8,} events/s")
    print(f"accepted and delivered, in batches of 100:  {result['servedAndDeliveredInBatches']:8,} events/s")
    print(f"a queue drained by `work`, one request each:{result['drained']:8,} events/s,")
    print(f"with {result['processorMilliseconds']} ms of processor time for each")
    print(f"after kill -9 with {options.pending:,} pending: first delivery {found['firstDelivery']} s after the start,")
    print(f"first 200 of `serve` after {found['firstAccept']} s; starting the command alone takes {found['start']} s")


if __name__ == "__main__":
    main()
