"""Servers and stores for the tests of the NATS stores. Without a server they are skipped, with the reason."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from nats_servers import BINARY, WHY_NOT, Server

_numbers = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a server where there is none."""
    if BINARY is None:
        here = Path(__file__).parent
        for item in items:
            if here in Path(item.path).parents:
                item.add_marker(pytest.mark.skip(reason=WHY_NOT))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do it no harm."""
    one = Server(tmp_path_factory.mktemp("nats")).start()
    yield one
    one.end()


@pytest.fixture
def fresh() -> Callable[[], str]:
    """Names of stores that nobody has used."""
    return lambda: f"t{next(_numbers)}"
