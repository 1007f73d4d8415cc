"""The desk: what people see of queues and lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a subscription waits in a queue: how many, how many of them were tried, and since when (wall clock)."""

    destination: str
    subscription: str
    count: int
    tried: int
    oldest: float


@dataclass(frozen=True, slots=True)
class LaneRate:
    """When a lane gives its next permit, and for how long it is paused, in seconds from now (0: not)."""

    lane: str
    free_in: float
    paused_for: float


@runtime_checkable
class Desk(Protocol):
    """What stores show to people and do at their wish, besides their work. Raises `StoreError`."""

    async def waiting(self) -> Sequence[Waiting]:
        """Count what waits in the queue or is in hand, by destination and subscription."""

    async def lanes(self) -> Sequence[LaneRate]:
        """The lanes that have given permits or been paused."""

    async def forget(self, user: str) -> int:
        """Remove every delivery from the queue, waiting or dead, whose event names this user id. Gives how many."""

    async def forget_dead(self, keys: Sequence[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""
