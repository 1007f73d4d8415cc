"""A delivery as a message of the queue's stream.

The body is the delivery and never changes. The headers count: how many attempts and losses earlier copies of the
message had, from when on it may be taken, and how often it was published. The server counts the deliveries of this very
copy, so an attempt is counted before anybody has it in hand, without a write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.protocols import Delivery
from destination_actions.stores.nats.codec import packed, unpacked

COUNTS: Final = "Destination-Actions"
"""The header with a copy's counts."""

ID: Final = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class Copy:
    """What the headers of one copy say. `due` and `accepted` are seconds since 1970."""

    due: float
    accepted: float
    attempts: int = 0
    losses: int = 0
    hop: int = 0

    def headers(self, key: str) -> dict[str, str]:
        """As headers. Two copies of one hop are the same to the server, so that a step may be repeated."""
        counts = f"{self.due!r} {self.accepted!r} {self.attempts} {self.losses} {self.hop}"
        return {ID: key if self.hop == 0 else f"{key}~{self.hop}", COUNTS: counts}

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Copy:
        """Read them."""
        due, accepted, attempts, losses, hop = headers[COUNTS].split()
        return cls(float(due), float(accepted), int(attempts), int(losses), int(hop))


def body_of(delivery: Delivery) -> bytes:
    """A delivery as a message's body."""
    return packed(
        {
            "key": delivery.key,
            "destination": delivery.destination,
            "subscription": delivery.subscription,
            "event": delivery.event,
            "accepted": float(delivery.accepted),
            "generation": delivery.generation,
            "lane": delivery.lane,
        }
    )


def delivery_of(body: bytes) -> Delivery:
    """Read a body."""
    document: dict[str, Any] = unpacked(body)
    return Delivery(**document)
