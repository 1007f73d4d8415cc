"""The NATS stores run the suites that strangers' stores run, unchanged, on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from destination_actions.stores.nats.claims import NatsClaims
from destination_actions.stores.nats.ledger import NatsLedger
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.projection import Projection
from destination_actions.stores.nats.queue import NatsQueue
from destination_actions.stores.nats.streams import Names
from destination_actions.testing.stores import ClaimStoreSuite, LedgerSuite, QueueSuite
from nats_servers import Server
from nats_stores import opened, own_time


class _OnAServer:
    """Makes streams for each store, and closes the connection."""

    @pytest.fixture(autouse=True)
    def _server(self, server: Server, fresh: Callable[[], str]) -> Iterator[None]:
        self._url, self._fresh = server.url, fresh
        self._links: list[Link] = []
        yield
        for link in self._links:
            link.close()

    def open(self) -> tuple[Link, Names]:
        """New streams, and a connection to them."""
        link, names = opened(self._url, self._fresh())
        self._links.append(link)
        return link, names


class TestNatsClaims(_OnAServer, ClaimStoreSuite):
    """Claims in a bucket."""

    def make(self, clock: Any, times: Any) -> NatsClaims:
        """Open claims in new streams."""
        return NatsClaims(*self.open(), own_time(clock), times)


class TestNatsQueue(_OnAServer, QueueSuite):
    """The queue in a work queue; every delay follows the suite's clock, so none is left to the server's."""

    def make(self, clock: Any) -> NatsQueue:
        """Open a queue in new streams."""
        return NatsQueue(*self.open(), own_time(clock), given_back=0.0)


class TestNatsLedger(_OnAServer, LedgerSuite):
    """The ledger as a stream, read through a projection."""

    @pytest.fixture(autouse=True)
    def _projections(self, tmp_path: Path) -> None:
        self._paths = (tmp_path / f"{n}.db" for n in count())

    def make(self, clock: Any) -> NatsLedger:
        """Open a ledger in new streams, with a projection that is pruned."""
        link, names = self.open()
        return NatsLedger(link, names, Projection(link, names, clock, next(self._paths)), prunes=True)
