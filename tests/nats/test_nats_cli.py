"""The commands on a NATS store, as people use them: each in a process of its own, with the webhook as destination."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions.cli.app import build
from nats_servers import Server, free_port
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

COMMAND = str(Path(sys.executable).parent / "destinations")


@pytest.fixture
def config(server: Server, fresh: Callable[[], str], tmp_path: Path, httpserver: HTTPServer) -> Path:
    """A configuration of a webhook over a NATS store whose streams are not made yet."""

    def answer(request: Request) -> Response:
        return Response(status=400 if b"bad" in request.data else 200)

    httpserver.expect_request("/hook").respond_with_handler(answer)
    document = {
        "stores": {
            "url": f"{server.url}/{fresh()}",
            "monitor": f"http://127.0.0.1:{server.monitor}",
            "projection": "ledger.db",
        },
        "sources": {"shop": {"writeKey": "key-of-the-shop"}},
        "destinations": {
            "hook": {
                "destination": "webhook",
                "settings": {"allowNetworks": ["127.0.0.0/8"]},
                "subscriptions": [
                    {
                        "name": "All",
                        "subscribe": 'type = "track"',
                        "action": "send",
                        "mapping": {"url": httpserver.url_for("/hook"), "data": {"id": {"@path": "$.messageId"}}},
                    }
                ],
            }
        },
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document))
    return path


def command(*arguments: str | Path) -> Result:
    """Run a command to its end, in this process."""
    words = [str(argument) for argument in arguments]
    return CliRunner(env={"COLUMNS": "160"}).invoke(build(words), words)


@contextmanager
def process(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on until it is told to end; killed if it is still there."""
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        try:
            yield one
        finally:
            one.kill()


def until(one: subprocess.Popen[str], word: str) -> None:
    """Read what a process tells until a word comes."""
    assert one.stderr is not None
    for line in one.stderr:
        if word in line:
            return
    raise AssertionError(f'the process ended without saying "{word}"')


def sent(port: int, *events: dict[str, Any]) -> int:
    """Send events as an SDK does; gives the status."""
    login = base64.b64encode(b"key-of-the-shop:").decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/batch",
        json.dumps({"batch": events}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {login}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def track(message: str, user: str = "jane") -> dict[str, Any]:
    """One event."""
    return {"type": "track", "event": "Order Completed", "messageId": message, "userId": user}


def test_setup_is_shown_done_and_repeated(config: Path) -> None:
    """Nothing is done with --dry-run; then all streams are made; then there is nothing to do."""
    before = command("work", config)
    assert (1, True) == (before.exit_code, "make them with: destinations nats setup CONFIG" in before.stderr)
    shown = command("nats", "setup", config, "--dry-run")
    assert (0, 5) == (shown.exit_code, shown.stdout.count("create"))
    assert "syncs its files every 120 s" in shown.stderr
    assert "is ready: 5 streams made" in command("nats", "setup", config).stdout
    assert "nothing to do" in command("nats", "setup", config).stdout


def test_setup_says_what_is_wrong(config: Path) -> None:
    """More copies than servers, an odd number of copies, and stores that are not on NATS."""
    assert (
        "replicas > 1 not supported in non-clustered mode" in command("nats", "setup", config, "--replicas", "3").stderr
    )
    assert (2, "--replicas is 1, 3 or 5, not 2") == _told(command("nats", "setup", config, "--replicas", "2"))
    assert 'its stores are on "memory:", not on NATS' in command("nats", "setup", config, "--store", "memory:").stderr


def _told(done: Result) -> tuple[int, str]:
    return done.exit_code, done.stderr.splitlines()[0].removeprefix("error: ")


def test_a_front_and_workers(config: Path, httpserver: HTTPServer) -> None:
    """A front without state accepts, workers elsewhere deliver, and status, log, dead and forget show and remove it."""
    command("nats", "setup", config)
    port = free_port()
    with process("serve", config, "--no-worker", "--port", str(port)) as front:
        until(front, "listening")
        assert 200 == sent(port, *(track(f"m{n}") for n in range(10)), track("bad", "ravi"), track("m3"))
        front.send_signal(signal.SIGTERM)
        assert 0 == front.wait(timeout=30)
    waiting = json.loads(command("status", config, "--json").stdout)["pending"]
    assert (11, "All".lower()) == (waiting["count"], waiting["subscriptions"][0]["subscription"])
    with process("work", config, "--json") as one, process("work", config, "--json") as two:
        for worker in (one, two):
            until(worker, "delivering")
        deadline = time.monotonic() + 30
        while len(httpserver.log) < 11 and time.monotonic() < deadline:
            time.sleep(0.02)
        for worker in (one, two):
            worker.send_signal(signal.SIGTERM)
            assert 0 == worker.wait(timeout=30)
    assert 11 == len(httpserver.log)
    states = json.loads(command("status", config, "--json").stdout)["states"]
    assert (10, 1) == (states["delivered"], states["rejected"])
    lines = [json.loads(line) for line in command("log", config, "--json").stdout.splitlines()]
    assert 11 == len({line["key"] for line in lines})
    assert "bad" in command("dead", "list", config).stdout
    assert "removed 0 deliveries from the queue and 1 entries" in command("forget", config, "--user", "ravi").stdout
    assert "bad" not in command("dead", "list", config).stdout
    assert 10 == len(command("log", config, "--json").stdout.splitlines())
