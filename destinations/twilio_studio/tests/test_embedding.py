"""The synchronous runtime, a durable store and a sandbox in another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from destination_actions import Runtime

SUBSCRIPTION = {
    "name": "Test",
    "subscribe": 'type = "track"',
    "action": "triggerStudioFlow",
    "mapping": {"flowSid": "FW00000000000000000000000000000005", "from": "+15551234567"},
}


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    """The settings that point to a sandbox in a process of its own."""
    command = [sys.executable, "-m", "destination_actions_twilio_studio.sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_a_window_outlives_the_process(settings, tmp_path: Path) -> None:
    """What one runtime delivered suppresses the next event in another one on the same file."""
    outcomes = []
    for message in ("m1", "m2"):
        stores = f"sqlite:{tmp_path}/state.db"
        with Runtime("twilio-studio", settings=settings, subscriptions=[SUBSCRIPTION], stores=stores) as runtime:
            [outcome] = runtime.send({"type": "track", "userId": "jane", "messageId": message})
            outcomes.append(outcome)
    assert ["delivered", "suppressed"] == [outcome.outcome for outcome in outcomes]
    assert "m1" == outcomes[1].by
    ledger = httpx.get(f"{settings['baseUrl']}/_sandbox/ledger").json()
    assert [outcomes[0].data["executionSid"]] == [execution["sid"] for execution in ledger["executions"]]


def test_no_number_is_left_in_the_store(settings, tmp_path: Path) -> None:
    """The file holds neither the person's id nor the number nor a credential."""
    stores = f"sqlite:{tmp_path}/state.db"
    with Runtime("twilio-studio", settings=settings, subscriptions=[SUBSCRIPTION], stores=stores) as runtime:
        runtime.send({"type": "track", "userId": "jane", "messageId": "m1"})
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"m1" in content
    assert not [word for word in (b"jane", b"+15550001001", b"sandbox-auth-token") if word in content]
