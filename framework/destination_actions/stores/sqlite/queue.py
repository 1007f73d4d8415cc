"""A queue in a SQLite file, shared by the processes of a host."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from destination_actions.protocols import Clock, Delivery, Lease
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.clock import Instant
from destination_actions.stores.dead import DeadDelivery
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database

_DELIVERY: Final = "key, destination, subscription, event, accepted, generation"
_ADD: Final = f"""
INSERT INTO queue ({_DELIVERY}, due) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM dead WHERE key = ?1) ON CONFLICT (key) DO NOTHING"""  # noqa: S608 - constants alone
_DUE: Final = f"SELECT seq, attempts, {_DELIVERY} FROM queue WHERE due <= ? ORDER BY due, seq LIMIT ?"  # noqa: S608
_LEASE: Final = "UPDATE queue SET due = ?, attempts = attempts + 1, token = ? WHERE seq = ?"
_RETRY: Final = "UPDATE queue SET due = ?, attempts = attempts - ?, token = NULL WHERE key = ? AND token = ?"
_BURY: Final = f"""
INSERT INTO dead ({_DELIVERY}, attempts, reason, at) SELECT {_DELIVERY}, attempts, ?, ? FROM queue
WHERE key = ? AND token = ?"""  # noqa: S608
_REMOVE: Final = "DELETE FROM queue WHERE key = ? AND token = ?"
_LIST_DEAD: Final = f"SELECT {_DELIVERY}, attempts, reason, at FROM dead ORDER BY seq LIMIT ?"  # noqa: S608


class SqliteQueue:
    """A `Queue` in a SQLite file. `due` is the moment from which a row may be taken, the end of a lease included."""

    def __init__(self, database: Database, clock: Clock, *, tokens: Callable[[], str] = new_token) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """As `Queue` says. A key is known while its delivery waits, is in hand or is dead."""
        rows = [_row(delivery) for delivery in deliveries]

        def work(connection: sqlite3.Connection, at: Instant) -> int:
            due = at.now + delay
            return connection.executemany(_ADD, [(*row, due) for row in rows]).rowcount

        return await self._database.run(work) if rows else 0

    async def take(self, limit: int, *, lease: float) -> Sequence[Lease]:
        """As `Queue` says; the ones due longest come first."""
        token = self._tokens()

        def work(connection: sqlite3.Connection, at: Instant) -> tuple[list[Any], float]:
            rows = connection.execute(_DUE, (at.now, limit)).fetchall()
            connection.executemany(_LEASE, [(at.now + lease, token, row[0]) for row in rows])
            return rows, self._clock.monotonic() + lease

        rows, expires = await self._database.run(work, droppable=True)
        return [Lease(_delivery(row[2:]), row[1] + 1, token, expires) for row in rows]

    async def ack(self, lease: Lease) -> bool:
        """As `Queue` says."""
        return await self._database.run(lambda connection, _: _remove(connection, lease))

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """As `Queue` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> bool:
            back = (at.now + delay, 0 if counts else 1, lease.delivery.key, lease.token)
            return connection.execute(_RETRY, back).rowcount == 1

        return await self._database.run(work)

    async def dead(self, lease: Lease, reason: str) -> bool:
        """As `Queue` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> bool:
            connection.execute(_BURY, (reason, at.wall, lease.delivery.key, lease.token))
            return _remove(connection, lease)

        return await self._database.run(work)

    async def next_due(self) -> float | None:
        """As `Queue` says; a delivery in hand is due when its lease ends."""

        def work(connection: sqlite3.Connection, at: Instant) -> float | None:
            earliest = connection.execute("SELECT min(due) FROM queue").fetchone()[0]
            return None if earliest is None else max(0.0, earliest - at.now)

        return await self._database.run(work)

    async def list_dead(self, limit: int = 100) -> Sequence[DeadDelivery]:
        """Give up to `limit` dead deliveries, in the order in which they died."""
        rows = await self._database.run(lambda connection, _: connection.execute(_LIST_DEAD, (limit,)).fetchall())
        return [DeadDelivery(_delivery(row[:6]), *row[6:]) for row in rows]

    async def forget_dead(self, keys: Iterable[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""
        rows = [(key,) for key in keys]
        statement = "DELETE FROM dead WHERE key = ?"
        return await self._database.run(lambda connection, _: connection.executemany(statement, rows).rowcount)

    async def aclose(self) -> None:
        """Leave the file open: it belongs to whoever opened it."""


def _row(delivery: Delivery) -> tuple[object, ...]:
    event = encoded(delivery.event)
    return (
        delivery.key,
        delivery.destination,
        delivery.subscription,
        event,
        float(delivery.accepted),
        delivery.generation,
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    key, destination, subscription, event, accepted, generation = row
    return Delivery(key, destination, subscription, decoded(event), accepted, generation)


def _remove(connection: sqlite3.Connection, lease: Lease) -> bool:
    return connection.execute(_REMOVE, (lease.delivery.key, lease.token)).rowcount == 1
