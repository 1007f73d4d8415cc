"""The queue of deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, runtime_checkable

from destination_actions.values import light


@light
@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one subscription of one configured destination: the unit of queue, claim, attempt and replay.

    `key` identifies it for ever. `lane` names what it waits in: destination and account. Neither settings nor payload
    travel with it.
    """

    key: str
    destination: str
    subscription: str
    event: Mapping[str, Any]
    accepted: float
    generation: int = 0
    lane: str = ""


@light
@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery in hand. `attempts` counts this one; `token` is needed to give it back.

    `expires` is when the lease ends, on the clock's `monotonic`. `losses` counts how often it was handed out before and
    nobody said what became of it, which is how a delivery that kills its worker is known.
    """

    delivery: Delivery
    attempts: int
    token: str
    expires: float
    losses: int = 0


NO_BOUNDS: Final[Mapping[str, int]] = MappingProxyType({})
"""Every lane may have as many as there are."""


@runtime_checkable
class Sized(Protocol):
    """A queue that can tell how much it holds without looking at all of it."""

    async def size(self) -> int:
        """How many deliveries wait or are in hand."""


@runtime_checkable
class Queue(Protocol):
    """Five verbs: enqueue, take (or what is overdue), ack, retry, dead.

    What was enqueued is delivered at least once until it is acked or dead.
    """

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """Keep deliveries; ones whose key is already known are ignored. Gives how many were new."""

    async def take(self, limit: int, *, lease: float, room: Mapping[str, int] = NO_BOUNDS) -> Sequence[Lease]:
        """Lease up to `limit` due deliveries; each attempt is counted before the lease is handed out.

        Of a lane that `room` names come at most so many, with 0 none; the ones due longest come first.
        """

    async def overdue(self, lane: str, limit: int, *, before: float, lease: float) -> Sequence[Lease]:
        """Lease up to `limit` deliveries of a lane that wait, due or not, and were accepted before `before`.

        `before` is wall-clock seconds.
        """

    async def ack(self, lease: Lease) -> bool:
        """The delivery reached a terminal outcome. False when the lease was lost to somebody else."""

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """Put it back for later; with `counts=False` the attempt is taken back."""

    async def dead(self, lease: Lease, reason: str) -> bool:
        """Set it aside for people to look at."""

    async def next_due(self, besides: Collection[str] = ()) -> float | None:
        """Seconds until something is due (0 when something is), or None when the queue is empty.

        What the lanes in `besides` hold does not count.
        """

    async def aclose(self) -> None:
        """Give back what the queue holds open."""
