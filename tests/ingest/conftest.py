"""A listener on loopback for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import start_blocking_portal
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.listener import Listener
from destination_actions_twilio_studio.sandbox import Sandbox
from ingest_server import Desk, Server


@pytest.fixture(scope="session")
def listening() -> Iterator[Server]:
    """One listener for all."""
    with start_blocking_portal() as portal:
        desk = Desk()

        async def opened() -> tuple[Listener, str]:
            listener = Listener(desk, Limits(body_seconds=0.5, idle_seconds=0.5, linger_seconds=0.2))
            return listener, await listener.open("127.0.0.1", 0)

        listener, url = portal.call(opened)
        yield Server(url, desk)
        portal.call(listener.close, 0.1)


@pytest.fixture
def server(listening: Server) -> Server:
    """The listener with an empty desk."""
    listening.desk.accepted.clear()
    listening.desk.stopping = listening.desk.broken = False
    return listening


@pytest.fixture(scope="session")
def studio() -> Iterator[Sandbox]:
    """A sandbox of Twilio Studio and the Profile API in a thread."""
    with start_blocking_portal() as portal:
        sandbox = Sandbox()
        portal.call(sandbox.__aenter__)
        yield sandbox
        portal.call(sandbox.__aexit__, None, None, None)


@pytest.fixture
def sandbox(studio: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    studio.clear()
    return studio
