"""Deliveries that were set aside, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from destination_actions.protocols import Delivery


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """A delivery that will not be tried again: after how many attempts, why, and when (wall clock)."""

    delivery: Delivery
    attempts: int
    reason: str
    at: float
