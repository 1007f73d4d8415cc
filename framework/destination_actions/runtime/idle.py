"""Deliveries of subscriptions that are switched off: they wait in the queue until these are switched on again, or until
their time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from destination_actions.protocols import Delivery

AGAIN = 60.0
SELDOM = 600.0
"""Seconds after which such a delivery is looked at again, where its lane goes on for others: a tenth of the time for
which it has waited, between these two. What waits long is looked at seldom, and comes soon enough after such a time."""

SWEEP = 60.0
"""Seconds between two looks at those whose time is over."""


class Idle:
    """What one worker knows of them.

    `horizons` names the subscriptions that are switched off, each with the seconds for which its deliveries are kept;
    `used` are the lanes that others deliver through. A lane that nobody else uses is closed when the first such
    delivery comes from it.
    """

    def __init__(self, horizons: Mapping[tuple[str, str], float], used: Collection[str]) -> None:
        self._horizons = horizons
        self._used = used
        self._next = 0.0
        self.lanes: dict[str, float] = {}
        """The closed lanes, and for how many seconds what is in them is kept."""
        self.seen = False
        """Whether there was any such delivery."""

    def horizon(self, delivery: Delivery) -> float | None:
        """For how many seconds the delivery is kept, if its subscription is switched off."""
        return self._horizons.get((delivery.destination, delivery.subscription))

    def names(self, destination: str, subscription: str) -> bool:
        """Whether this subscription is switched off."""
        return (destination, subscription) in self._horizons

    def put_back(self, delivery: Delivery, horizon: float, age: float) -> float:
        """Note a delivery of so many seconds that goes back; gives the seconds after which it may come again."""
        self.seen = True
        if delivery.lane in self._used:
            return min(max(AGAIN, min(age / 10, SELDOM)), max(horizon - age, 0.0) + 1.0)
        self.lanes[delivery.lane] = max(horizon, self.lanes.get(delivery.lane, 0.0))
        return 0.0

    def to_sweep(self, now: float) -> Mapping[str, float]:
        """The lanes in which it is time to look for what is over (monotonic `now`)."""
        if not self.lanes or now < self._next:
            return {}
        self._next = now + SWEEP
        return self.lanes
