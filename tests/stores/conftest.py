"""Stores for tests: made in a folder of the test, closed at its end."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from destination_actions.protocols import Clock
from destination_actions.stores import Database

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Open databases in the test's folder by clock and name; they are closed at its end."""
    opened: list[Database] = []

    def make(clock: Clock, name: str = "store.db", **options: float) -> Database:
        opened.append(Database(tmp_path / name, clock, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
