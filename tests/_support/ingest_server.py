"""For tests of ingest: a desk that writes down what it accepts, a client that sends any bytes, cases of data files."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from destination_actions.config import SourceConfig
from destination_actions.errors import StoreError
from destination_actions.events import Event
from destination_actions.ingest.keys import Source, WriteKeys
from destination_actions.ingest.receiver import Receiver
from destination_actions.ingest.reply import Reply
from destination_actions.testing import ManualClock

KEY = "web-key-0123456789"
SOURCES = (
    SourceConfig(name="web", write_key=KEY),
    SourceConfig(name="app", write_key="app-key-0123456789", destinations=("shop",)),
    SourceConfig(name="off", write_key="off-key-0123456789", enabled=False),
)


def basic(key: str = KEY) -> str:
    """The header of a write key."""
    return "Basic " + b64encode(f"{key}:".encode()).decode()


@dataclass
class Desk:
    """A desk over a receiver, without a runtime behind it. `broken` makes its store refuse."""

    stopping: bool = False
    broken: bool = False
    accepted: list[tuple[str, Event]] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_772_443_800.0))

    def __post_init__(self) -> None:
        self._receiver = Receiver(WriteKeys(SOURCES), self._accept, self.clock)

    async def _accept(self, source: Source, events: Any) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.accepted += [(source.name, event) for event in events]

    def sender(self, authorization: str | None) -> Source | None:
        return self._receiver.sender(authorization)

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        return await self._receiver.receive(endpoint, source, content)

    async def ready(self) -> Reply:
        return Reply(200, {"status": "ready"})


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of an error, `partly`, or nothing."""
        if self.status == 200:
            return "partly" if "refused" in self.json else ""
        return str(self.json["code"])


@dataclass
class Server:
    """A listener in a thread."""

    url: str
    desk: Desk

    def call(
        self,
        path: str,
        content: bytes = b"",
        *,
        method: str = "POST",
        authorization: str | None = basic(),
        **headers: str,
    ) -> Answer:
        """Send bytes over a connection of their own."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=30)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        if authorization is not None:
            named["Authorization"] = authorization
        connection.request(method, path, content, named)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.headers), response.read())
        connection.close()
        return answer
