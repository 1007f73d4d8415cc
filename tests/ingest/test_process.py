"""The command as it runs: what it accepted survives whatever ends it, and is delivered once."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import segment.analytics as sdk
from destination_actions_twilio_studio.sandbox import Sandbox
from ingest_process import PATIENCE, Serving, configuration
from ingest_server import KEY, basic
from segment.analytics import request

PEOPLE = ["jane", "ravi", "mia"]


@pytest.fixture
def config(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A configuration against the sandbox."""
    return configuration(tmp_path, sandbox.settings)


def come(seen: Callable[[], int], expected: int) -> int:
    """Wait until so many are seen; gives how many there are."""
    deadline = time.monotonic() + PATIENCE
    while seen() < expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen()


def waiting(config: Path) -> int:
    """How many deliveries the store's file holds."""
    with sqlite3.connect(config.with_name("s.db")) as connection:
        found: int = connection.execute("SELECT count(*) FROM queue").fetchone()[0]
    connection.close()
    return found


def filtered(config: Path) -> int:
    """How many events the ledger counts that matched nothing."""
    with sqlite3.connect(config.with_name("s.db")) as connection:
        found = connection.execute("SELECT sum(count) FROM tallies WHERE state = 'filtered'").fetchone()[0]
    connection.close()
    return int(found or 0)


def orders(sandbox: Sandbox) -> list[str]:
    """The delivery keys of what was triggered."""
    return [one.data["deliveryKey"] for one in sandbox.executions]


@pytest.fixture
def client() -> Iterator[Callable[..., Any]]:
    """Segment's own library for Python, pointed at a server."""
    made: list[Any] = []

    def build(url: str, **options: Any) -> Any:
        made.append(sdk.Client(KEY, host=url, on_error=_fail, max_retries=1, **options))
        return made[-1]

    yield build
    for one in made:
        one.join()
    request._session.close()


def _fail(error: Exception, items: Any) -> None:
    raise AssertionError(f"{error}: {items}")


def test_segments_library(config: Path, sandbox: Sandbox, client: Any) -> None:
    """Its six calls are accepted; the orders that match are mapped and trigger the flow with their data, and the others
    are counted while the server runs."""
    with Serving(config) as serving:
        analytics = client(serving.server.url)
        analytics.identify("jane", {"plan": "pro"})
        analytics.page("jane", "Docs", "Start", {"url": "https://example.com"})
        analytics.screen("jane", "App", "Start")
        analytics.group("jane", "acme", {"size": 5})
        analytics.alias("anonymous", "jane")
        analytics.track("jane", "Order Viewed", {"total": 1})
        analytics.track("jane", "Order Completed", {"order_id": "1001", "total": 42.5}, context={"ip": "192.0.2.1"})
        analytics.flush()
        compressed = client(serving.server.url, gzip=True)
        compressed.track("ravi", "Order Completed", {"order_id": "1002"})
        compressed.flush()
        assert 2 == come(lambda: len(sandbox.executions), 2)
        assert 6 == come(lambda: filtered(config), 6)
        assert 0 == serving.end()
    assert {"jane", "ravi"} == {execution.data["userId"] for execution in sandbox.executions}
    assert {"+15550009000"} == {execution.from_ for execution in sandbox.executions}
    assert [] == [line for line in serving.log if line["level"] in {"warning", "error"}]


def test_killed_between_accepting_and_delivering(config: Path, sandbox: Sandbox) -> None:
    """What was answered with 200 is delivered by the next process, each once."""
    with Serving(config, "--no-worker") as first:
        answers = [first.track(f"m-{number}", PEOPLE[number % 3]).status for number in range(12)]
        first.kill()
    assert ([200] * 12, 12, 0) == (answers, waiting(config), len(sandbox.executions))
    with Serving(config):
        assert 12 == come(lambda: len(sandbox.executions), 12)
        assert 0 == come(lambda: 12 - waiting(config), 12) - 12
    assert 12 == len(set(orders(sandbox)))


def test_the_same_event_again_after_a_restart(config: Path, sandbox: Sandbox) -> None:
    """A messageId that was delivered is accepted again and triggers nothing, also in another process."""
    for _ in range(2):
        with Serving(config) as serving:
            assert 200 == serving.track("same").status
            assert 1 == come(lambda: len(sandbox.executions), 1)
            assert 200 == serving.track("same").status
            assert 200 == serving.track("same", event="Order Viewed").status
            assert 0 == come(lambda: -waiting(config), 0)
            assert 0 == serving.end()
    assert 1 == len(sandbox.executions)


def test_a_full_disk(config: Path, sandbox: Sandbox) -> None:
    """Nothing is accepted that is not on disk: 503 and when to come again; what was accepted before is all there."""
    accepted = []
    with Serving(config, "--no-worker", file_bytes=400_000) as serving:
        for number in range(400):
            answer = serving.track(f"m-{number}")
            if answer.status != 200:
                break
            accepted.append(number)
        assert (503, "unavailable", "5") == (answer.status, answer.code, answer.headers["Retry-After"])
        assert 200 == serving.server.call("/healthz", method="GET").status
        serving.kill()
    assert 0 < len(accepted) == waiting(config)
    with Serving(config, "--no-worker") as serving:
        assert 200 == serving.track("later").status
        assert 200 == serving.track("m-0").status
        assert 0 == serving.end()
    assert len(accepted) + 1 == waiting(config)


def test_a_locked_store(config: Path) -> None:
    """While another process holds the file nothing is accepted, and afterwards it is."""
    with Serving(config, "--no-worker") as serving:
        lock = sqlite3.connect(config.with_name("s.db"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        answer = serving.track("m-1")
        assert (503, "unavailable") == (answer.status, answer.code)
        lock.execute("ROLLBACK")
        lock.close()
        assert 200 == serving.track("m-1").status
        assert 200 == serving.server.call("/readyz", method="GET").status


def test_a_reload(config: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """SIGHUP exchanges the configuration; a wrong one is refused with its findings, and the old one stays."""
    with Serving(config) as serving:
        assert 200 == serving.track("m-1").status
        config.write_text('{"destinations": {}, "sources": {"web": {"writeKey": "short"}}}')
        serving.process.send_signal(signal.SIGHUP)
        refused = serving.said("the new configuration is refused, the old one stays")
        assert "at least 8 characters" in json.dumps(refused["errors"])
        assert 200 == serving.track("m-2").status
        sources = {"web": {"writeKey": KEY, "enabled": False}, "app": {"writeKey": "app-key-0123456789"}}
        configuration(tmp_path, sandbox.settings, sources=sources)
        serving.process.send_signal(signal.SIGHUP)
        assert ["app"] == serving.said("configuration reloaded")["sources"]
        assert 401 == serving.track("m-3").status
        assert 200 == serving.track("m-3", authorization=basic("app-key-0123456789")).status
        configuration(tmp_path, sandbox.settings, stores="sqlite:other.db")
        serving.process.send_signal(signal.SIGHUP)
        assert "store" in json.dumps(serving.said("the new configuration is refused, the old one stays")["errors"])
        assert 3 == come(lambda: len(sandbox.executions), 3)
        assert 0 == serving.end()


def test_a_disabled_subscription(config: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """What is disabled by a reload triggers nothing, and what is enabled again does."""
    text = config.read_text()
    with Serving(config) as serving:
        for enabled in (False, True):
            changed = json.loads(text)
            changed["destinations"]["shop"]["subscriptions"][0]["enabled"] = enabled
            config.write_text(json.dumps(changed))
            serving.process.send_signal(signal.SIGHUP)
            assert int(enabled) == serving.said("configuration reloaded")["subscriptions"]
            assert 200 == serving.track(f"m-{enabled}").status
        assert 1 == come(lambda: len(sandbox.executions), 1)
        assert 0 == serving.end()
    assert 1 == len(sandbox.executions)


def under_way(config: Path, sandbox: Sandbox, serving: Serving) -> None:
    """Let one delivery wait for an answer that never comes."""
    sandbox.faults.next("hang", times=None)
    assert 200 == serving.track("m-1").status
    assert 1 == come(lambda: sum(seen.operation == "create" for seen in sandbox.ledger), 1)


def test_stopped(config: Path, sandbox: Sandbox) -> None:
    """SIGTERM waits for what is under way as long as it is told, gives it back, and the process exits with 0."""
    with Serving(config, "--drain", "0.3") as serving:
        under_way(config, sandbox, serving)
        assert 0 == serving.end()
    assert 1 == waiting(config)


def test_stopped_twice(config: Path, sandbox: Sandbox) -> None:
    """While it waits calls are answered with 503; a second SIGTERM ends it at once, and nothing is lost."""
    with Serving(config, "--drain", "300") as serving:
        under_way(config, sandbox, serving)
        serving.process.send_signal(signal.SIGTERM)
        serving.said("stopping")
        assert (503, "stopping") == ((answer := serving.track("m-2")).status, answer.code)
        assert 503 == serving.server.call("/readyz", method="GET").status
        assert 130 == serving.end()
    assert 1 == waiting(config)
