"""Stores in one SQLite file, safe for several processes of one host: what was acknowledged survives a power failure."""

from __future__ import annotations

import os
from pathlib import Path

from destination_actions.errors import ConfigurationError
from destination_actions.protocols import ClaimTimes, Clock, Stores
from destination_actions.stores.sqlite.claims import SqliteClaims
from destination_actions.stores.sqlite.database import Database
from destination_actions.stores.sqlite.desk import SqliteDesk
from destination_actions.stores.sqlite.ledger import SqliteLedger
from destination_actions.stores.sqlite.queue import SqliteQueue
from destination_actions.stores.sqlite.shared import SqliteRates, SqliteTokens

__all__ = [
    "Database",
    "SqliteClaims",
    "SqliteDesk",
    "SqliteLedger",
    "SqliteQueue",
    "SqliteRates",
    "SqliteTokens",
    "open_sqlite",
]


def open_sqlite(url: str, clock: Clock, times: ClaimTimes) -> Stores:
    """Open `sqlite:PATH`. The file and its install secret (`PATH.secret`) are made for their owner alone.

    A link is followed first, so that whoever comes by the link and whoever comes by the file share one secret.

    Raises `StoreError` for a file that is damaged, newer than this package, or of another program.
    """
    place = url.removeprefix("sqlite:")
    if not place or place.startswith("//"):
        hint = 'write "sqlite:state.db" or "sqlite:/var/lib/app/state.db"'
        raise ConfigurationError(f'the store URL "{url}" names no file', hint=hint)
    if "\0" in place:
        raise ConfigurationError("a store URL cannot hold a NUL character")
    database = Database(Path(os.path.realpath(os.path.expanduser(place))), clock)  # noqa: PTH111 - pathlib's raise
    return Stores(
        claims=SqliteClaims(database, times),
        queue=SqliteQueue(database, clock),
        rates=SqliteRates(database),
        tokens=SqliteTokens(database),
        ledger=SqliteLedger(database),
        secret=database.secret,
        close=database.aclose,
        desk=SqliteDesk(database),
    )
