"""What follows from the death of a process: what it had in hand may be taken again, and since when it is gone."""

from __future__ import annotations

import sqlite3
from typing import Final

from destination_actions.stores.clock import Instant
from destination_actions.stores.sqlite.presence import Presence, owner_of

KEPT: Final = 24 * 3600.0
"""Seconds for which a death is remembered; no lease lasts that long."""

_DIED: Final = "INSERT OR IGNORE INTO departed VALUES (?, ?)"
_IN_HAND: Final = """
UPDATE queue SET due = ? WHERE seq IN (SELECT seq FROM queue WHERE lane = ? AND due > ? AND token GLOB ?)"""


def note_departures(connection: sqlite3.Connection, presence: Presence, at: Instant) -> None:
    """Make due at once what the dead held of the queue; it counts as lost, as when its lease had ended.

    The file of a dead opening goes when its death has been committed, which is at the second look.
    """
    for owner in presence.gone():
        if not connection.execute(_DIED, (owner, at.now)).rowcount:
            presence.forget(owner)
            continue
        connection.execute("DELETE FROM departed WHERE at < ?", (at.now - KEPT,))
        lanes = [row[0] for row in connection.execute(LANES)]
        connection.executemany(_IN_HAND, [(at.now, lane, at.now, f"{owner}.*") for lane in lanes])


def departed_since(connection: sqlite3.Connection, token: str) -> float | None:
    """The moment at which the maker of a token was found dead, if it was."""
    row = connection.execute("SELECT at FROM departed WHERE owner = ?", (owner_of(token),)).fetchone()
    return None if row is None else float(row[0])


LANES: Final = """
WITH RECURSIVE lanes (lane) AS (
    SELECT min(lane) FROM queue UNION ALL SELECT (SELECT min(lane) FROM queue WHERE lane > lanes.lane) FROM lanes
    WHERE lane IS NOT NULL)
SELECT lane FROM lanes WHERE lane IS NOT NULL"""
"""The lanes that hold something: one step in the index for each, however much they hold."""
