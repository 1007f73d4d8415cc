"""How many events a second `destinations serve` accepts durably: every one is on disk before its answer.

`python benchmarks/serve.py [seconds]` starts the command on loopback without its worker, with a SQLite file, and loads
it from this process over keep-alive connections. Prints events and answers a second, and latencies.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import quantiles

KEY = "benchmark-key-0123456789"
SUBSCRIPTION = {
    "name": "Follow up",
    "subscribe": 'type = "track" and event = "Order Completed"',
    "action": "triggerStudioFlow",
    "mapping": {"flowSid": "FW00000000000000000000000000000005", "from": "+15550009000"},
}
SETTINGS = {
    "accountSid": "AC00000000000000000000000000000000",
    "authToken": "token-token-token",
    "spaceId": "s",
    "profileApiAccessToken": "profile-token",
}


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int, int]]:
    """A running server; gives its host, port and process id."""
    shop = {"destination": "twilio-studio", "settings": SETTINGS, "subscriptions": [SUBSCRIPTION]}
    config = {"stores": "sqlite:s.db", "sources": {"web": {"writeKey": KEY}}, "destinations": {"shop": shop}}
    (folder / "destinations.json").write_text(json.dumps(config))
    command = [Path(sys.executable).with_name("destinations"), "serve", folder / "destinations.json"]
    process = subprocess.Popen([*command, "--port", "0", "--no-worker"], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline() if process.stderr else ""
        found = re.search(r"http://([0-9.]+):(\d+)", line)
        if found is None:
            raise SystemExit(f"the server did not start: {line}")
        yield found[1], int(found[2]), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


class Caller(asyncio.Protocol):
    """One connection that sends the next call as soon as the last is answered."""

    def __init__(self, size: int, matching: bool, numbers: Iterator[int], latencies: list[float]) -> None:
        self._size, self._matching, self._numbers, self._latencies = size, matching, numbers, latencies
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._call()

    def data_received(self, data: bytes) -> None:
        if b'"success":true}' not in data:
            raise SystemExit(data.decode())
        self._latencies.append(time.perf_counter() - self._sent)
        self._call()

    def _call(self) -> None:
        events = [self._event() for _ in range(self._size)]
        path, body = ("batch", {"batch": events}) if self._size > 1 else ("track", events[0])
        content = json.dumps(body, separators=(",", ":")).encode()
        key = b64encode(f"{KEY}:".encode()).decode()
        head = f"POST /v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {key}\r\n"
        head += f"Content-Length: {len(content)}\r\n\r\n"
        self._sent = time.perf_counter()
        self._transport.write(head.encode() + content)

    def _event(self) -> dict[str, object]:
        number = next(self._numbers)
        return {
            "type": "track",
            "event": "Order Completed" if self._matching else "Order Viewed",
            "messageId": f"m-{os.getpid()}-{number}",
            "userId": f"user-{number % 10_000}",
            "timestamp": "2026-03-02T09:30:00.000Z",
            "context": {"library": {"name": "benchmark", "version": "1"}, "ip": "192.0.2.7", "locale": "en-US"},
            "properties": {"order_id": str(number), "total": 42.5, "note": "x" * 500},
        }


async def loaded(host: str, port: int, connections: int, size: int, matching: bool, seconds: float) -> str:
    """Load the server and say what it did, after a second of warming up."""
    latencies: list[float] = []
    numbers = count()
    loop = asyncio.get_running_loop()
    callers = [
        await loop.create_connection(lambda: Caller(size, matching, numbers, latencies), host, port)
        for _ in range(connections)
    ]
    await asyncio.sleep(1)
    latencies.clear()
    await asyncio.sleep(seconds)
    answers = len(latencies)
    for transport, _ in callers:
        transport.abort()
    cuts = quantiles(latencies, n=100)
    kind = "each becomes a delivery" if matching else "none matches"
    return (
        f"{connections:4} connections, {size:3} events a call, {kind:24}: {answers * size / seconds:9,.0f} events/s, "
        f"{answers / seconds:7,.0f} answers/s, median {cuts[49] * 1000:6.1f} ms, p99 {cuts[98] * 1000:6.1f} ms"
    )


def main() -> None:
    """Run every case on a fresh server."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    for connections, size, matching in [(1, 1, True), (64, 1, True), (64, 1, False), (16, 100, True), (16, 100, False)]:
        with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (host, port, pid):
            print(asyncio.run(loaded(host, port, connections, size, matching, seconds)), end="")
            status = Path(f"/proc/{pid}/status")
            memory = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
            print(f", {int(memory[1]) // 1024} MB" if memory else "")


if __name__ == "__main__":
    main()
