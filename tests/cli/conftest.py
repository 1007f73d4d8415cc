"""The command as people run it, and an API to run it against."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions.cli.app import build
from destination_actions_twilio_studio.sandbox import Sandbox
from typer.testing import CliRunner

SUBSCRIPTION = {
    "name": "Follow up",
    "subscribe": 'type = "track" and event = "Order Completed"',
    "action": "triggerStudioFlow",
    "mapping": {
        "flowSid": "FW00000000000000000000000000000005",
        "from": "+15550009000",
        "coolingOffPeriod": 300,
    },
}


@pytest.fixture
def destinations() -> Callable[..., Result]:
    """Run `destinations` with arguments; gives exit code, standard output and standard error."""

    def run(*arguments: str | Path, stdin: str | bytes | None = None, **environ: str) -> Result:
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(build(texts), texts, input=stdin, env={"COLUMNS": "100", **environ})

    return run


@pytest.fixture(scope="session")
def studio() -> Iterator[Sandbox]:
    """A sandbox that runs in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox()
    asyncio.run_coroutine_threadsafe(sandbox.__aenter__(), loop).result()
    yield sandbox
    asyncio.run_coroutine_threadsafe(sandbox.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def sandbox(studio: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    studio.clear()
    return studio


@pytest.fixture(scope="session")
def sandbox_settings(studio: Sandbox) -> dict[str, Any]:
    """The settings of the sandbox."""
    return dict(studio.settings)


@pytest.fixture
def config(tmp_path: Path, sandbox_settings: dict[str, Any]) -> Path:
    """A configuration of one subscription against the sandbox."""
    shop = {"destination": "twilio-studio", "settings": sandbox_settings, "subscriptions": [SUBSCRIPTION]}
    path = tmp_path / "destinations.json"
    path.write_text(json.dumps({"destinations": {"shop": shop}}))
    return path


def order(message_id: str, user: str, event: str = "Order Completed") -> str:
    """An event as a line."""
    return json.dumps({"type": "track", "event": event, "userId": user, "messageId": message_id}) + "\n"


@pytest.fixture
def line() -> Callable[..., str]:
    """Make an event as a line of JSON: messageId, user, name of the event."""
    return order
