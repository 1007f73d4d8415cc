"""The value of a key in the claims bucket: its window, and the journal of its deliveries, as one JSON document.

::

    {"w": [stage, delivery, message, token, lease, until, data],
     "j": {delivery: [mark, touched, attempted, attempted wall, until, by, data]}}

Times are store time. What the journal no longer has to know is left out when a value is written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.stores.nats.codec import packed, unpacked
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Window

JOURNAL_OF_KEY: Final = 4_000
"""Deliveries of one key that its journal holds at most; the oldest go first. A message holds 1 MB."""

MARGIN: Final = 300.0
"""Seconds for which the server keeps a value after it says nothing any more."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was read, with the revision of its message; revision 0 is a key without a value."""

    revision: int = 0
    data: bytes = b""
    window: Window | None = None
    journal: Mapping[str, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, revision: int, data: bytes) -> Value:
        """Read a message."""
        document = unpacked(data)
        window = document["w"]
        journal = {delivery: Entry(Mark(one[0]), *one[1:]) for delivery, one in document["j"].items()}
        return cls(revision, data, window and Window(Stage(window[0]), *window[1:]), journal)

    def records(self, delivery: str) -> Records:
        """What concerns one delivery."""
        return Records(self.window, self.journal.get(delivery))

    def changed(self, delivery: str, records: Records, oldest: float) -> Value:
        """The value with these records; entries that were touched before `oldest` are left out."""
        kept = {name: one for name, one in self.journal.items() if one.touched > oldest and name != delivery}
        if records.entry is not None:
            kept[delivery] = records.entry
        if len(kept) > JOURNAL_OF_KEY:
            newest = sorted(kept.items(), key=lambda item: item[1].touched)[-JOURNAL_OF_KEY:]
            kept = dict(newest)
        window = records.window
        document = {
            "w": window and _window(window),
            "j": {name: _entry(one) for name, one in kept.items()},
        }
        return Value(self.revision, packed(document), window, kept)

    def lives(self, now: float, journal: float) -> int:
        """Seconds after which the server may throw the value away."""
        ends = [now] if self.window is None else [now, self.window.ends]
        ends += [one.touched + journal for one in self.journal.values()]
        return math.ceil(max(ends) - now + MARGIN)


def _window(window: Window) -> list[Any]:
    return [
        int(window.stage),
        window.delivery,
        window.message,
        window.token,
        window.lease,
        window.until,
        window.data,
    ]


def _entry(entry: Entry) -> list[Any]:
    return [
        int(entry.mark),
        entry.touched,
        entry.attempted,
        entry.attempted_wall,
        entry.until,
        entry.by,
        entry.data,
    ]
