"""What one destination that never answers does to nine others: their latencies with it and without it.

    python benchmarks/isolation.py [--rate EVENTS_A_SECOND] [--seconds S] [--rounds N] [--json]

One worker, one SQLite file, ten configured destinations with an account each, over real HTTP on loopback. Every event
goes to all ten. Rounds alternate: all ten answer at once; then the tenth accepts connections and never answers. The
latency is the time from accepting an event to its delivery being recorded, of the nine alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

from destination_actions import (
    Accepted,
    Action,
    AsyncRuntime,
    Context,
    Destination,
    FieldSet,
    Outcome,
    accepted,
    hookimpl,
)
from destination_actions import field as declare
from destination_actions.config import Config, config_from_python
from sink import Sink, sink

NUMBERS = count()


class Settings(FieldSet):
    """Where it is."""

    url: str = declare("URL", "Where requests go.")


class Note(FieldSet):
    """A note."""

    person: str = declare("Person", "Whom it is for.", mapping="userId")


async def perform(ctx: Context[Settings], note: Note) -> Accepted:
    """Send it."""
    return accepted(await ctx.send("POST", ctx.settings.url, json={"to": note.person, "text": "x" * 300}))


NOTES = Destination(
    slug="notes",
    name="Notes",
    settings=Settings,
    actions=(Action(slug="note", title="Note", payload=Note, perform=perform),),
)


class Plugin:
    """Provides the destination, and takes the time of every delivery that arrives."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.more = asyncio.Event()

    async def come(self, count: int) -> None:
        """Wait until so many have arrived."""
        while len(self.seconds) < count:
            self.more.clear()
            await self.more.wait()

    @hookimpl
    def register_destinations(self) -> list[Any]:
        """One."""
        return [NOTES]

    @hookimpl
    def delivery_settled(self, outcome: Outcome, seconds: float) -> None:
        """Keep the time of the nine."""
        if outcome.destination != "d9" and outcome.outcome == "delivered":
            self.seconds.append(seconds)
            self.more.set()


def configuration(url: str, hole: bool) -> Config:
    """Ten destinations; with a hole, the last never answers."""
    subscription = {"name": "Notes", "subscribe": 'type = "track"', "action": "note"}
    parts = []
    for number in range(10):
        path = "silent" if hole and number == 9 else f"d{number}"
        [part] = config_from_python("notes", {"url": f"{url}/{path}"}, [subscription], name=f"d{number}").destinations
        parts.append(part)
    return replace(config_from_python("notes"), destinations=tuple(parts))


async def round_of(target: Sink, hole: bool, rate: float, seconds: float) -> list[float]:
    """One round on a fresh file; the latencies after the first second."""
    plugin, stop = Plugin(), asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:{Path(folder) / 's.db'}"
        equipment = {"stores": store, "plugins": [plugin], "watchdog": None}
        async with AsyncRuntime.from_config(configuration(target.url, hole), **equipment) as runtime:
            working = asyncio.ensure_future(runtime.work(stop, drain=0.0))
            await fed(runtime, rate, 1.0)
            plugin.seconds.clear()
            await fed(runtime, rate, seconds)
            expected = 9 * rate * seconds
            await plugin.come(int(expected * 0.99))
            stop.set()
            await working
    return plugin.seconds


async def fed(runtime: AsyncRuntime, rate: float, seconds: float) -> None:
    """Accept events at a steady rate, whatever becomes of them."""
    loop = asyncio.get_running_loop()
    began, accepting = loop.time(), set()
    for at in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + at / rate - loop.time()))
        number = next(NUMBERS)
        event = {"type": "track", "messageId": f"m{number}", "userId": f"u{number}"}
        accepting.add(task := asyncio.ensure_future(runtime.enqueue([event])))
        task.add_done_callback(accepting.discard)
    await asyncio.gather(*accepting)


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds, and how many."""
    cuts = quantiles(seconds, n=100)
    return {"median": round(cuts[49] * 1000, 2), "p99": round(cuts[98] * 1000, 2), "deliveries": len(seconds)}


async def main() -> None:
    """Alternate, and say both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=40.0, help="events a second; each becomes ten deliveries")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[bool, list[float]] = {False: [], True: []}
    with sink() as target:
        for _ in range(options.rounds):
            for hole in (False, True):
                found[hole] += await round_of(target, hole, options.rate, options.seconds)
    result = {"without": summary(found[False]), "with": summary(found[True])}
    if options.json:
        print(json.dumps(result))
        return
    print(f"nine destinations, {options.rate:g} events/s, each to all of them ({options.rounds} rounds of each kind)")
    for name, one in result.items():
        print(f"{name:8} a black hole: median {one['median']:8.2f} ms, p99 {one['p99']:8.2f} ms, {one['deliveries']:,}")


if __name__ == "__main__":
    asyncio.run(main())
