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
        self.windows: dict[str, Window | None] = {}
        self.entries: dict[str, Entry | None] = {}

    def begin(self, steps: int) -> None:
        """Forget what may be wrong by now; make room for what so many steps will read and write."""
        most = _MOST - steps
        if self._epoch != self._database.epoch or len(self.windows) > most or len(self.entries) > most:
            self.clear()

    def keep(self, of: Claim | ClaimRequest, records: Records) -> None:
        """Note what the file holds for a claim from now on."""
        self.windows[of.key], self.entries[of.delivery] = records

    def drop(self, of: Claim | ClaimRequest) -> None:
        """Forget what will not be asked for again."""
        self.windows.pop(of.key, None)
        self.entries.pop(of.delivery, None)

    def clear(self) -> None:
        """Forget everything, and begin with the present epoch."""
        self.windows.clear()
        self.entries.clear()
        self._epoch = self._database.epoch
