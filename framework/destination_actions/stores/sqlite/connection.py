"""Opening the file: created for its owner alone, in WAL mode, checked; refused when it is damaged or not ours."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from destination_actions.errors import StoreError
from destination_actions.stores.sqlite.schema import prepare, refuse_foreign
from destination_actions.stores.sqlite.secret import install_secret, secret_path, sync_folder

log = logging.getLogger("destination_actions")

T = TypeVar("T")

SLOW: Final = 1.0
"""Seconds of a commit from which on it is told: all processes of the file wait meanwhile, and lose claims by it."""

CHECKED_BYTES: Final = 64 * 1024 * 1024
"""Files up to this size are checked for damage when they are opened; larger ones when SQLite meets the damage."""

_LOG_PAGES: Final = 4000
"""Pages in the log (16 MB) after which they are brought into the database: most of them were changed several times."""

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
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
def transaction(connection: sqlite3.Connection, busy: float) -> Iterator[None]:
    """Write alone: commit at the end, roll back on any exception. Waits up to `busy` seconds for other processes."""
    waited(lambda: connection.execute("BEGIN IMMEDIATE"), busy)
    try:
        yield
        began = time.monotonic()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if (took := time.monotonic() - began) >= SLOW:
        _tell_slow(connection, took)


def _tell_slow(connection: sqlite3.Connection, seconds: float) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    text = "a commit to %s took %.1f s, and every process that uses it waited: look at the disk and the machine's load"
    log.warning(text, path, seconds)


def waited(step: Callable[[], T], busy: float) -> T:
    """Take a step that other processes can stand in the way of, again and again for `busy` seconds.

    SQLite's own waiting sleeps longer each time, up to 0.1 s, so a process that waits keeps losing to those that come
    anew: with four busy processes it waited for 2.5 s where short random pauses make it 0.4 s.
    """
    deadline = time.monotonic() + busy
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.0003, 0.002))  # noqa: S311 - spreads processes, guards nothing


def _create(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f'the folder of the store file "{path}" does not exist: create it first')
    _refuse_remains(path)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    sync_folder(path.parent)


def _refuse_remains(path: Path) -> None:
    """Refuse what is left of a store of which a part was taken away, before SQLite opens it.

    SQLite deletes the log of an empty database, with every commit that is in it alone. A start of several processes at
    once shows none of this: the file has content before the log and the secret are made, and the log is there whenever
    its index is.
    """
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    remains = [one.name for one in (secret_path(path), log) if _size(one)]
    if remains and not _size(path):
        raise StoreError(
            f"{path} is empty or gone although {' and '.join(remains)} exists, so it was in use and has been "
            "truncated: put it back or restore the backup; to begin anew, remove the rest too. Nothing was changed"
        )
    if not log.exists() and index.exists() and not log.exists():
        raise StoreError(
            f"{log} is gone although {index.name} exists, so commits were lost with it: put it back or restore the "
            f"backup; to go on with what {path.name} holds, remove {index.name}. Nothing was changed"
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _prepared(connection: sqlite3.Connection, path: Path, busy: float) -> bytes:
    waited(lambda: refuse_foreign(connection, path), busy)  # before WAL mode, which is written into the file
    if waited(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone()[0], busy) != "wal":
        raise StoreError(f"{path} cannot be used as a store: its file system does not support SQLite's WAL mode")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    if path.stat().st_size <= CHECKED_BYTES:
        _check(connection, path)
    connection.execute("PRAGMA busy_timeout = 0")  # from here on `waited` waits
    with transaction(connection, busy):
        prepare(connection, path)
    with transaction(connection, busy):
        return install_secret(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise StoreError(_damaged(path, finding))


def _explained(path: Path, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return _damaged(path, str(error))
    if code in _BUSY:
        return f"{path} is locked by another process and stayed so for the whole busy time: {error}"
    if code == sqlite3.SQLITE_FULL:
        return f"{path} cannot be written, the disk is full: free space; nothing of this step was kept"
    if code == sqlite3.SQLITE_IOERR:
        advice = "look at the disk, its quota and the process's limit of file sizes; nothing of this step was kept"
        return f"{path} cannot be read or written ({error}): {advice}"
    return f"{path} did not do what was asked: {error}"


def _damaged(path: Path, finding: str) -> str:
    return (
        f"{path} is damaged or not a SQLite database ({finding}): nothing was changed. Stop all workers, keep a copy, "
        f'then restore a backup or recover with: sqlite3 {path.name} ".recover" | sqlite3 recovered.db'
    )
