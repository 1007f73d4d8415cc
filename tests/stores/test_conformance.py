"""Our own stores run the suites that strangers' stores run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from destination_actions.stores import Database, MemoryClaims, MemoryQueue, SqliteClaims, SqliteQueue
from destination_actions.testing.stores import ClaimStoreSuite, QueueSuite


class TestMemoryClaims(ClaimStoreSuite):
    """Claims in memory."""

    make = staticmethod(MemoryClaims)


class TestMemoryQueue(QueueSuite):
    """The queue in memory."""

    make = staticmethod(MemoryQueue)


class _InFiles:
    """Makes a file for each store, and closes it."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> Iterator[None]:
        self.opened: list[Database] = []
        self.paths = (tmp_path / f"{n}.db" for n in count())
        yield
        for database in self.opened:
            database.close()

    def open(self, clock):
        """Open a new file."""
        self.opened.append(Database(next(self.paths), clock))
        return self.opened[-1]


class TestSqliteClaims(_InFiles, ClaimStoreSuite):
    """Claims in a SQLite file."""

    def make(self, clock, times):
        """Open claims in a new file."""
        return SqliteClaims(self.open(clock), times)


class TestSqliteQueue(_InFiles, QueueSuite):
    """The queue in a SQLite file."""

    def make(self, clock):
        """Open a queue in a new file."""
        return SqliteQueue(self.open(clock), clock)


STRANGER = """
from destination_actions.stores import MemoryClaims
from destination_actions.testing import ClaimStoreSuite


class Forgetful(MemoryClaims):
    async def confirm(self, claim, data=None):
        await self.release(claim)


class TestMyStore(ClaimStoreSuite): make = staticmethod({store})
"""


def test_a_stranger_runs_the_suite_with_one_statement(tmp_path: Path) -> None:
    """A test file of one statement collects the whole suite; a right store passes it, a wrong one does not."""
    for name, store in (("right", "MemoryClaims"), ("wrong", "Forgetful")):
        (tmp_path / f"test_{name}.py").write_text(STRANGER.format(store=store))
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    report = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=bare, check=False).stdout
    tests = {name for name in dir(ClaimStoreSuite) if name.startswith("test_")}
    assert {name for name in tests if f"PASSED test_right.py::TestMyStore::{name}\n" in report} == tests
    assert "FAILED test_wrong.py::TestMyStore::test_another_event_cools" in report
