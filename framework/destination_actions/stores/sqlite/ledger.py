"""The ledger in a SQLite file: a delivery's terminal record is one step of the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from destination_actions.protocols import (
    AttemptEntry,
    Lease,
    LedgerEntry,
    LedgerQuery,
    Record,
    RecordAndAck,
    Retention,
    Tally,
)
from destination_actions.stores.clock import Instant
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.desk import overwriting
from destination_actions.stores.sqlite.queue import SqliteQueue, remove_all

_COLUMNS: Final = (
    "key, state, reason, destination, subscription, action, message, at, accepted, seconds, generation, attempts, pin, "
    "details, event, people"
)
_RECORD: Final = f"""
INSERT INTO ledger ({_COLUMNS}, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO NOTHING"""  # noqa: S608 - constants alone
_ATTEMPT: Final = """
INSERT INTO attempts (key, at, seconds, outcome, reason, pin, exchanges) VALUES (?, ?, ?, ?, ?, ?, ?)"""
_TALLY: Final = """
INSERT INTO tallies VALUES (?, ?, ?, ?, ?)
ON CONFLICT (destination, subscription, state, reason) DO UPDATE SET count = count + excluded.count"""
_LIST: Final = f"""
SELECT {_COLUMNS}, replayed, number FROM ledger WHERE {{}} ORDER BY number DESC LIMIT ?"""  # noqa: S608
_ATTEMPTS: Final = "SELECT key, at, seconds, outcome, reason, pin, exchanges FROM attempts WHERE key = ? ORDER BY seq"
_PRUNE_ATTEMPTS: Final = "DELETE FROM attempts WHERE seq < (SELECT min(seq) + ? FROM attempts) AND at < ?"
_NEWEST_OVER: Final = "SELECT number FROM ledger ORDER BY number DESC LIMIT 1 OFFSET ?"
_MEAN_BYTES: Final = """
SELECT avg(length(details) + coalesce(length(event), 0) + length(people) + length(tries) + length(message)) FROM (
    SELECT details, event, people, tries, message FROM ledger ORDER BY number DESC LIMIT 1000)"""
_OVERHEAD: Final = 500
"""Bytes of an entry besides its texts: names, numbers, and its part of the indexes."""
_LAST: Final = "\U0010ffff"
"""Comes after whatever a key goes on with, so that a key's beginning is a range of the index."""
_PRUNE_ROWS: Final = 2_000
"""Entries that one pruning removes at most, so that it holds nobody up."""


class SqliteLedger:
    """A `Ledger` in a SQLite file."""

    lasting = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self, entry: LedgerEntry, attempts: Sequence[AttemptEntry] = (), *, replaces: Sequence[str] = ()
    ) -> bool:
        """As `Ledger` says."""
        new: bool = await self._database.run_together(_carried_out, (Ended.of(entry, attempts, replaces), None))
        return new

    def joined(self, queue: object) -> RecordAndAck | None:
        """As `JoinedLedger` says."""
        same = isinstance(queue, SqliteQueue) and queue.database is self._database
        return self._record_and_ack if same else None

    async def _record_and_ack(self, record: Callable[[], Record], lease: Lease) -> bool:
        def ready() -> tuple[Ended, Lease]:
            return Ended.of(*record()), lease

        new: bool = await self._database.run_together(_carried_out, ready=ready)
        return new

    async def attempt(self, attempt: AttemptEntry) -> None:
        """As `Ledger` says."""
        await self._database.run(lambda connection, _: put_attempts(connection, [attempt]))

    async def count(self, tallies: Sequence[Tally]) -> None:
        """As `Ledger` says."""
        await self._database.run(lambda connection, _: put_tallies(connection, tallies))

    async def pin(self, digest: str, document: Mapping[str, Any]) -> None:
        """As `Ledger` says."""
        await self._database.run(lambda connection, _: put_pin(connection, digest, document))

    async def pinned(self, digest: str) -> Mapping[str, Any] | None:
        """As `Ledger` says."""
        rows = await self._rows("SELECT document FROM pins WHERE digest = ?", (digest,))
        return decoded(rows[0][0]) if rows else None

    async def entries(self, query: LedgerQuery) -> Sequence[LedgerEntry]:
        """As `Ledger` says."""
        conditions, values = _conditions(query)
        rows = await self._rows(_LIST.format(" AND ".join(conditions) or "true"), (*values, query.limit))
        return [_entry(row) for row in rows]

    async def attempts(self, key: str) -> Sequence[AttemptEntry]:
        """As `Ledger` says."""
        rows = await self._rows(_ATTEMPTS, (key,))
        last = await self._rows("SELECT tries FROM ledger WHERE key = ?", (key,))
        rows += [row for column in last for row in decoded(column[0])]
        return sorted((_attempt(row) for row in rows), key=lambda attempt: attempt.at)

    async def tallies(self) -> Sequence[Tally]:
        """As `Ledger` says."""
        rows = await self._rows("SELECT * FROM tallies ORDER BY destination, subscription, state, reason", ())
        return [Tally(*row) for row in rows]

    async def forget(self, people: Sequence[str]) -> int:
        """As `Ledger` says; what is removed is overwritten in the file."""
        return await self._database.run(lambda connection, _: len(remove_people(connection, people)))

    async def prune(self, retention: Retention) -> int:
        """As `Ledger` says, a few thousand at a time. Dead deliveries and attempts without an entry go by age too."""

        def work(connection: sqlite3.Connection, at: Instant) -> int:
            oldest = at.wall - retention.seconds
            late = "number IN (SELECT number FROM ledger WHERE at < ? ORDER BY at LIMIT ?)"
            many = "number IN (SELECT number FROM ledger WHERE number <= ? ORDER BY number LIMIT ?)"
            gone = len(_remove(connection, late, (oldest, _PRUNE_ROWS)))
            over = connection.execute(_NEWEST_OVER, (_entries_for(connection, retention),)).fetchone()
            gone += len(_remove(connection, many, (over[0], _PRUNE_ROWS))) if over else 0
            connection.execute(_PRUNE_ATTEMPTS, (_PRUNE_ROWS, oldest))
            connection.execute("DELETE FROM dead WHERE at < ?", (oldest,))
            return gone

        return await self._database.run(work)

    async def aclose(self) -> None:
        """Leave the file open: it belongs to whoever opened it."""

    async def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        return await self._database.run(lambda connection, _: connection.execute(statement, values).fetchall())


@dataclass(frozen=True, slots=True)
class Ended:
    """A terminal record, made ready for a transaction that others share."""

    entry: LedgerEntry
    row: tuple[object, ...]
    attempts: Sequence[AttemptEntry]
    replaces: Sequence[str]

    @classmethod
    def of(cls, entry: LedgerEntry, attempts: Sequence[AttemptEntry], replaces: Sequence[str]) -> Ended:
        """Encode it, outside of the transaction."""
        tries = [(*_when(attempt), attempt.exchanges) for attempt in attempts]
        return cls(entry, (*_row(entry), encoded(tries)), attempts, replaces)

    def put(self, connection: sqlite3.Connection) -> bool:
        """Write it; False when the key had a record, and then only the attempts are kept."""
        return put_ends(connection, [self])[0]


def put_ends(connection: sqlite3.Connection, ends: Sequence[Ended]) -> list[bool]:
    """Write several; of each, whether it is new."""
    news: list[bool] = []
    people: list[tuple[str, int | None]] = []
    tallies: Counter[tuple[str, str, str, str]] = Counter()
    for one in ends:
        added, entry = connection.execute(_RECORD, one.row), one.entry
        news.append(added.rowcount == 1)
        if not news[-1]:
            put_attempts(connection, one.attempts)
            continue
        people += [(person, added.lastrowid) for person in entry.people]
        tallies[entry.destination, entry.subscription, entry.state, entry.reason] += 1
        for key in one.replaces:
            connection.execute("UPDATE ledger SET replayed = 1 WHERE key = ?", (key,))
    connection.executemany("INSERT INTO people VALUES (?, ?)", people)
    connection.executemany(_TALLY, [(*name, count) for name, count in tallies.items()])
    return news


def _carried_out(
    connection: sqlite3.Connection, _: Instant, ends: Sequence[tuple[Ended, Lease | None]]
) -> Sequence[bool]:
    """Record ends, and acknowledge the deliveries that are still in the queue."""
    news = put_ends(connection, [ended for ended, _ in ends])
    remove_all(connection, [lease for _, lease in ends if lease is not None])
    return news


def put_attempts(connection: sqlite3.Connection, attempts: Sequence[AttemptEntry]) -> None:
    """Write attempts that ended nothing."""
    connection.executemany(_ATTEMPT, [_try(attempt) for attempt in attempts])


def put_tallies(connection: sqlite3.Connection, tallies: Sequence[Tally]) -> None:
    """Add to the tallies."""
    rows = [(one.destination, one.subscription, one.state, one.reason, one.count) for one in tallies]
    connection.executemany(_TALLY, rows)


def put_pin(connection: sqlite3.Connection, digest: str, document: Mapping[str, Any]) -> None:
    """Keep what a digest was made of; the first one stands."""
    connection.execute("INSERT OR IGNORE INTO pins VALUES (?, ?)", (digest, encoded(document)))


def remove_people(connection: sqlite3.Connection, people: Sequence[str]) -> list[str]:
    """Remove and overwrite every entry of these people; gives their keys."""
    marks = ", ".join("?" for _ in people)
    chosen = f"number IN (SELECT number FROM people WHERE person IN ({marks}))"  # noqa: S608 - marks alone
    with overwriting(connection):
        return _remove(connection, chosen, tuple(people))


def _entries_for(connection: sqlite3.Connection, retention: Retention) -> int:
    """How many entries may be kept, by number and by bytes, of which the newest thousand tell how many one takes."""
    if retention.bytes is None:
        return retention.entries
    mean = connection.execute(_MEAN_BYTES).fetchone()[0] or 0.0
    return min(retention.entries, int(retention.bytes / (mean + _OVERHEAD)))


def _row(entry: LedgerEntry) -> tuple[object, ...]:
    return (
        entry.key,
        entry.state,
        entry.reason,
        entry.destination,
        entry.subscription,
        entry.action,
        entry.message_id,
        float(entry.at),
        float(entry.accepted),
        float(entry.seconds),
        entry.generation,
        entry.attempts,
        entry.pin,
        encoded(entry.details),
        None if entry.event is None else encoded(entry.event),
        encoded(entry.people),
    )


def _entry(row: Sequence[Any]) -> LedgerEntry:
    names = ("key", "state", "reason", "destination", "subscription", "action", "message_id", "at", "accepted")
    more = ("seconds", "generation", "attempts", "pin")
    details, event, people, replayed, number = row[13:]
    return LedgerEntry(
        **dict(zip((*names, *more), row, strict=False)),
        details=decoded(details),
        event=None if event is None else decoded(event),
        replayed=bool(replayed),
        number=number,
        people=tuple(decoded(people)),
    )


def _when(attempt: AttemptEntry) -> tuple[object, ...]:
    when = (attempt.key, float(attempt.at), float(attempt.seconds))
    return (*when, attempt.outcome, attempt.reason, attempt.pin)


def _try(attempt: AttemptEntry) -> tuple[object, ...]:
    return (*_when(attempt), orjson.dumps(attempt.exchanges).decode() if attempt.exchanges else "[]")


def _attempt(row: Sequence[Any]) -> AttemptEntry:
    """Read a row, or what an entry holds of its last tries: their exchanges are JSON, and were a text of it once."""
    key, at, seconds, outcome, reason, pin, exchanges = row
    found = orjson.loads(exchanges) if isinstance(exchanges, str) else exchanges
    return AttemptEntry(key=key, at=at, seconds=seconds, outcome=outcome, reason=reason, pin=pin, exchanges=found)


def _conditions(query: LedgerQuery) -> tuple[list[str], list[object]]:
    """The conditions that a query asks for, and the values for their marks."""
    marks = ", ".join("?" for _ in query.states)
    possible: list[tuple[str, Sequence[object | None]]] = [
        ("at >= ?", (query.since,)),
        ("at < ?", (query.until,)),
        (f"state IN ({marks})", tuple(query.states) or (None,)),
        ("reason = ?", (query.reason,)),
        ("destination = ?", (query.destination,)),
        ("number IN (SELECT number FROM people WHERE person = ?)", (query.person,)),
        ("key >= ?", (query.key,)),
        ("key < ?", (None if query.key is None else query.key + _LAST,)),
        ("number < ?", (query.before,)),
    ]
    asked = [(text, values) for text, values in possible if values[0] is not None]
    conditions = [text for text, _ in asked] + (["replayed = 0"] if query.open_only else [])
    return conditions, [value for _, values in asked for value in values]


def _remove(connection: sqlite3.Connection, chosen: str, values: Sequence[object]) -> list[str]:
    """Remove the entries that a condition chooses, and what belongs to them; gives their keys."""
    found = connection.execute(f"SELECT number, key, people FROM ledger WHERE {chosen}", values).fetchall()  # noqa: S608
    named = [(person, number) for number, _, people in found for person in decoded(people)]
    connection.executemany("DELETE FROM people WHERE person = ? AND number = ?", named)
    connection.executemany("DELETE FROM attempts WHERE key = ?", [(key,) for _, key, _ in found])
    connection.executemany("DELETE FROM ledger WHERE number = ?", [(number,) for number, _, _ in found])
    return [key for _, key, _ in found]
