"""A listener on loopback for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import start_blocking_portal
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.listener import Listener
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
