"""Where deliveries wait in the queue, and through which gate they leave.

A queue's lane belongs to one account at one destination. A subscription whose action performs batches has a lane of
its own behind the account's gate, so that a batch's worth of its deliveries can be taken at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from destination_actions.runtime.claiming import Equipment
from destination_actions.runtime.gate import Gate
from destination_actions.runtime.plan import Plan, Subscription


def queue_lane(equipment: Equipment, subscription: Subscription) -> str:
    """The lane in which deliveries of a subscription wait."""
    key = equipment.lanes(subscription.lane).key
    batched = subscription.action.perform_batch is not None
    return f"{key}/{subscription.lane.name}/{subscription.id}" if batched else key


@dataclass(frozen=True, slots=True)
class Station:
    """A lane of the queue: its gate, and how many deliveries go with one call."""

    lane: str
    gate: Gate
    size: int

    def room(self, gathered: int) -> int:
        """How many deliveries may be taken, when so many wait for company already."""
        return max(0, self.gate.room() * self.size - gathered)


class Stations:
    """All stations of a plan."""

    def __init__(self, plan: Plan, equipment: Equipment, concurrency: int) -> None:
        self._gates: dict[str, Gate] = {}
        self._of: dict[tuple[str, str], Gate] = {}
        self.by_lane: Mapping[str, Station] = {
            station.lane: station for station in self._made(plan, equipment, concurrency)
        }

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Every gate once."""
        return tuple(self._gates.values())

    def gate_of(self, subscription: Subscription) -> Gate:
        """The gate of a subscription."""
        return self._of[subscription.lane.name, subscription.id]

    def lanes(self, wanted: Callable[[Station], bool]) -> list[str]:
        """The lanes of the stations that are wanted."""
        return [lane for lane, station in self.by_lane.items() if wanted(station)]

    def _made(self, plan: Plan, equipment: Equipment, concurrency: int) -> Iterator[Station]:
        for subscription in plan.subscriptions:
            lane, key = subscription.lane, equipment.lanes(subscription.lane).key
            if key not in self._gates:
                most = min(concurrency, lane.concurrency or concurrency)
                stores, clock = equipment.stores, equipment.clock
                self._gates[key] = Gate(key, stores, clock, lane.retry, lane.breaker, most)
            self._of[lane.name, subscription.id] = self._gates[key]
            batched = subscription.action.perform_batch is not None
            size = subscription.action.batch_size if batched else 1
            yield Station(queue_lane(equipment, subscription), self._gates[key], size)
