"""A store that is full, or held by another process: deliveries wait, and none is lost, repeated or unseen."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from crash_world import FLOW, world
from destination_actions import AsyncRuntime
from destination_actions.protocols import ClaimTimes, Stores
from destination_actions.stores import (
    Database,
    SqliteClaims,
    SqliteLedger,
    SqliteQueue,
    SqliteRates,
    SqliteTokens,
    SystemClock,
)
from destination_actions_twilio_studio.sandbox import Sandbox
from notes import SETTINGS, SUBSCRIPTION, action, destination

EVENTS = 20
PATIENCE = 60.0
COMMAND = str(Path(sys.executable).with_name("destinations"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in a thread."""
    with start_blocking_portal() as portal:
        sandbox = Sandbox(world(1))
        portal.call(sandbox.__aenter__)
        yield sandbox
        portal.call(sandbox.__aexit__, None, None, None)


def come(holds: Callable[[], bool]) -> bool:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def rows(store: Path, query: str) -> list[Any]:
    """The first column of a query."""
    with closing(sqlite3.connect(store)) as connection:
        return [row[0] for row in connection.execute(query)]


@dataclass
class Full:
    """A place for a store with no more room than some commits need, until it is `relieved`."""

    folder: Path
    limit: int | None = None
    filler: Path | None = None

    def fill(self, store: Path) -> None:
        """Leave room for a few commits."""
        if self.filler is None:
            self.limit = store.stat().st_size + 65_536
            return
        with self.filler.open("wb") as file:
            space = os.statvfs(self.folder)
            file.write(bytes(space.f_bavail * space.f_frsize - 262_144))

    def before(self) -> None:
        """What a process that is started here does first."""
        if self.limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, resource.RLIM_INFINITY))

    def relieve(self, pid: int) -> None:
        """Make room, while the process goes on."""
        if self.filler is not None:
            self.filler.unlink()
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path) -> Iterator[Full]:
    """A file system in memory of 2 MB; skipped where nobody may make one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield Full(folder, filler=folder / "filler")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[Full]:
    """A limit of the process for the size of its files."""
    folder.mkdir()
    yield Full(folder)


def config_of(folder: Path, settings: dict[str, Any]) -> Path:
    """A configuration with short times, and the queue filled."""
    mapping = {"flowSid": FLOW, "from": "+15550000001", "to": {"@path": "$.properties.to"}, "coolingOffPeriod": 0}
    subscription = {"name": "n", "subscribe": 'type = "track"', "action": "triggerStudioFlow", "mapping": mapping}
    retry = {"base": 0.05, "cap": 0.5, "floor": 1000}
    parts = {"settings": settings | {"executionsPerSecond": 0}, "subscriptions": [subscription], "retry": retry}
    studio = {"destination": "twilio-studio", "breaker": {"interval": 0.1}, **parts}
    times = {"lease": 0.5, "send": 0.5, "grace": 0.1}
    path = folder / "config.json"
    path.write_text(json.dumps({"stores": "sqlite:state.db", "claims": times, "destinations": {"studio": studio}}))

    async def fill() -> None:
        async with AsyncRuntime.from_config(path, watchdog=None) as runtime:
            await runtime.enqueue([order(n) for n in range(EVENTS)])

    asyncio.run(fill())
    return path


def order(number: int) -> dict[str, Any]:
    """An order of a person of its own."""
    to = f"+1555002{number:04d}"
    return {"type": "track", "messageId": f"m{number}", "userId": f"u{number}", "properties": {"to": to}}


@pytest.mark.parametrize("place", [small_files, small_disk])
def test_a_full_disk(place: Any, tmp_path: Path, sandbox: Sandbox) -> None:
    """What cannot be recorded is not sent; with room the same process goes on, and all is delivered, each once."""
    with place(tmp_path / "disk") as full:
        store, config = full.folder / "state.db", config_of(full.folder, sandbox.settings)
        full.fill(store)
        command = [COMMAND, "work", str(config)]
        log = tmp_path / "log"
        with log.open("w") as errors, subprocess.Popen(command, stderr=errors, preexec_fn=full.before) as process:  # noqa: PLW1509
            try:
                assert come(lambda: "nothing of this step was kept" in log.read_text()), log.read_text()
                time.sleep(0.3)
                keys = [one.data["deliveryKey"] for one in sandbox.executions]
                assert len(keys) < EVENTS
                assert set(keys) <= set(rows(store, "SELECT delivery FROM journal"))
                full.relieve(process.pid)
                assert come(lambda: rows(store, "SELECT count(*) FROM queue") == [0]), log.read_text()
                process.send_signal(signal.SIGTERM)
                assert 0 == process.wait(PATIENCE)
            finally:
                process.kill()
        assert ["delivered"] * EVENTS == rows(store, "SELECT state FROM ledger")
    assert {f"m{n}" for n in range(EVENTS)} == {one.data["messageId"] for one in sandbox.executions}
    assert EVENTS == len(sandbox.executions)


def opened(path: Path, times: ClaimTimes) -> Stores:
    """Stores that wait a moment only for other processes."""
    clock = SystemClock()
    database = Database(path, clock, busy=0.05)
    parts = {"claims": SqliteClaims(database, times), "queue": SqliteQueue(database, clock)}
    shared = {"rates": SqliteRates(database), "tokens": SqliteTokens(database), "ledger": SqliteLedger(database)}
    return Stores(**parts, **shared, secret=database.secret, close=database.aclose)


async def test_a_store_that_others_hold(tmp_path: Path) -> None:
    """Another process holds the file before anything is taken, and then from a request's arrival on: what was executed
    is found by reading back, nothing is sent twice, and no record is missing."""
    times = ClaimTimes(lease=0.2, send=0.2, grace=0.05)
    stores = opened(tmp_path / "state.db", times)
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    executed: list[str] = []

    def api(request: httpx.Request) -> httpx.Response:
        executed.append(json.loads(request.content)["key"])
        if len(executed) == 1:
            other.execute("BEGIN IMMEDIATE")
        return httpx.Response(201, json={})

    async def find(ctx: Any, note: Any) -> Any:
        from destination_actions import Found

        return Found({}) if ctx.delivery_key in executed else None

    options: dict[str, Any] = {"settings": SETTINGS, "subscriptions": [SUBSCRIPTION], "times": times, "watchdog": None}
    target = destination(action(reconcile=find, cooldown=None))
    async with AsyncRuntime(target, http=httpx.MockTransport(api), stores=stores, **options) as runtime:
        await runtime.enqueue([{"type": "track", "messageId": f"m{n}", "userId": f"u{n}"} for n in range(5)])
        other.execute("BEGIN IMMEDIATE")
        stop = asyncio.Event()
        working = asyncio.ensure_future(runtime.work(stop))
        await asyncio.sleep(0.3)
        assert [] == executed
        other.execute("ROLLBACK")
        await until(lambda: bool(executed))
        await asyncio.sleep(0.5)
        other.execute("ROLLBACK")
        await until(lambda: rows(tmp_path / "state.db", "SELECT count(*) FROM queue") == [0])
        stop.set()
        await working
    await stores.close()
    other.close()
    assert 5 == len(executed) == len(set(executed))
    assert ["delivered"] * 5 == rows(tmp_path / "state.db", "SELECT state FROM ledger")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for is in another process or a file
            await asyncio.sleep(0.02)
