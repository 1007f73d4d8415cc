"""What the writer wrote last of the claims under way, so that marking and settling them need not read it again.

It is what the file holds as long as nobody else has written and nothing was undone, which the database's epoch tells.
Only the writer thread looks here, inside its transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from destination_actions.protocols import Claim, ClaimRequest
from destination_actions.stores.transitions import Entry, Records, Window

if TYPE_CHECKING:
    from destination_actions.stores.sqlite.database import Database

_MOST: Final = 10_000
"""Records that are kept; most claims end within a second, and those that never do must not add up."""


class Written:
    """Records by key and by delivery, each apart: another delivery may have taken the same key since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._epoch = database.epoch
        self._windows: dict[str, Window | None] = {}
        self._entries: dict[str, Entry | None] = {}

    def records(self, of: Claim | ClaimRequest) -> Records | None:
        """What the file holds for a claim, where that is known."""
        if self._epoch != self._database.epoch or of.key not in self._windows or of.delivery not in self._entries:
            return None
        return Records(self._windows[of.key], self._entries[of.delivery])

    def keep(self, of: Claim | ClaimRequest, records: Records) -> None:
        """Note what the file holds for a claim from now on."""
        if self._epoch != self._database.epoch or len(self._windows) >= _MOST or len(self._entries) >= _MOST:
            self.clear()
        self._windows[of.key], self._entries[of.delivery] = records

    def drop(self, of: Claim | ClaimRequest) -> None:
        """Forget what was changed otherwise."""
        self._windows.pop(of.key, None)
        self._entries.pop(of.delivery, None)

    def clear(self) -> None:
        """Forget everything, and begin with the present epoch."""
        self._windows.clear()
        self._entries.clear()
        self._epoch = self._database.epoch
