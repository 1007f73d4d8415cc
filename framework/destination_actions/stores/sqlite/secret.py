"""The install secret: 32 random bytes in a file beside the database, shared by all who open it.

Keys of the stores are digests made with it. It is not in the database, so that a copy of the database alone does not
let anybody test guesses; the database keeps a fingerprint, so that a lost or exchanged secret is noticed.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from pathlib import Path
from typing import Final

from destination_actions.errors import StoreError

_SIZE: Final = 32


def secret_path(path: Path) -> Path:
    """Where the secret of a database lies."""
    return path.with_name(f"{path.name}.secret")


def install_secret(connection: sqlite3.Connection, path: Path) -> bytes:
    """Read the secret, or make it. Runs inside a write transaction, so only one process makes it."""
    file = secret_path(path)
    row = connection.execute("SELECT fingerprint FROM install").fetchone()
    if row is None and not file.exists():
        _create(file)
    secret = _read(file, path)
    mark = _fingerprint(secret)
    if row is None:
        connection.execute("INSERT INTO install VALUES (1, ?)", (mark,))
    elif not hmac.compare_digest(row[0], mark):
        raise StoreError(f"{file} is not the secret that {path} was made with: {_advice(file, path)}")
    return secret


def _create(file: Path) -> None:
    """Write under another name first, so that nobody ever reads half a secret."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(_SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system has that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(file: Path, path: Path) -> bytes:
    try:
        secret = file.read_bytes()
    except OSError as error:
        raise StoreError(f"the secret of {path} cannot be read: {error}: {_advice(file, path)}") from error
    if len(secret) != _SIZE:
        raise StoreError(f"{file} holds {len(secret)} bytes, not {_SIZE}: {_advice(file, path)}")
    return secret


def _fingerprint(secret: bytes) -> str:
    return hmac.digest(secret, b"destination-actions install secret", "sha256").hex()


def _advice(file: Path, path: Path) -> str:
    return (
        f"restore {file.name} from the backup; or, if it is lost, move {path.name} and its files away to begin anew "
        "(open windows and waiting deliveries are lost with them)"
    )
