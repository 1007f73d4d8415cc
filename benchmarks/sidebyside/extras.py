"""What is no rate: bytes of memory for each pending event, and seconds from the start to the first event."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sidebyside.job import inputs
from sidebyside.sides import PEER, Side, ours, peer

PENDING = 5_000
CONFIG = Path(__file__).parents[2] / "examples" / "post-purchase" / "destinations.yaml"
FIRST = """
import asyncio, json, sys
from destination_actions import AsyncRuntime
settings = {"accountSid": "AC" + "0" * 32, "authToken": "token", "spaceId": "s", "profileApiAccessToken": "token"}
mapping = {"flowSid": "FW" + "0" * 32, "from": "+15550009000"}
subscription = {"name": "n", "subscribe": 'type = "track"', "action": "triggerStudioFlow", "mapping": mapping}
async def main():
    async with AsyncRuntime("twilio-studio", settings=settings, subscriptions=[subscription]) as runtime:
        (outcome,) = await runtime.send({"type": "page", "messageId": "m"})
        assert outcome.outcome == "filtered"
asyncio.run(main())
"""
PEER_FIRST = """
const packages = require(process.argv[1])
const settings = JSON.parse(process.argv[2])
settings.subscription.subscribe = 'type = "track"'
new (packages.core().Destination)(packages.studio()).onEvent({ type: 'page' }, settings).then(() => process.exit(0))
"""


def memory(modules: Path | None) -> dict[str, float]:
    """Kilobytes of resident memory for each event of 2.1 KB that is not done yet."""
    found = {}
    for name, case in (("under way", "pending"), ("queued in memory", "waiting")):
        with ours() as side:
            found[f"ours, {name}"] = _kilobytes(side, case)
    if modules:
        with peer(modules) as side:
            found["peer, under way"] = _kilobytes(side, "pending")
    return found


def _kilobytes(side: Side, case: str) -> float:
    side.ask(do="open", case=case, inputs=inputs())
    return round(side.ask(do="memory", count=PENDING)["bytes"] / 1024, 1)


def startup(modules: Path | None, times: int) -> dict[str, float]:
    """Milliseconds of the wall clock from nothing to the end, the median of several starts."""
    command = str(Path(sys.executable).with_name("destinations"))
    found = {
        "ours, Twilio Studio ready and one event": _milliseconds([sys.executable, "-c", FIRST], times),
        "ours, destinations check": _milliseconds([command, "check", str(CONFIG)], times, _credentials()),
        "ours, destinations --help": _milliseconds([command, "--help"], times),
    }
    if modules:
        settings = json.dumps(inputs()["studio_settings"])
        line = ["node", "-e", PEER_FIRST, str(PEER / "packages.js"), settings]
        name = "peer, Twilio Studio ready and one event"
        found[name] = _milliseconds(line, times, {"PEER_MODULES": str(modules)})
    return found


def _credentials() -> dict[str, str]:
    sid = "AC" + "0" * 32
    names = {"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": "t", "SEGMENT_SPACE_ID": "s"}
    return names | {"SEGMENT_PROFILE_API_TOKEN": "t"}


def _milliseconds(line: Sequence[str], times: int, environment: dict[str, Any] | None = None) -> float:
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run(line, check=True, capture_output=True, env=os.environ | (environment or {}))
        taken.append((time.perf_counter() - began) * 1e3)
    return round(statistics.median(taken[1:]))  # the first start finds nothing in the file system's cache
