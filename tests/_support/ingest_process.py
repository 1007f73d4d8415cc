"""`destinations serve` as a process, against the sandbox, with its log as JSON."""

from __future__ import annotations

import json
import queue
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest_server import KEY, Answer, Desk, Server

FLOW = "FW00000000000000000000000000000005"
PATIENCE = 60.0
"""Seconds after which a test gives up waiting for what must come."""


def configuration(folder: Path, settings: dict[str, Any], **changes: Any) -> Path:
    """Write a configuration of one source and one subscription; `changes` are members at the top."""
    subscription = {
        "name": "Follow up",
        "subscribe": 'type = "track" and event = "Order Completed"',
        "action": "triggerStudioFlow",
        "mapping": {"flowSid": FLOW, "from": "+15550009000", "coolingOffPeriod": 0},
    }
    shop = {"destination": "twilio-studio", "settings": settings, "subscriptions": [subscription]}
    value = {"stores": "sqlite:s.db", "sources": {"web": {"writeKey": KEY}}, "destinations": {"shop": shop}, **changes}
    path = folder / "destinations.json"
    path.write_text(json.dumps(value))
    return path


class Serving:
    """A server that runs. Every line of its log must be one JSON object without the write key."""

    def __init__(self, config: Path, *options: str, file_bytes: int | None = None) -> None:
        command = [str(Path(sys.executable).with_name("destinations")), "serve", str(config), "--port", "0", *options]
        before = None if file_bytes is None else _limited(file_bytes)
        self.log: list[dict[str, Any]] = []
        self.text: list[str] = []
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=before)  # noqa: PLW1509
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.server = Server(self.said("listening")["url"], Desk())

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.text.append(line)
                self._lines.put(_checked(line))
        self._lines.put(None)

    def said(self, message: str) -> dict[str, Any]:
        """Wait for the next line of the log with this message."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.log.append(line)
            if line["message"] == message:
                return line
        raise AssertionError(f"the server ended and never said {message!r}: {self.log}")

    def track(self, message: str, user: str = "jane", event: str = "Order Completed", **options: Any) -> Answer:
        """Send one event."""
        body = {"event": event, "userId": user, "messageId": message, "properties": {"order_id": message}}
        return self.server.call("/v1/track", json.dumps(body).encode(), **options)

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self._rest()

    def end(self) -> int:
        """Ask it to stop; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._reader.join()
        self._rest()
        return code

    def _rest(self) -> None:
        """Read the log to its end, and fail if a line of it is not as it must be."""
        while not self._lines.empty():
            if line := self._lines.get():
                self.log.append(line)
        assert [] == [line for line in self.log if "unfit" in line]

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()


def _checked(line: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"message": "", "unfit": line}
    return {"message": "", "unfit": "holds the write key"} if KEY in line else value


def _limited(size: int) -> Callable[[], None]:
    """No file of the process may grow beyond this: what a full disk looks like from inside."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
