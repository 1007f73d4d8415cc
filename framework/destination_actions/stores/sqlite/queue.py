"""A queue in a SQLite file, shared by the processes of a host."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from destination_actions.protocols import NO_BOUNDS, Clock, Delivery, Lease
from destination_actions.stores.clock import Instant
from destination_actions.stores.dead import DeadDelivery
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.departed import LANES
from destination_actions.stores.sqlite.many import Lookup

_DELIVERY: Final = "key, destination, subscription, event, accepted, generation, lane"
_ADD: Final = f"""
INSERT INTO queue ({_DELIVERY}, due) SELECT one.* FROM (SELECT ? AS key, ?, ?, ?, ?, ?, ?, ?) AS one
WHERE NOT EXISTS (SELECT 1 FROM dead WHERE dead.key = one.key) ON CONFLICT (key) DO NOTHING"""  # noqa: S608 - constants alone
_DUE: Final = "SELECT due, seq FROM queue WHERE lane = ? AND due <= ? ORDER BY due, seq LIMIT ?"
_SIZE: Final = "SELECT count(*) FROM queue"
_OVERDUE: Final = """
SELECT seq FROM queue WHERE lane = ? AND accepted < ? AND (token IS NULL OR due <= ?) ORDER BY due, seq LIMIT ?"""
_LEASE: Final = """
UPDATE queue SET due = ?, attempts = attempts + 1, losses = losses + (token IS NOT NULL), token = ? WHERE seq = ?"""
_LEASED: Final = Lookup(f"SELECT seq, attempts, losses, {_DELIVERY} FROM queue WHERE seq")  # noqa: S608
_RETRY: Final = "UPDATE queue SET due = ?, attempts = attempts - ?, token = NULL WHERE key = ? AND token = ?"
_BURY: Final = f"""
INSERT INTO dead ({_DELIVERY}, attempts, reason, at) SELECT {_DELIVERY}, attempts, ?, ? FROM queue
WHERE key = ? AND token = ?"""  # noqa: S608
_REMOVE: Final = "DELETE FROM queue WHERE key = ? AND token = ?"
_LIST_DEAD: Final = f"SELECT {_DELIVERY}, attempts, reason, at FROM dead ORDER BY seq LIMIT ?"  # noqa: S608


class SqliteQueue:
    """A `Queue` in a SQLite file. `due` is the moment from which a row may be taken, the end of a lease included."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """As `Queue` says. A key is known while its delivery waits, is in hand or is dead."""
        rows = [_row(delivery) for delivery in deliveries]

        def work(connection: sqlite3.Connection, at: Instant) -> int:
            due = at.now + delay
            return connection.executemany(_ADD, [(*row, due) for row in rows]).rowcount

        return await self.database.run(work) if rows else 0

    async def take(self, limit: int, *, lease: float, room: Mapping[str, int] = NO_BOUNDS) -> Sequence[Lease]:
        """As `Queue` says."""
        return await self._leased(lambda connection, at: _due(connection, at.now, limit, room), lease)

    async def overdue(self, lane: str, limit: int, *, before: float, lease: float) -> Sequence[Lease]:
        """As `Queue` says."""

        def found(connection: sqlite3.Connection, at: Instant) -> list[int]:
            return [row[0] for row in connection.execute(_OVERDUE, (lane, before, at.now, limit))]

        return await self._leased(found, lease)

    async def _leased(
        self, choose: Callable[[sqlite3.Connection, Instant], Iterable[int]], lease: float
    ) -> Sequence[Lease]:
        """Lease the rows that `choose` names."""
        token = self.database.token()

        def work(connection: sqlite3.Connection, at: Instant) -> tuple[list[Any], float]:
            chosen = list(choose(connection, at))
            connection.executemany(_LEASE, [(at.now + lease, token, seq) for seq in chosen])
            rows = {row[0]: row for row in _LEASED.rows(connection, chosen)}
            return [rows[seq] for seq in chosen], self._clock.monotonic() + lease

        rows, expires = await self.database.run(work, tentative=True)
        return [Lease(_delivery(row[3:]), row[1], token, expires, row[2]) for row in rows]

    async def ack(self, lease: Lease) -> bool:
        """As `Queue` says."""
        return await self.database.run(lambda connection, _: removed(connection, lease))

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """As `Queue` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> bool:
            back = (at.now + delay, 0 if counts else 1, lease.delivery.key, lease.token)
            return connection.execute(_RETRY, back).rowcount == 1

        return await self.database.run(work)

    async def dead(self, lease: Lease, reason: str) -> bool:
        """As `Queue` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> bool:
            connection.execute(_BURY, (reason, at.wall, lease.delivery.key, lease.token))
            return removed(connection, lease)

        return await self.database.run(work)

    async def next_due(self, besides: Collection[str] = ()) -> float | None:
        """As `Queue` says; a delivery in hand is due when its lease ends."""

        def work(connection: sqlite3.Connection, at: Instant) -> float | None:
            lanes = [lane for lane in _lanes(connection) if lane not in besides]
            query = "SELECT min(due) FROM queue WHERE lane = ?"
            earliest = [connection.execute(query, (lane,)).fetchone()[0] for lane in lanes]
            return max(0.0, min(earliest) - at.now) if earliest else None

        return await self.database.run(work, tentative=True)

    async def size(self) -> int:
        """As `Sized` says: a step through the pages of the smallest index."""
        return await self.database.run(lambda connection, _: int(connection.execute(_SIZE).fetchone()[0]))

    async def list_dead(self, limit: int = 100) -> Sequence[DeadDelivery]:
        """Give up to `limit` dead deliveries, in the order in which they died."""
        rows = await self.database.run(lambda connection, _: connection.execute(_LIST_DEAD, (limit,)).fetchall())
        return [DeadDelivery(_delivery(row[:7]), *row[7:]) for row in rows]

    async def forget_dead(self, keys: Iterable[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""
        rows = [(key,) for key in keys]
        statement = "DELETE FROM dead WHERE key = ?"
        return await self.database.run(lambda connection, _: connection.executemany(statement, rows).rowcount)

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
        delivery.lane,
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    key, destination, subscription, event, *rest = row
    return Delivery(key, destination, subscription, decoded(event), *rest)


def _lanes(connection: sqlite3.Connection) -> list[str]:
    """The lanes that hold something."""
    return [row[0] for row in connection.execute(LANES)]


def _due(connection: sqlite3.Connection, now: float, limit: int, room: Mapping[str, int]) -> list[int]:
    """The rows to lease: of each lane as many as it has room for, the ones due longest first."""
    found: list[tuple[float, int]] = []
    for lane in _lanes(connection):
        if share := min(limit, room.get(lane, limit)):
            found += connection.execute(_DUE, (lane, now, share))
    return [seq for _, seq in sorted(found)[:limit]]


def removed(connection: sqlite3.Connection, lease: Lease) -> bool:
    """Remove a delivery from the queue, whoever holds this lease of it; False when that was lost."""
    return connection.execute(_REMOVE, (lease.delivery.key, lease.token)).rowcount == 1


def remove_all(connection: sqlite3.Connection, leases: Iterable[Lease]) -> None:
    """As `removed`, for several."""
    connection.executemany(_REMOVE, [(lease.delivery.key, lease.token) for lease in leases])
