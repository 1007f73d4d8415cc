"""What the server's count of deliveries does not tell: which of them were given back, and which were lost here.

A record is written only when a delivery is given back for a short time, or handed out again in the same process after
its lease; and read only when the server delivers a copy again.
"""

from __future__ import annotations

from typing import Any, Final

from destination_actions.stores.nats.codec import packed, unpacked
from destination_actions.stores.nats.hands import Held
from destination_actions.stores.nats.message import Copy
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.wire import Wire

_KEPT: Final = "86400s"


class Tries:
    """The records, by a delivery's token."""

    def __init__(self, wire: Wire, names: Names) -> None:
        self._wire = wire
        self._names = names

    async def gave(self, key: str, held: Held) -> None:
        """Note that a delivery is about to be given back, with its counts as they are to be."""
        await self._write(key, held, gave=True)

    async def lost(self, key: str, held: Held) -> None:
        """Note that a delivery is handed out again here; its counts include this time."""
        await self._write(key, held, gave=False)

    async def before(self, key: str, copy: Copy, delivered: int) -> tuple[int, int]:
        """The attempts and losses of a copy before it was delivered for the `delivered`th time."""
        stored = await self._wire.message(self._names.shared, last_by_subj=self._subject(key))
        record: dict[str, Any] = {} if stored is None else unpacked(stored.data)
        if record.get("hop") != copy.hop or record["delivered"] >= delivered:
            return copy.attempts + delivered - 1, copy.losses + delivered - 1
        since = delivered - 1 - record["delivered"]
        return record["attempts"] + since, record["losses"] + since + (0 if record["gave"] else 1)

    async def _write(self, key: str, held: Held, *, gave: bool) -> None:
        record = {
            "hop": held.copy.hop,
            "delivered": held.delivered,
            "attempts": held.attempts,
            "losses": held.losses,
            "gave": gave,
        }
        await self._wire.publish(self._subject(key), packed(record), {"Nats-TTL": _KEPT})

    def _subject(self, key: str) -> str:
        return self._names.share("tries", key)
