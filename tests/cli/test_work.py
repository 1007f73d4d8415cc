"""The worker as a process: it delivers, drains, stops at once when told twice, and outlives what kills it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions import AsyncRuntime
from destination_actions.stores import open_stores

COMMAND = str(Path(sys.executable).parent / "destinations")
Line = Callable[..., str]


def accept(config: Path, store: str, *lines: str) -> None:
    """Put events into the queue, as another process would."""

    async def enqueue() -> None:
        async with AsyncRuntime.from_config(config, stores=store, watchdog=None) as runtime:
            await runtime.enqueue([json.loads(line) for line in lines])

    asyncio.run(enqueue())


def left(store: str) -> list[tuple[int, int]]:
    """Attempts and losses of what is due in the queue."""

    async def taken() -> list[tuple[int, int]]:
        stores = open_stores(store)
        leases = await stores.queue.take(100, lease=0.0)
        await stores.close()
        return [(lease.attempts, lease.losses) for lease in leases]

    return asyncio.run(taken())


@contextmanager
def worker(config: Path, store: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A worker process; killed at the end if it is still there."""
    arguments = [COMMAND, "work", str(config), "--store", store, "--json", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store that lasts."""
    return f"sqlite:{tmp_path / 'state.db'}"


@pytest.fixture
def silent(config: Path) -> Iterator[tuple[Path, socket.socket]]:
    """The configuration against an API that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        document: dict[str, Any] = json.loads(config.read_text())
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        document["destinations"]["shop"]["settings"]["baseUrl"] = url
        config.write_text(json.dumps(document))
        yield config, server


def test_a_worker_delivers_and_drains(config: Path, store: str, line: Line) -> None:
    """What is in the queue is delivered, and SIGTERM ends it with 0."""
    accept(config, store, *(line(f"w{n}", "jane") for n in range(3)))
    with worker(config, store) as process:
        assert process.stdout is not None
        outcomes = [json.loads(process.stdout.readline())["outcome"] for _ in range(3)]
        assert ["delivered", "suppressed", "suppressed"] == sorted(outcomes)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
    assert [] == left(store)


def said(log: Iterable[str], beginning: str) -> dict[str, Any]:
    """The next line of a log whose message begins like this."""
    lines = (json.loads(line) for line in log)
    return next(line for line in lines if line["message"].startswith(beginning))


def test_a_reload(config: Path, store: str, line: Line) -> None:
    """SIGHUP exchanges the configuration: what was switched off is delivered; a wrong one is refused and says why."""
    accept(config, store, line("w1", "jane"))
    good = config.read_text()
    changed = json.loads(good)
    changed["destinations"]["shop"]["enabled"] = False
    config.write_text(json.dumps(changed))
    with worker(config, store) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert "delivering" in process.stderr.readline()
        for text in ('{"destinations": {"shop": {"destination": "nowhere"}}}', good):
            config.write_text(text)
            process.send_signal(signal.SIGHUP)
            refused = "nowhere" in text
            told = said(process.stderr, "the new configuration is refused" if refused else "configuration reloaded")
            assert refused == ("nowhere" in json.dumps(told.get("errors", [])))
        assert "delivered" == json.loads(process.stdout.readline())["outcome"]
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
    assert [] == left(store)


def test_what_does_not_end_goes_back(silent: tuple[Path, socket.socket], store: str, line: Line) -> None:
    """A delivery that is still under way after the drain time is due again, as if it had not been tried; exit 0."""
    config, server = silent
    accept(config, store, line("w1", "jane"))
    with worker(config, store, "--drain", "0.2") as process:
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(20)
        connection.close()
    assert [(1, 0)] == left(store)


def test_a_second_signal_does_not_wait(silent: tuple[Path, socket.socket], store: str, line: Line) -> None:
    """Told twice, the worker ends without draining, and says so by its exit code."""
    config, server = silent
    accept(config, store, line("w1", "jane"))
    with worker(config, store, "--drain", "600") as process:
        connection, _ = server.accept()
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        assert 130 == process.wait(20)
        connection.close()


def test_nobody_reads_its_output(config: Path, store: str, line: Line) -> None:
    """When the reader of the outcomes has gone, the worker drains and ends with 141; nothing is lost."""
    accept(config, store, *(line(f"w{n}", "jane", "Order Completed") for n in range(3)))
    with worker(config, store) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        assert 141 == process.wait(20)
    assert len(left(store)) < 3


def test_a_queue_in_memory(config: Path, destinations: Callable[..., Result]) -> None:
    """A worker that nobody could give anything is refused, and so is a server that would forget."""
    refused = destinations("work", config)
    assert (2, True) == (refused.exit_code, "nobody else can fill it" in " ".join(refused.stderr.split()))
    document = json.loads(config.read_text()) | {"sources": {"web": {"writeKey": "web-key-0123456789"}}}
    config.write_text(json.dumps(document))
    refused = destinations("serve", config)
    assert (2, True) == (refused.exit_code, "lost with the process" in " ".join(refused.stderr.split()))


DEADLY = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[3])
import httpx
from notes import SETTINGS, SUBSCRIPTION, Note, action, destination
from destination_actions import Accepted, AsyncRuntime
from destination_actions.protocols import ClaimTimes

async def perform(ctx, note: Note) -> Accepted:
    if note.person == "deadly":
        os._exit(9)
    os.write(1, note.person.encode() + b"\\n")
    return Accepted()

async def main() -> None:
    target = destination(action(perform=perform, cooldown=None))
    times = ClaimTimes(lease=0.05, send=0.05, grace=0.0)
    options = {"settings": SETTINGS, "subscriptions": [SUBSCRIPTION], "stores": sys.argv[1], "times": times}
    async with AsyncRuntime(target, watchdog=None, **options) as runtime:
        events = [{"type": "track", "messageId": who, "userId": who} for who in sys.argv[2].split(",") if who]
        async for outcome in runtime.run(events):
            if outcome.outcome == "failed":
                os.write(1, f"{outcome.message_id} {outcome.reason}\\n".encode())

asyncio.run(main())
"""


def test_a_delivery_that_kills_its_worker_is_found_out(store: str) -> None:
    """It kills five workers; the sixth sets it aside, and everything that was in hand with it is delivered."""
    support = str(Path(__file__).parents[1] / "_support")
    people = [f"u{n}" for n in range(30)]
    codes, said = [], []
    for run in range(10):
        events = ",".join([*people[:10], "deadly", *people[10:]]) if run == 0 else ""
        arguments = [sys.executable, "-c", DEADLY, store, events, support]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
        codes.append(done.returncode)
        said += done.stdout.splitlines()
        if done.returncode != 9:
            break
    assert [9] * 5 + [0] == codes
    assert "deadly poison" == said.pop(said.index("deadly poison"))
    assert set(people) == set(said)


def test_the_schedule_of_retries(config: Path, destinations: Callable[..., Result]) -> None:
    """The command shows each retry with its longest wait, by the rule of the configuration."""
    document = json.loads(config.read_text())
    document["destinations"]["shop"]["retry"] = {"base": 2, "factor": 3, "cap": 60, "horizon": 120}
    config.write_text(json.dumps(document))
    shown = destinations("plan-retries", config)
    assert 0 == shown.exit_code
    assert "shop: about 6 retries within 2 min" in shown.stdout
    rows = json.loads(destinations("plan-retries", config, "--json").stdout)["shop"]["retries"]
    assert [2, 6, 18, 54, 60, 60][: len(rows)] == [row["upTo"] for row in rows]


def test_a_rule_that_cannot_be_meant(config: Path, destinations: Callable[..., Result]) -> None:
    """Values out of range are refused with their place."""
    document = json.loads(config.read_text())
    document["destinations"]["shop"] |= {"retry": {"factor": 0.5}, "breaker": {"share": 2}, "concurrency": 0}
    config.write_text(json.dumps(document))
    refused = destinations("plan-retries", config)
    assert 2 == refused.exit_code
    words = " ".join(refused.stderr.split())
    assert "destinations.shop.retry.factor: must be at least 1, not 0.5" in words
    assert "destinations.shop.breaker.share: must be at most 1, not 2" in words
    assert "destinations.shop.concurrency: must be at least 1, not 0" in words
