"""The processes of the crash harness: one that accepts events, and workers that deliver them until they are killed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from crash_rules import upstream
from crash_world import config
from destination_actions import AsyncRuntime, Outcome, hookimpl
from destination_actions.config import Config, load_config
from destination_actions.protocols import ClaimStore, ClaimTimes, Clock, Lease, Queue, Stores
from destination_actions.stores import SystemClock, open_stores

TIMES = ClaimTimes(lease=2.0, send=2.0, grace=0.5)
"""Short enough that a run recovers often, long enough for a machine that has other things to do."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What a process needs to know. `rule` is the claim rule."""

    folder: Path
    settings: dict[str, Any]
    rule: str = "protocol"
    concurrency: int = 8
    url: str = ""

    @property
    def store(self) -> str:
        """The shared store: a SQLite file, unless a URL names another."""
        return self.url or f"sqlite:{self.folder / 'state.db'}"

    @property
    def over(self) -> Path:
        """Exists when no more events come."""
        return self.folder / "over"

    def load(self) -> Config:
        """The configuration, read as every program reads it."""
        path = self.folder / "config.json"
        if not path.exists():
            path.write_text(json.dumps(config(self.settings, self.store)))
        return load_config(path)


class Lines:
    """Appends JSON lines that survive the death of this process: each is one write to an O_APPEND file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, value: Any) -> None:
        """Write one line."""
        os.write(self._file, json.dumps(value).encode() + b"\n")


class Recorder:
    """A plugin that writes every settled delivery down, before it is acknowledged."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    @hookimpl
    def delivery_settled(self, outcome: Outcome, seconds: float) -> None:
        """Write one line."""
        self._lines.add(outcome.to_json())


class Telling:
    """The queue, which tells through a pipe when it hands deliveries out."""

    def __init__(self, inner: Queue, pipe: int) -> None:
        self._inner = inner
        self._pipe = pipe

    def __getattr__(self, name: str) -> Any:
        """Everything else is the queue's own."""
        return getattr(self._inner, name)

    async def take(self, limit: int, **options: Any) -> Sequence[Lease]:
        """Take, and tell when there was something."""
        taken = await self._inner.take(limit, **options)
        if taken:
            os.write(self._pipe, b"t")
        return taken


def rule_over(rule: str, stores: Stores, clock: Clock) -> ClaimStore:
    """The claims under a rule."""
    return upstream(stores.claims, stores.tokens, clock.now) if rule == "upstream" else stores.claims


def stores_of(job: Job, pipe: int | None) -> Stores:
    """Open the shared store, with the rule in force."""
    clock = SystemClock()
    stores = open_stores(job.store, clock=clock, times=TIMES)
    stores = dataclasses.replace(stores, claims=rule_over(job.rule, stores, clock))
    return stores if pipe is None else dataclasses.replace(stores, queue=Telling(stores.queue, pipe))


def accept(job: Job, batches: Sequence[Sequence[dict[str, Any]]], pause: float) -> None:
    """Accept events in batches; what is written down here was promised."""

    async def main() -> None:
        stores = stores_of(job, None)
        accepted = Lines(job.folder / "accepted.ndjson")
        async with AsyncRuntime.from_config(job.load(), stores=stores) as runtime:
            for batch in batches:
                await runtime.enqueue(batch)
                for event in batch:
                    accepted.add(event)
                await asyncio.sleep(pause)
        await stores.close()

    asyncio.run(main())
    job.over.touch()


def work(job: Job, number: int, pipe: int | None = None) -> None:
    """Deliver until no more events come and the queue is empty."""

    async def main() -> None:
        stores = stores_of(job, pipe)
        recorder = Recorder(Lines(job.folder / f"reported-{number}.ndjson"))
        equipment: dict[str, Any] = {"stores": stores, "times": TIMES, "plugins": [recorder], "watchdog": None}
        async with AsyncRuntime.from_config(job.load(), **equipment) as runtime:
            async for _ in runtime.run(
                _nothing_until(job.over), retry_for=3600, concurrency=job.concurrency, poison_after=10**6
            ):
                pass
        await stores.close()

    asyncio.run(main())


async def _nothing_until(over: Path) -> AsyncIterator[dict[str, Any]]:
    deadline = time.monotonic() + 600
    while not os.path.exists(over) and time.monotonic() < deadline:  # noqa: ASYNC110, ASYNC240, PTH110 - a file tells
        await asyncio.sleep(0.05)
    return
    yield {}
