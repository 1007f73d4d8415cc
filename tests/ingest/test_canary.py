"""No output of any command holds a secret: what is printed, logged, answered and kept, whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from anyio.from_thread import start_blocking_portal
from destination_actions import AsyncRuntime
from destination_actions.cli.app import build
from destination_actions_twilio_studio.sandbox import FAULTS, Sandbox
from destination_actions_twilio_studio.sandbox.faults import replying
from destination_actions_twilio_studio.sandbox.world import DEMO
from ingest_process import Serving, configuration
from ingest_server import basic
from typer.testing import CliRunner

TOKEN = 'canary+auth/tok=9f"1c77'
PROFILE = "canary-profile-4711?&%"
KEY = "canary-key-0123+/456789"
PHONE = "+15557654321"
SECRETS = (TOKEN, PROFILE, KEY)


def forms(text: str) -> set[bytes]:
    """A text as it may turn up: plain, percent-encoded, in JSON, and inside base64 whatever precedes it."""
    raw = text.encode()
    found = {raw, json.dumps(text)[1:-1].encode(), *(one.encode() for one in (quote(text, safe=""), quote_plus(text)))}
    for shift in range(3):
        first = -(-shift * 8 // 6)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"x" * shift + raw)[first : (shift + len(raw)) * 8 // 6])
    return found


@pytest.fixture
def studio() -> Iterator[Sandbox]:
    """A sandbox whose credentials are canaries."""
    with start_blocking_portal() as portal:
        sandbox = Sandbox(replace(DEMO, auth_token=TOKEN, profile_token=PROFILE))
        portal.call(sandbox.__aenter__)
        yield sandbox
        portal.call(sandbox.__aexit__, None, None, None)


class Outputs:
    """Everything that came out, by where from."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.found: dict[str, bytes] = {}

    def command(self, name: str, *arguments: str, config: Path | None = None, stdin: str | None = None) -> str:
        """Run a command; its standard output."""
        texts = [*name.split(), str(config or self.config), *arguments]
        result = CliRunner().invoke(build(texts), texts, input=stdin, env={"COLUMNS": "200"})
        said = result.output + (str(result.exception) if result.exception else "")
        self.found[" ".join([name, *arguments])] = said.encode("utf-8", "surrogateescape")
        return result.stdout

    def clean_of(self, text: str) -> None:
        """Assert that a text is nowhere, in any form."""
        for place, content in self.found.items():
            for form in forms(text):
                assert form not in content, place


def order(message: str, **more: Any) -> dict[str, Any]:
    """An event that asks for a flow."""
    properties = {"order_id": message, "phone": PHONE}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "jane",
        "messageId": message,
        "properties": properties,
    } | more


def troubled(sandbox: Sandbox) -> None:
    """Everything that an API may do, spilling what it was sent."""
    header = base64.b64encode(f"{sandbox.world.account_sid}:{TOKEN}".encode()).decode()
    spilt = json.dumps({"code": 20001, "message": f"{TOKEN} {quote(TOKEN, safe='')} Basic {header} {PHONE}"})
    for fault in ("reset", "html", "problem", "redirect", "busy", "unavailable", "accept-then-garbage"):
        sandbox.faults.next(FAULTS[fault])
    for status in (400, 401, 404, 500, 429, 201):
        sandbox.faults.next(replying(status, spilt))
        sandbox.faults.next(replying(status, spilt), on="profiles")


def wrong_calls(serving: Serving) -> bytes:
    """Answers to calls that show a key where it does not belong, and other nonsense."""
    server, answers = serving.server, []
    body = json.dumps({**order("x"), "writeKey": KEY + "x"}).encode()
    quoted = quote(KEY, safe="")
    for path in ("/v1/track", f"/v1/{quoted}", f"/v1/track?writeKey={quoted}", "/healthz", "/"):
        for authorization in (basic(KEY), basic(KEY + "x"), f"Bearer {KEY}", ""):
            answers += [server.call(path, content, authorization=authorization).content for content in (body, b"{")]
    batch = {"writeKey": KEY, "batch": [order("b1"), {"type": KEY, "userId": KEY}, {"type": "track", "event": [KEY]}]}
    answers.append(server.call("/v1/batch", json.dumps(batch).encode(), authorization="").content)
    answers.append(server.call("/openapi.json", method="GET").content)
    return b"\n".join(answers)


@pytest.fixture
def config(tmp_path: Path, studio: Sandbox) -> Path:
    """A configuration that holds all secrets and soon gives up."""
    path = configuration(tmp_path, studio.settings, sources={"web": {"writeKey": KEY}})
    document = json.loads(path.read_text())
    shop = document["destinations"]["shop"]
    shop |= {"retry": {"base": 0.05, "cap": 0.1, "horizon": 3}, "timeout": 1}
    shop["breaker"] = {"requests": 1000, "refused": 0.05}
    shop["subscriptions"][0]["mapping"] |= {"to": {"@path": "$.properties.phone"}}
    path.write_text(json.dumps(document))
    return path


def ran(outputs: Outputs, studio: Sandbox) -> None:
    """Files and pipes, well and badly."""
    lines = "".join(json.dumps(order(f"r{number}")) + "\n" for number in range(12)) + 'nope\n{"type":"track"}\n'
    troubled(studio)
    outputs.command("run", "-", "--json", "--retry-for", "2", stdin=lines)
    troubled(studio)
    outputs.command("run", "-", "--durable", "--retry-for", "2", stdin=lines.replace('"r', '"d'))


def served(outputs: Outputs, studio: Sandbox) -> None:
    """A server that is called well and badly, and reloaded with a file that is none."""
    troubled(studio)
    good = outputs.config.read_text()
    with Serving(outputs.config) as serving:
        outputs.found["answers"] = wrong_calls(serving)
        batch = json.dumps({"batch": [order(f"s{number}") for number in range(8)]}).encode()
        assert 200 == serving.server.call("/v1/batch", batch, authorization=basic(KEY)).status
        outputs.config.write_text(f"{{{TOKEN}: {KEY}")
        serving.process.send_signal(signal.SIGHUP)
        serving.said("the new configuration is refused, the old one stays")
        assert 0 == serving.end()
        outputs.found["log of serve"] = "".join(serving.text).encode()
    outputs.config.write_text(good)


def worked(outputs: Outputs, studio: Sandbox) -> None:
    """A worker that delivers from the queue, well and badly."""
    troubled(studio)

    async def accepted() -> None:
        async with AsyncRuntime.from_config(outputs.config, watchdog=None) as runtime:
            await runtime.enqueue([order(f"w{number}") for number in range(6)])

    asyncio.run(accepted())
    command = [str(Path(sys.executable).with_name("destinations")), "work", str(outputs.config), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(6)]
        process.send_signal(signal.SIGTERM)
        rest, log = process.communicate(timeout=30)
    assert "rejected" in {json.loads(line)["outcome"] for line in said}
    outputs.found |= {"work": b"".join([*said, rest]), "log of work": log}


def looked_at(outputs: Outputs) -> None:
    """Everything that shows records, and commands with a configuration that is wrong."""
    entries = [json.loads(line) for line in outputs.command("log", "--json").splitlines()]
    assert {"delivered", "rejected"} <= {entry["state"] for entry in entries}
    for name in ("status", "log", "dead list", "check", "plan-retries", "auth-test"):
        outputs.command(name)
    for name in ("status", "dead list"):
        outputs.command(name, "--json")
    outputs.command("dead show", next(entry["key"] for entry in entries if entry["state"] == "rejected"), "--event")
    outputs.command("dead replay", "--all", "--yes", "--json", "--retry-for", "1", "--may-repeat")
    outputs.command("explain", "-", stdin=json.dumps(order("e")))
    broken = outputs.config.with_name("broken.json")
    broken.write_text(outputs.config.read_text().replace("triggerStudioFlow", "nothing"))
    for name in ("check", "run", "work", "serve", "status"):
        outputs.command(name, config=broken)


def test_canaries(config: Path, studio: Sandbox) -> None:
    """Commands, logs, answers, tracebacks, the bytes of queue and ledger: no secret in any form; no number in logs, and
    in records only in the event that is kept for a replay."""
    outputs = Outputs(config)
    ran(outputs, studio)
    served(outputs, studio)
    worked(outputs, studio)
    looked_at(outputs)
    for path in config.parent.glob("s.db*"):
        outputs.found[path.name] = path.read_bytes()
    for secret in SECRETS:
        outputs.clean_of(secret)
    assert PHONE.encode() not in outputs.found["log of serve"] + outputs.found["log of work"]
    assert PHONE.encode() not in records_without_events(config.with_name("s.db"))
    shown = b"".join(content for place, content in outputs.found.items() if not place.startswith(("s.db", "dead show")))
    assert b"***" in shown
    assert re.search(rb"\+1\*{6}4321", shown)


def records_without_events(path: Path) -> bytes:
    """Every column of ledger and attempts but the events."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT details, people, tries, reason, pin FROM ledger").fetchall()
        rows += connection.execute("SELECT exchanges, reason FROM attempts").fetchall()
    connection.close()
    return repr(rows).encode()
