"""A receiver on loopback, and runtimes that may send to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from destination_actions import AsyncRuntime
from destination_actions.testing import ManualClock

SECRET = "a-shared-secret"


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers 200, or what `answers` says for a path or next; remembers what came."""

    requests: list[Received] = field(default_factory=list)
    answers: dict[str, web.Response] = field(default_factory=dict)
    script: list[Any] = field(default_factory=list)
    server: TestServer | None = None

    def url(self, path: str = "/hook") -> str:
        """The address of a path."""
        assert self.server is not None
        return str(self.server.make_url(path))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Received(request.method, request.path_qs, headers, await request.read()))
        answer = self.script.pop(0) if self.script else self.answers.get(request.path, web.Response(text="ok"))
        if answer == "reset":
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
            return web.Response()
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A real HTTP server on 127.0.0.1."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    receiver.server = TestServer(app, host="127.0.0.1")
    await receiver.server.start_server()
    yield receiver
    await receiver.server.close()


@pytest.fixture
def clock() -> ManualClock:
    """Time that tests move."""
    return ManualClock(auto=True)


@pytest.fixture
async def make(receiver: Receiver, clock: ManualClock) -> AsyncIterator[Callable[..., AsyncRuntime]]:
    """Build a runtime that sends to the receiver: `make({"sharedSecret": ...}, method="PUT")`."""
    async with AsyncExitStack() as stack:

        def build(settings: Any = None, options: Any = None, **mapping: Any) -> AsyncRuntime:
            subscription = {
                "name": "Hook",
                "subscribe": 'type = "track"',
                "action": "send",
                "mapping": {"url": receiver.url()} | mapping,
            }
            runtime = AsyncRuntime(
                "webhook",
                settings={"allowNetworks": ["127.0.0.0/8"]} | (settings or {}),
                subscriptions=[subscription],
                **({"clock": clock} | (options or {})),
            )
            stack.push_async_callback(runtime.aclose)
            return runtime

        yield build


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Make a track event: `event("m1", total=5)`."""

    def make_one(message: str = "m1", **properties: Any) -> dict[str, Any]:
        return {"type": "track", "event": "Order Completed", "messageId": message, "properties": properties}

    return make_one
