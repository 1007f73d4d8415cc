"""Opening the file: created for its owner alone, in WAL mode, checked; refused when it is damaged or not ours."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from destination_actions.errors import StoreError
from destination_actions.stores.sqlite.schema import prepare
from destination_actions.stores.sqlite.secret import install_secret, secret_path, sync_folder

CHECKED_BYTES: Final = 64 * 1024 * 1024
"""Files up to this size are checked for damage when they are opened; larger ones when SQLite meets the damage."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def open_file(path: Path, busy: float) -> tuple[sqlite3.Connection, bytes]:
    """Open or create a store's file; gives a connection and the install secret. Raises `StoreError`."""
    with told(path):
        _create(path)
        connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
        try:
            return connection, _prepared(connection, path, busy)
        except BaseException:
            connection.close()
            raise


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into a `StoreError` that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(_explained(path, error)) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be used as a store: {error.strerror or error}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write alone: commit at the end, roll back on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f'the folder of the store file "{path}" does not exist: create it first')
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        sync_folder(path.parent)
    except FileExistsError:
        if path.stat().st_size == 0 and secret_path(path).exists():
            raise StoreError(
                f"{path} is empty although {secret_path(path).name} exists, so it was in use and has been truncated: "
                "restore it from the backup, or remove both files to begin anew"
            ) from None


def _prepared(connection: sqlite3.Connection, path: Path, busy: float) -> bytes:
    _use_wal(connection, path, busy)
    connection.execute("PRAGMA synchronous = FULL")
    if path.stat().st_size <= CHECKED_BYTES:
        _check(connection, path)
    with transaction(connection):
        prepare(connection, path)
    with transaction(connection):
        return install_secret(connection, path)


def _use_wal(connection: sqlite3.Connection, path: Path, busy: float) -> None:
    """Switch to WAL. Needs the file for itself for a moment, and SQLite does not wait for that, so this does."""
    deadline = time.monotonic() + busy
    while True:
        try:
            with closing(connection.execute("PRAGMA journal_mode = WAL")) as answer:
                mode = answer.fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(f"{path} cannot be used as a store: its file system does not support SQLite's WAL mode")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise StoreError(_damaged(path, finding))


def _explained(path: Path, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return _damaged(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is locked by another process and stayed so for the whole busy time: {error}"
    if code == sqlite3.SQLITE_FULL:
        return f"{path} cannot be written, the disk is full: free space; nothing of this step was kept"
    return f"{path} did not do what was asked: {error}"


def _damaged(path: Path, finding: str) -> str:
    return (
        f"{path} is damaged or not a SQLite database ({finding}): nothing was changed. Stop all workers, keep a copy, "
        f'then restore a backup or recover with: sqlite3 {path.name} ".recover" | sqlite3 recovered.db'
    )
