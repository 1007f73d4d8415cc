"""Claims in a SQLite file: the protocol's own functions inside the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from destination_actions.events import Json
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes
from destination_actions.stores.clock import Instant
from destination_actions.stores.sqlite.codec import decoded, encoded
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.departed import departed_since
from destination_actions.stores.sqlite.many import Lookup
from destination_actions.stores.sqlite.written import Written
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Transitions, Window, check_seconds

_Change: TypeAlias = Callable[[Records, Instant], tuple[Records, Any]]

PRUNE_EVERY: Final = 60.0
"""Seconds of store time between two prunings, unless more is left to prune."""
_PRUNE_ROWS: Final = 500

_WINDOWS: Final = Lookup("SELECT key, stage, delivery, message, token, lease, until, data FROM windows WHERE key")
_ENTRIES: Final = Lookup(
    "SELECT delivery, mark, touched, attempted, attempted_wall, until, by, data FROM journal WHERE delivery"
)
_WRITE_WINDOW: Final = """INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET stage = excluded.stage, delivery = excluded.delivery, message = excluded.message,
    token = excluded.token, lease = excluded.lease, until = excluded.until, data = excluded.data,
    ends = excluded.ends"""
_WRITE_ENTRY: Final = """INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (delivery) DO UPDATE SET mark = excluded.mark, touched = excluded.touched,
    attempted = excluded.attempted, attempted_wall = excluded.attempted_wall, until = excluded.until,
    by = excluded.by, data = excluded.data"""
_PRUNE_JOURNAL: Final = """DELETE FROM journal WHERE rowid IN
    (SELECT rowid FROM journal WHERE touched <= ? ORDER BY touched LIMIT ?)"""
_PRUNE_WINDOWS: Final = """DELETE FROM windows WHERE rowid IN
    (SELECT rowid FROM windows WHERE ends <= ? ORDER BY ends LIMIT ?)"""


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
        self._steps = self._carried_out

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """As `ClaimStore` says; raises `ValueError` for a period that is none."""
        check_seconds(request.seconds)
        step = _Step(request, lambda before, at: self._protocol.claim(before, request, at, self._tokens()))
        answer: ClaimAnswer = await self._database.run_together(self._steps, step, tentative=True)
        return answer

    async def mark_sent(self, claim: Claim) -> bool:
        """As `ClaimStore` says."""
        step = _Step(claim, lambda before, at: self._protocol.mark_sent(before, claim, at))
        marked: bool = await self._database.run_together(self._steps, step)
        return marked

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._database.run_together(self._steps, self._confirming(claim, data))

    def confirm_soon(self, claim: Claim, data: Json, failed: Callable[[BaseException], None]) -> None:
        """As `PromptClaims` says: nothing that is asked for later is committed before it."""
        self._database.run_soon(self._steps, self._confirming(claim, data), failed)

    async def release(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._end(claim, lambda records, _: (self._protocol.release(records, claim), None))

    async def ambiguous(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._end(claim, lambda records, at: (self._protocol.ambiguous(records, claim, at), None))

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._end(request, lambda records, at: (self._protocol.settle(records, data, at), None))

    async def aclose(self) -> None:
        """Leave the file open: it belongs to whoever opened it."""

    def _confirming(self, claim: Claim, data: Json) -> _Step:
        return _Step(claim, lambda records, at: (self._protocol.confirm(records, claim, data, at), None), last=True)

    async def _end(self, of: Claim | ClaimRequest, change: _Change) -> None:
        await self._database.run_together(self._steps, _Step(of, change, last=True))

    # --- in the writer's transaction ---

    def _carried_out(self, connection: sqlite3.Connection, at: Instant, steps: list[_Step]) -> list[Any]:
        """Take each step on what the steps before it left, and write what has come of it all."""
        written, windows, entries = self._written, dict[str, Window](), dict[str, Entry | None]()
        self._prune(connection, at.now)
        written.begin(len(steps))
        _read(connection, written, steps)
        answers = []
        for step in steps:
            of = step.of
            before = self._left(connection, Records(written.windows[of.key], written.entries[of.delivery]), at, of)
            after, answer = step.change(before, at)
            if after.window is not None and after.window is not before.window:
                windows[of.key] = after.window
            if after.entry is not before.entry:
                entries[of.delivery] = after.entry
                self._database.binding()  # a claim that was not given: this delivery has ended
            written.keep(of, after)
            answers.append(answer)
        _write(connection, windows, entries)
        for step, answer in zip(steps, answers, strict=True):
            if step.last or (isinstance(answer, ClaimAnswer) and answer.claim is None):
                written.drop(step.of)
        return answers

    def _left(self, connection: sqlite3.Connection, records: Records, at: Instant, of: Claim | ClaimRequest) -> Records:
        """The records as they are for a claim when the holder of a live lease is known to be dead."""
        window = records.window
        if window is None or isinstance(of, Claim) or window.lease <= at.now or self._database.made(window.token):
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


@dataclass(slots=True)
class _Step:
    """What becomes of the records of a claim, and the answer; `last` where nobody will ask for them again."""

    of: Claim | ClaimRequest
    change: _Change
    last: bool = False


def _read(connection: sqlite3.Connection, written: Written, steps: list[_Step]) -> None:
    """Read what is not known of these claims: most of what is marked or settled was written here, a moment ago."""
    windows = dict.fromkeys(step.of.key for step in steps if step.of.key not in written.windows)
    entries = dict.fromkeys(step.of.delivery for step in steps if step.of.delivery not in written.entries)
    written.windows |= windows | read_windows(connection, [*windows])
    written.entries |= entries | read_entries(connection, [*entries])


def read_windows(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Window | None]:
    """The windows that there are, by key."""
    return {
        key: Window(Stage(stage), owner, message, token, lease, until, _data(data))
        for key, stage, owner, message, token, lease, until, data in _WINDOWS.rows(connection, keys)
    }


def read_entries(connection: sqlite3.Connection, deliveries: Sequence[str]) -> dict[str, Entry | None]:
    """The entries that there are, by delivery."""
    return {
        delivery: Entry(Mark(mark), touched, attempted, wall, until, by, _data(data))
        for delivery, mark, touched, attempted, wall, until, by, data in _ENTRIES.rows(connection, deliveries)
    }


def _write(connection: sqlite3.Connection, windows: dict[str, Window], entries: dict[str, Entry | None]) -> None:
    connection.executemany(_WRITE_WINDOW, [(key, *_columns(one), one.ends) for key, one in windows.items()])
    kept = [(delivery, *_entry_columns(one)) for delivery, one in entries.items() if one is not None]
    connection.executemany(_WRITE_ENTRY, kept)
    if len(kept) < len(entries):
        gone = [(delivery,) for delivery, one in entries.items() if one is None]
        connection.executemany("DELETE FROM journal WHERE delivery = ?", gone)


def _columns(window: Window) -> tuple[object, ...]:
    data = None if window.data is None else encoded(window.data)
    return (int(window.stage), window.delivery, window.message, window.token, window.lease, window.until, data)


def _entry_columns(entry: Entry) -> tuple[object, ...]:
    data = None if entry.data is None else encoded(entry.data)
    return (int(entry.mark), entry.touched, entry.attempted, entry.attempted_wall, entry.until, entry.by, data)


def _data(column: bytes | str | None) -> Json:
    data: Json = None if column is None else decoded(column)
    return data
