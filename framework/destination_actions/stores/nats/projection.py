"""A ledger's stream, projected into a SQLite file: as far as it was read, and in one transaction with what was read.

Processes may share the file: whoever comes second to a part of the stream finds that it has been applied.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nats.aio.msg import Msg

from destination_actions.errors import StoreError
from destination_actions.protocols import AttemptEntry, Clock, LedgerEntry, Tally
from destination_actions.stores.clock import Instant
from destination_actions.stores.nats.codec import unpacked
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.pull import NoConsumer, Puller
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.ledger import (
    Ended,
    SqliteLedger,
    put_attempts,
    put_pin,
    put_tallies,
    remove_people,
)

_PAGE: Final = 500
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS projected (one INTEGER PRIMARY KEY CHECK (one = 1), stream TEXT NOT NULL, seq INTEGER)"""
_TABLES: Final = ("ledger", "people", "attempts", "tallies", "pins")


class Projection:
    """The projection of one store's ledger. The file is made at the first reading."""

    def __init__(self, link: Link, names: Names, clock: Clock, path: Path | None = None) -> None:
        self._link = link
        self._names = names
        self._clock = clock
        self._path = path
        self._database: Database | None = None
        self._puller = Puller(link.wire, lambda _: None)
        self._turn = asyncio.Lock()

    async def current(self) -> SqliteLedger:
        """The projection with everything that the stream held a moment ago."""
        async with self._turn:
            info = await self._link.run(self._link.wire.api(f"STREAM.INFO.{self._names.ledger}"))
            database = await self._opened(info["created"])
            position = await database.run(lambda connection, _: _position(connection, info["created"]))
            while position < info["state"]["last_seq"]:
                page = await self._link.run(self._page(position))
                if not page:
                    # What is left was purged: there is nothing between here and the end.
                    position = await database.run(_moved_to(position, info["state"]["last_seq"]))
                    break
                position = await database.run(_applied(position, page))
        return SqliteLedger(database)

    async def keys_of(self, people: Sequence[str]) -> list[str]:
        """The keys of what is recorded about these people."""
        marks = ", ".join("?" for _ in people)
        query = f"SELECT key FROM ledger WHERE number IN (SELECT number FROM people WHERE person IN ({marks}))"  # noqa: S608
        assert self._database is not None  # noqa: S101 - it is current
        rows = await self._database.run(lambda connection, _: connection.execute(query, tuple(people)).fetchall())
        return [row[0] for row in rows]

    async def aclose(self) -> None:
        """Close the file."""
        if self._database is not None:
            await self._database.aclose()

    async def _opened(self, created: str) -> Database:
        if self._database is None:
            path = self._path or _usual_path(self._names.name, created)
            self._database = await asyncio.to_thread(lambda: Database(path, self._clock))
        return self._database

    async def _page(self, position: int) -> Sequence[Msg]:
        """The next messages after a position; none at the end of the stream."""
        stream, name = self._names.ledger, f"reader-{os.getpid()}-{id(self):x}-{position}"
        config = {
            "name": name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": position + 1,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 10_000_000_000,
        }
        wire = self._link.wire
        body = {"stream_name": stream, "config": config}
        left = (await wire.api(f"CONSUMER.CREATE.{stream}.{name}", body))["num_pending"]
        try:
            while left:  # a consumer that was just made may not have begun yet
                with suppress(NoConsumer):
                    if page := await self._puller.fetch(stream, name, _PAGE):
                        return page
                await asyncio.sleep(0.01)
                left = (await wire.api(f"CONSUMER.INFO.{stream}.{name}"))["num_pending"]
            return ()
        finally:
            await wire.api(f"CONSUMER.DELETE.{stream}.{name}")


def _usual_path(name: str, created: str) -> Path:
    """A file in the user's cache for this very stream: one that was made anew has another."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "destination-actions"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {cache} for the ledger's projection cannot be made: {error.strerror}: "
            'name a file for it, as "projection" of `stores`'
        ) from error
    return cache / f"{name}-{hashlib.sha256(f'{name} {created}'.encode()).hexdigest()[:12]}.db"


def _position(connection: sqlite3.Connection, created: str) -> int:
    """How far the stream was read. What was read of another stream is removed."""
    connection.execute(_TABLE)
    row = connection.execute("SELECT stream, seq FROM projected").fetchone()
    if row is not None and row[0] == created:
        return int(row[1])
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants alone
    connection.execute("INSERT OR REPLACE INTO projected VALUES (1, ?, 0)", (created,))
    return 0


def _moved_to(before: int, position: int) -> Callable[[sqlite3.Connection, Instant], int]:
    def work(connection: sqlite3.Connection, _: Instant) -> int:
        connection.execute("UPDATE projected SET seq = ? WHERE seq = ?", (position, before))
        return position

    return work


def _applied(before: int, page: Sequence[Msg]) -> Callable[[sqlite3.Connection, Instant], int]:
    """Apply messages if nobody else has; gives how far the projection is."""

    def work(connection: sqlite3.Connection, _: Instant) -> int:
        now: int = connection.execute("SELECT seq FROM projected").fetchone()[0]
        if now != before:
            return now
        for message in page:
            _APPLY[message.subject.split(".")[2]](connection, unpacked(message.data))
        last = page[-1].metadata.sequence.stream
        connection.execute("UPDATE projected SET seq = ?", (last,))
        return last

    return work


def _end(connection: sqlite3.Connection, body: Mapping[str, Any]) -> None:
    entry = body["entry"]
    entry["people"] = tuple(entry["people"])
    attempts = [AttemptEntry(**one) for one in body["attempts"]]
    Ended.of(LedgerEntry(**entry), attempts, body["replaces"]).put(connection)


def _try(connection: sqlite3.Connection, body: Mapping[str, Any]) -> None:
    put_attempts(connection, [AttemptEntry(**body)])


def _count(connection: sqlite3.Connection, body: Sequence[Mapping[str, Any]]) -> None:
    put_tallies(connection, [Tally(**one) for one in body])


def _pin(connection: sqlite3.Connection, body: Mapping[str, Any]) -> None:
    put_pin(connection, body["digest"], body["document"])


def _forget(connection: sqlite3.Connection, body: Mapping[str, Any]) -> None:
    remove_people(connection, body["people"])


_APPLY: Final[Mapping[str, Callable[[sqlite3.Connection, Any], None]]] = {
    "end": _end,
    "try": _try,
    "count": _count,
    "pin": _pin,
    "forget": _forget,
}
