"""How fast the stores are: claim cycles, enqueues, deliveries; in memory and in a SQLite file that survives power loss.

    python benchmarks/stores.py [FOLDER] [--json]

A claim cycle is claim, mark_sent and confirm, each of them durable before it returns. FOLDER is where the file is made
(the system's temporary folder by default); what is measured there is that disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from destination_actions.protocols import ClaimRequest, Delivery, Stores
from destination_actions.stores import open_stores
from destination_actions.stores.claims_memory import JOURNAL_SIZE

EVENT = {"type": "track", "event": "Order Completed", "properties": {"text": "x" * 1800}}
_numbers = count()


async def rate(operations: Iterator[Awaitable[object]], concurrency: int) -> float:
    """Run operations, so many at a time; gives how many a second."""
    done = 0

    async def worker() -> None:
        nonlocal done
        for operation in operations:
            await operation
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return done / (time.perf_counter() - began)


async def cycle(stores: Stores, number: int) -> None:
    """Claim, mark and confirm one delivery on a key of its own."""
    digest = f"{number:064x}"
    claim = (await stores.claims.claim(ClaimRequest(digest, digest, 60.0, f"message {number}"))).claim
    assert claim is not None
    await stores.claims.mark_sent(claim)
    await stores.claims.confirm(claim, {"sid": f"FN{number:032x}"})


async def enqueue(stores: Stores, number: int) -> None:
    """Enqueue one delivery of about 1.9 KB."""
    await stores.queue.enqueue([Delivery(f"{number:064x}", "destination", "subscription", EVENT, time.time())])


async def deliver_all(stores: Stores) -> None:
    """Take deliveries, 64 at a time, and ack each for itself."""
    while leases := await stores.queue.take(64, lease=30.0):
        await asyncio.gather(*(stores.queue.ack(lease) for lease in leases))


async def figures(stores: Stores, scale: int) -> AsyncIterator[tuple[str, float]]:
    """Measure everything on one set of stores."""
    for concurrency in (1, 64):
        cycles = (cycle(stores, next(_numbers)) for _ in range(scale * (1 if concurrency == 1 else 8)))
        yield f"claim cycles/s, {concurrency} at a time", await rate(cycles, concurrency)
    for concurrency in (1, 64):
        puts = (enqueue(stores, next(_numbers)) for _ in range(scale * (1 if concurrency == 1 else 20)))
        yield f"enqueues/s, {concurrency} at a time", await rate(puts, concurrency)
    began = time.perf_counter()
    await deliver_all(stores)
    yield "take and ack/s", scale * 21 / (time.perf_counter() - began)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Stores]:
    """Open stores and close them."""
    stores = open_stores(url)
    try:
        yield stores
    finally:
        await stores.close()


async def measure(url: str, scale: int, tell: Callable[[str, float], None]) -> dict[str, float]:
    """Measure the stores of one URL."""
    results: dict[str, float] = {}
    async with opened(url) as stores:
        async for name, figure in figures(stores, scale):
            results[name] = round(figure)
            tell(name, figure)
    return results


async def forgetful(scale: int, tell: Callable[[str, float], None]) -> dict[str, float]:
    """Measure claims in memory whose journal is full, so that each new delivery pushes the oldest out."""
    async with opened("memory:") as stores:
        await rate((cycle(stores, next(_numbers)) for _ in range(JOURNAL_SIZE)), 1)
        cycles = (cycle(stores, next(_numbers)) for _ in range(scale * 100))
        figure = await rate(cycles, 1)
    name = "claim cycles/s, journal full"
    tell(name, figure)
    return {name: round(figure)}


def main() -> None:
    """Measure both kinds of stores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where the SQLite file is made")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--scale", type=int, default=1000, help="operations measured one at a time (1000)")
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for kind, url in (("memory", "memory:"), ("sqlite", f"sqlite:{folder}/stores.db")):

            def tell(name: str, figure: float, kind: str = kind) -> None:
                if not options.json:
                    print(f"{kind:7} {name:32} {figure:12,.0f}", flush=True)

            results[kind] = asyncio.run(measure(url, options.scale, tell))
            if kind == "memory":
                results[kind] |= asyncio.run(forgetful(options.scale, tell))
    if options.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
