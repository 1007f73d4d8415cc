"""Rates and OAuth tokens in a SQLite file."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from typing import Any

from destination_actions.stores.clock import Instant
from destination_actions.stores.rates import Lane, left_of, paused, taken
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database, Work


class SqliteRates:
    """A `RateStore` in a SQLite file: all its processes share each lane's rate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """As `RateStore` says; the permits of a block come one every `1 / per_second` seconds."""

        def work(connection: sqlite3.Connection, at: Instant) -> tuple[float, float]:
            after, wait = taken(_read(connection, lane), n, per_second, at.now, within)
            _write(connection, lane, after)
            return wait, self._database.clock.monotonic()

        wait, then = await self._database.run(work)
        return wait if wait > within else wait - (self._database.clock.monotonic() - then)

    async def pause(self, lane: str, seconds: float) -> None:
        """As `RateStore` says; a pause is never cut short by a shorter one."""

        def work(connection: sqlite3.Connection, at: Instant) -> None:
            _write(connection, lane, paused(_read(connection, lane), seconds, at.now))

        await self._database.run(work)

    async def paused(self, lane: str) -> float:
        """As `RateStore` says."""
        return await self._database.run(lambda connection, at: left_of(_read(connection, lane), at.now), tentative=True)


class SqliteTokens:
    """A `TokenStore` in a SQLite file. The values are as secret as the file, which only its owner can read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """As `TokenStore` says."""
        query = "SELECT revision, value FROM tokens WHERE name = ?"
        work: Work[Any] = lambda connection, _: connection.execute(query, (name,)).fetchone()  # noqa: E731
        row = await self._database.run(work, tentative=True)
        return None if row is None else (row[0], decoded(row[1]))

    async def put(self, name: str, value: Mapping[str, Any], *, revision: int) -> bool:
        """As `TokenStore` says."""
        text = encoded(value)

        def work(connection: sqlite3.Connection, _: Instant) -> bool:
            if revision == 0:
                add = "INSERT INTO tokens VALUES (?, 1, ?) ON CONFLICT DO NOTHING"
                return connection.execute(add, (name, text)).rowcount == 1
            update = "UPDATE tokens SET revision = revision + 1, value = ? WHERE name = ? AND revision = ?"
            return connection.execute(update, (text, name, revision)).rowcount == 1

        return await self._database.run(work)


def _read(connection: sqlite3.Connection, lane: str) -> Lane:
    row = connection.execute("SELECT free, paused FROM lanes WHERE lane = ?", (lane,)).fetchone()
    return Lane(*row) if row else Lane()


def _write(connection: sqlite3.Connection, lane: str, record: Lane) -> None:
    connection.execute("INSERT OR REPLACE INTO lanes VALUES (?, ?, ?)", (lane, record.free, record.paused))
