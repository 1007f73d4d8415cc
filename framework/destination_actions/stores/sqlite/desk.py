"""What a SQLite store shows to people, and forgets at their wish."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from destination_actions.protocols import LaneRate, Waiting
from destination_actions.stores.clock import Instant
from destination_actions.stores.people import ids_of
from destination_actions.stores.sqlite.codec import decoded
from destination_actions.stores.sqlite.database import Database

_WAITING: Final = """
SELECT destination, subscription, count(*), sum(attempts > 0), min(accepted) FROM queue
GROUP BY destination, subscription ORDER BY destination, subscription"""


class SqliteDesk:
    """A `Desk` over a SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> Sequence[Waiting]:
        """As `Desk` says."""
        rows = await self._database.run(lambda connection, _: connection.execute(_WAITING).fetchall())
        return [Waiting(*row) for row in rows]

    async def lanes(self) -> Sequence[LaneRate]:
        """As `Desk` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> list[LaneRate]:
            rows = connection.execute("SELECT lane, free, paused FROM lanes ORDER BY lane").fetchall()
            return [LaneRate(lane, max(0.0, free - at.now), max(0.0, paused - at.now)) for lane, free, paused in rows]

        return await self._database.run(work)

    async def forget(self, user: str) -> int:
        """As `Desk` says; what is removed is overwritten in the file."""

        def work(connection: sqlite3.Connection, _: Instant) -> int:
            with overwriting(connection):
                return sum(_forget(connection, table, user) for table in ("queue", "dead"))

        return await self._database.run(work)

    async def forget_dead(self, keys: Sequence[str]) -> int:
        """As `Desk` says."""
        rows = [(key,) for key in keys]
        statement = "DELETE FROM dead WHERE key = ?"
        return await self._database.run(lambda connection, _: connection.executemany(statement, rows).rowcount)


@contextmanager
def overwriting(connection: sqlite3.Connection) -> Iterator[None]:
    """Have SQLite write zeros over what is deleted."""
    before = connection.execute("PRAGMA secure_delete").fetchone()[0]
    connection.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA secure_delete = {('OFF', 'ON', 'FAST')[before]}")


def _forget(connection: sqlite3.Connection, table: str, user: str) -> int:
    rows = connection.execute(f"SELECT seq, event FROM {table}")  # noqa: S608 - one of two names
    gone = [(seq,) for seq, event in rows if user in ids_of(decoded(event))]
    connection.executemany(f"DELETE FROM {table} WHERE seq = ?", gone)  # noqa: S608
    return len(gone)
