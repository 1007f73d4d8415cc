"""Ingest servers that may be killed, and callers that send until they are told that their events are kept."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import signal
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crash_points import Trap, Trapping
from crash_worker import TIMES, Lines
from destination_actions.ingest import Options, Service
from destination_actions.ingest.keys import Source
from destination_actions.ingest.reply import Reply

KEY = "crash-key-0123456789"
BEHIND = "behind"


class TrappedService(Service):
    """`destinations serve`, with a trap before each answer."""

    def __init__(self, config: Path, options: Options, trap: Trap, rule: str) -> None:
        super().__init__(config, options, times=TIMES, plugins=[Trapping(trap, rule)])
        self._trap = trap

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        """Answer."""
        reply = await super().receive(endpoint, source, content)
        if reply.status == 200:
            self._trap.at("ingest: before the answer")
        return reply


def serve(config: Path, port: int, trap: Trap, rule: str = "protocol") -> None:
    """Take events in until told to end; deliver nothing."""

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with TrappedService(config, Options(port=port, worker=False, drain=5.0), trap, rule) as service:
            await stop.wait()
            await service.stop()

    asyncio.run(main())


def feed(
    folder: Path, name: str, batches: Sequence[Sequence[dict[str, Any]]], ports: Sequence[int], gap: float
) -> None:
    """Send each batch until a server answers 200; what is written down here was promised to be kept.

    `gap` is the pause after each batch, in seconds; while the file `BEHIND` exists, nothing is sent. A batch whose
    answer was lost is sent again, as SDKs do it.
    """
    dice, accepted, counts = random.Random(name), Lines(folder / f"accepted-{name}.ndjson"), {"sent": 0}
    for batch in batches:
        while not _taken(dice.choice(list(ports)), batch, counts):
            time.sleep(dice.uniform(0.005, 0.05))
        for event in batch:
            accepted.add(event)
        time.sleep(gap)
        while (folder / BEHIND).exists():
            time.sleep(0.1)
    Lines(folder / "calls.ndjson").add(counts | {"batches": len(batches)})


def _taken(port: int, batch: Sequence[dict[str, Any]], counts: dict[str, int]) -> bool:
    counts["sent"] += 1
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    headers = {"Authorization": "Basic " + b64encode(f"{KEY}:".encode()).decode(), "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/batch", json.dumps({"batch": list(batch)}), headers)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    if response.status not in {200, 503}:
        raise RuntimeError(f"the server answered {response.status}: {content!r}")
    return response.status == 200
