"""The tables of a SQLite store, their version, and what is refused when a file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from destination_actions.errors import StoreError
from destination_actions.stores.sqlite.secret import secret_path

APPLICATION_ID: Final = 0x64616374
"""Marks our files in SQLite's header."""

_VERSION_1: Final = (
    "CREATE TABLE install (one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint TEXT NOT NULL)",
    """CREATE TABLE clock (
        one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, base REAL NOT NULL, seen REAL NOT NULL)""",
    """CREATE TABLE windows (
        key TEXT PRIMARY KEY, stage INTEGER NOT NULL, delivery TEXT NOT NULL, message TEXT NOT NULL,
        token TEXT NOT NULL, lease REAL NOT NULL, until REAL NOT NULL, data, ends REAL NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX windows_ends ON windows (ends)",
    """CREATE TABLE journal (
        delivery TEXT PRIMARY KEY, mark INTEGER NOT NULL, touched REAL NOT NULL, attempted REAL,
        attempted_wall REAL, until REAL, by TEXT, data) WITHOUT ROWID""",
    "CREATE INDEX journal_touched ON journal (touched)",
    """CREATE TABLE queue (
        seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, destination TEXT NOT NULL, subscription TEXT NOT NULL,
        event NOT NULL, accepted REAL NOT NULL, generation INTEGER NOT NULL, lane TEXT NOT NULL, due REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0, token TEXT)""",
    "CREATE INDEX queue_due ON queue (lane, due, seq)",
    """CREATE TABLE dead (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, destination TEXT NOT NULL,
        subscription TEXT NOT NULL, event NOT NULL, accepted REAL NOT NULL, generation INTEGER NOT NULL,
        lane TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL)""",
    "CREATE TABLE lanes (lane TEXT PRIMARY KEY, free REAL NOT NULL, paused REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tokens (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, value NOT NULL) WITHOUT ROWID",
)

_VERSION_2: Final = (
    """CREATE TABLE ledger (
        number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, reason TEXT NOT NULL,
        destination TEXT NOT NULL, subscription TEXT NOT NULL, action TEXT NOT NULL, message TEXT NOT NULL,
        at REAL NOT NULL, accepted REAL NOT NULL, seconds REAL NOT NULL, generation INTEGER NOT NULL,
        attempts INTEGER NOT NULL, pin TEXT NOT NULL, details NOT NULL, event, people NOT NULL, tries NOT NULL,
        replayed INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX ledger_at ON ledger (at)",
    """CREATE INDEX ledger_failed ON ledger (number) WHERE state NOT IN ('delivered', 'suppressed')""",
    """CREATE TABLE people (
        person TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (person, number)) WITHOUT ROWID""",
    """CREATE TABLE attempts (
        seq INTEGER PRIMARY KEY, key TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL, outcome TEXT NOT NULL,
        reason TEXT NOT NULL, pin TEXT NOT NULL, exchanges NOT NULL)""",
    "CREATE INDEX attempts_key ON attempts (key)",
    """CREATE TABLE tallies (
        destination TEXT NOT NULL, subscription TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY (destination, subscription, state, reason)) WITHOUT ROWID""",
    "CREATE TABLE pins (digest TEXT PRIMARY KEY, document NOT NULL) WITHOUT ROWID",
)

_VERSION_3: Final = ("CREATE TABLE departed (owner TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",)

# Rows lie in the order in which they came. In the order of their keys, which are digests, nearly every row that a
# transaction touches is on a page of its own, and a delivery touches its two rows five times. Now only the index by key
# is in that order, and only a new row changes it.
_VERSION_4: Final = (
    "DROP INDEX windows_ends",
    "ALTER TABLE windows RENAME TO former_windows",
    """CREATE TABLE windows (
        key TEXT NOT NULL PRIMARY KEY, stage INTEGER NOT NULL, delivery TEXT NOT NULL, message TEXT NOT NULL,
        token TEXT NOT NULL, lease REAL NOT NULL, until REAL NOT NULL, data, ends REAL NOT NULL)""",
    "INSERT INTO windows SELECT * FROM former_windows ORDER BY ends",
    "DROP TABLE former_windows",
    "CREATE INDEX windows_ends ON windows (ends)",
    "DROP INDEX journal_touched",
    "ALTER TABLE journal RENAME TO former_journal",
    """CREATE TABLE journal (
        delivery TEXT NOT NULL PRIMARY KEY, mark INTEGER NOT NULL, touched REAL NOT NULL, attempted REAL,
        attempted_wall REAL, until REAL, by TEXT, data)""",
    "INSERT INTO journal SELECT * FROM former_journal ORDER BY touched",
    "DROP TABLE former_journal",
    "CREATE INDEX journal_touched ON journal (touched)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
"""The statements that lead from each version to the next; a new file starts at version 0."""

VERSION: Final = len(MIGRATIONS)
"""The version that this package reads and writes."""


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreError` for a database of another program; one without tables is nobody's."""
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database of another program: choose another file; nothing was changed")


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create or migrate the tables, inside the caller's transaction. Refuses what is newer or not ours."""
    version = _version(connection, path)
    if version > VERSION:
        raise StoreError(
            f"{path} has schema version {version}, and this version of destination-actions reads up to {VERSION}: "
            "install the newer version that wrote it, or choose another file; nothing was changed"
        )
    if version == VERSION:
        return
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute("DELETE FROM schema_version")
    connection.execute("INSERT INTO schema_version VALUES (?)", (VERSION,))


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Read a file's version; an empty file becomes ours at version 0.

    The secret is made after the first version was committed, so an empty file beside a secret has lost its content.
    """
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        if secret_path(path).exists():
            raise StoreError(
                f"{path} is empty although {secret_path(path).name} exists, so it was in use and has been truncated: "
                "restore it from the backup, or remove both files to begin anew"
            )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        return 0
    refuse_foreign(connection, path)
    row = connection.execute("SELECT version FROM schema_version").fetchone()
    return int(row[0]) if row else 0
