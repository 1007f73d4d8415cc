"""Claims in a SQLite file: the protocol's own functions inside the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from destination_actions.events import Json
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes
from destination_actions.stores.clock import Instant
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.departed import departed_since
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Transitions, Window, check_seconds

PRUNE_EVERY: Final = 60.0
"""Seconds of store time between two prunings, unless more is left to prune."""
_PRUNE_ROWS: Final = 500

_READ: Final = """
SELECT w.stage, w.delivery, w.message, w.token, w.lease, w.until, w.data,
       j.mark, j.touched, j.attempted, j.attempted_wall, j.until, j.by, j.data
FROM (SELECT ? AS key, ? AS delivery) AS asked
LEFT JOIN windows AS w ON w.key = asked.key LEFT JOIN journal AS j ON j.delivery = asked.delivery"""
_WRITE_WINDOW: Final = "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WRITE_ENTRY: Final = "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_PRUNE_JOURNAL: Final = """DELETE FROM journal WHERE delivery IN
    (SELECT delivery FROM journal WHERE touched <= ? ORDER BY touched LIMIT ?)"""
_PRUNE_WINDOWS: Final = """DELETE FROM windows WHERE key IN
    (SELECT key FROM windows WHERE ends <= ? ORDER BY ends LIMIT ?)"""


class SqliteClaims:
    """A `ClaimStore` in a SQLite file. `tokens` and `transitions` are replaced by tests alone."""

    def __init__(
        self,
        database: Database,
        times: ClaimTimes | None = None,
        *,
        tokens: Callable[[], str] | None = None,
        transitions: Transitions | None = None,
    ) -> None:
        self._database = database
        self._protocol = transitions or Transitions(times or ClaimTimes())
        self._tokens = tokens or database.token
        self._prune_at = 0.0
        self._written = database.written  # one for all that claim here: none sees another's writes otherwise

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """As `ClaimStore` says; raises `ValueError` for a period that is none."""
        check_seconds(request.seconds)

        def work(connection: sqlite3.Connection, at: Instant) -> ClaimAnswer:
            before = self._left(connection, _read(connection, request.key, request.delivery), at)
            records, answer = self._protocol.claim(before, request, at, self._tokens())
            _write(connection, request, before, records)
            self._prune(connection, at.now)
            self._written.keep(request, records)
            return answer

        return await self._database.run(work, droppable=True)

    async def mark_sent(self, claim: Claim) -> bool:
        """As `ClaimStore` says."""

        def work(connection: sqlite3.Connection, at: Instant) -> bool:
            before = self._before(connection, claim)
            records, ok = self._protocol.mark_sent(before, claim, at)
            _write(connection, claim, before, records)
            self._written.keep(claim, records)
            return ok

        return await self._database.run(work)

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._change(claim, lambda records, at: self._protocol.confirm(records, claim, data, at))

    def confirm_soon(self, claim: Claim, data: Json, failed: Callable[[BaseException], None]) -> None:
        """As `PromptClaims` says: operations are committed in the order in which they were asked for."""
        change = self._changing(claim, lambda records, at: self._protocol.confirm(records, claim, data, at))
        self._database.run_soon(change, failed)

    async def release(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._change(claim, lambda records, _: self._protocol.release(records, claim))

    async def ambiguous(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._change(claim, lambda records, at: self._protocol.ambiguous(records, claim, at))

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._change(request, lambda records, at: self._protocol.settle(records, data, at))

    async def aclose(self) -> None:
        """Leave the file open: it belongs to whoever opened it."""

    async def _change(self, of: Claim | ClaimRequest, change: Callable[[Records, Instant], Records]) -> None:
        await self._database.run(self._changing(of, change))

    def _changing(
        self, of: Claim | ClaimRequest, change: Callable[[Records, Instant], Records]
    ) -> Callable[[sqlite3.Connection, Instant], None]:
        def work(connection: sqlite3.Connection, at: Instant) -> None:
            before = self._before(connection, of)
            _write(connection, of, before, change(before, at))
            self._written.drop(of)

        return work

    def _before(self, connection: sqlite3.Connection, of: Claim | ClaimRequest) -> Records:
        """The records as they stand: most of what is marked or settled was written here, a moment ago."""
        return self._written.records(of) or _read(connection, of.key, of.delivery)

    def _left(self, connection: sqlite3.Connection, records: Records, at: Instant) -> Records:
        """The records as they are when the holder of a live lease is known to be dead."""
        window = records.window
        if window is None or window.lease <= at.now or self._database.made(window.token):
            return records
        since = departed_since(connection, window.token)
        return records if since is None else Records(self._protocol.left_behind(window, since), records.entry)

    def _prune(self, connection: sqlite3.Connection, now: float) -> None:
        if now < self._prune_at:
            return
        past = (now - self._protocol.times.journal, _PRUNE_ROWS)
        counts = [connection.execute(statement, past).rowcount for statement in (_PRUNE_JOURNAL, _PRUNE_WINDOWS)]
        self._written.clear()
        self._prune_at = now if max(counts) == _PRUNE_ROWS else now + PRUNE_EVERY


def _read(connection: sqlite3.Connection, key: str, delivery: str) -> Records:
    row = connection.execute(_READ, (key, delivery)).fetchone()
    stage, owner, message, token, lease, until, data = row[:7]
    window = None if stage is None else Window(Stage(stage), owner, message, token, lease, until, _data(data))
    mark, touched, attempted, wall, until, by, data = row[7:]
    entry = None if mark is None else Entry(Mark(mark), touched, attempted, wall, until, by, _data(data))
    return Records(window, entry)


def _write(connection: sqlite3.Connection, of: Claim | ClaimRequest, before: Records, records: Records) -> None:
    window, entry = records
    if window is not None and window is not before.window:
        connection.execute(_WRITE_WINDOW, (of.key, *_columns(window), window.ends))
    if entry is not None and entry is not before.entry:
        connection.execute(_WRITE_ENTRY, (of.delivery, *_entry_columns(entry)))
    elif entry is None and before.entry is not None:
        connection.execute("DELETE FROM journal WHERE delivery = ?", (of.delivery,))


def _columns(window: Window) -> tuple[object, ...]:
    data = None if window.data is None else encoded(window.data)
    return (int(window.stage), window.delivery, window.message, window.token, window.lease, window.until, data)


def _entry_columns(entry: Entry) -> tuple[object, ...]:
    data = None if entry.data is None else encoded(entry.data)
    return (int(entry.mark), entry.touched, entry.attempted, entry.attempted_wall, entry.until, entry.by, data)


def _data(column: bytes | str | None) -> Json:
    data: Json = None if column is None else decoded(column)
    return data
