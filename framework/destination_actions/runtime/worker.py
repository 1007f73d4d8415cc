"""What becomes of a delivery of the queue: admitted, attempted, recorded, acknowledged or put back for later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from random import random as uniform

from destination_actions.events import Event
from destination_actions.outcomes import Failed, Filtered, Outcome
from destination_actions.protocols import Delivery, Lease, Queue
from destination_actions.runtime.claiming import Equipment
from destination_actions.runtime.gate import Gate
from destination_actions.runtime.keys import delivery_key, message_id_of
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.runtime.prepare import Prepared, head_of, prepare
from destination_actions.runtime.stations import queue_lane
from destination_actions.values import light

POISON = 5
"""Losses after which a delivery is taken for one that kills its worker."""


@light
@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome on its way into the records: of which delivery, and after how many seconds since it was accepted.

    `lease` is None for an event that became no delivery (filtered, invalid) and for one that was sent without a queue;
    `event` is then the event, and `key` the delivery's key where it is known. `ends` names the state in which a
    delivery ends whose last outcome is `Failed`: expired (its time is over), unknown (the same, but it may have been
    executed) or dead (set aside for another reason).
    Of a lease of this `queue` the commit that records may be the acknowledgement as well.
    """

    outcome: Outcome
    lease: Lease | None = None
    seconds: float = 0.0
    event: Event | None = None
    ends: str = "expired"
    key: str = ""
    queue: Queue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Decides about deliveries.

    `retry_for` is how many seconds a delivery is retried that was accepted since the worker `began` (wall clock); None,
    and every older one, is left to the rule of its destination. `concurrency` is how many calls of one lane may be
    under way. After `poison_after` losses a delivery is set aside. `record` says whether it has acknowledged, too.
    """

    plan: Plan
    equipment: Equipment
    record: Callable[[Settled], Awaitable[bool]]
    retry_for: float | None = None
    began: float = 0.0
    concurrency: int = 64
    poison_after: int = POISON
    random: Callable[[], float] = uniform
    wakers: set[Callable[[], None]] = field(default_factory=set)
    """What to call when this process has put deliveries into the queue: it is looked at at once, not a second later."""

    def admitted(
        self, event: Event, destinations: Collection[str] | None = None
    ) -> tuple[list[Delivery], list[Outcome]]:
        """Split what an event asks for into deliveries and outcomes that are certain already.

        `destinations` are the configured names that the event may reach; None means all.
        """
        message_id = message_id_of(event)
        event = event if event.get("messageId") == message_id else {**event, "messageId": message_id}
        candidates = self.plan.candidates(event)
        deliveries: list[Delivery] = []
        outcomes: list[Outcome] = []
        for at, subscription in enumerate(self.plan.subscriptions):
            if destinations is not None and subscription.lane.name not in destinations:
                continue
            if at not in candidates:
                outcomes.append(Filtered(**head_of(subscription, message_id)))
                continue
            prepared = prepare(subscription, event, message_id)
            if isinstance(prepared, Prepared):
                deliveries.append(self._delivery(subscription, event, message_id))
            else:
                outcomes.append(prepared)
        return deliveries, outcomes

    def _delivery(self, subscription: Subscription, event: Event, message_id: str) -> Delivery:
        return Delivery(
            key=delivery_key(message_id, subscription.lane.name, subscription.id),
            destination=subscription.lane.name,
            subscription=subscription.id,
            event=event,
            accepted=self.equipment.clock.now(),
            lane=queue_lane(self.equipment, subscription),
        )

    def horizon(self, lease: Lease, gate: Gate) -> float:
        """Seconds after which a delivery is not tried again."""
        ours = self.retry_for is not None and lease.delivery.accepted >= self.began
        return self.retry_for if ours and self.retry_for is not None else gate.retry.horizon

    async def settle(self, lease: Lease, outcome: Outcome, gate: Gate) -> Outcome | None:
        """See a delivery to its end, or put it back: None then.

        Recorded first, acknowledged then, unless a store does both at once: a crash in between records it again, and
        the first record stands.
        """
        if not isinstance(outcome, Failed):
            queue = self.equipment.stores.queue
            if not await self.record(Settled(outcome, lease, self.age(lease), queue=queue)):
                await queue.ack(lease)
            return outcome
        counts = outcome.counts and gate.breaker.why is None
        delay = gate.retry.delay(outcome, lease.attempts, self.random)
        if counts:
            delay = max(delay, gate.budget.wait(self.equipment.clock.monotonic()))
        if self.age(lease) + delay > self.horizon(lease, gate):
            return await self.over(lease, outcome)
        await self.equipment.stores.queue.retry(lease, delay=delay, counts=counts)
        return None

    async def over(self, lease: Lease, outcome: Failed) -> Outcome:
        """End a delivery whose time is over: as unknown where a request may have left and nobody knows of its end."""
        return await self.buried(lease, outcome, "unknown" if await self._may_be_done(lease, outcome) else "expired")

    async def _may_be_done(self, lease: Lease, outcome: Failed) -> bool:
        if outcome.reason == "unconfirmed" or lease.losses:
            return True
        attempts = await self.equipment.stores.ledger.attempts(lease.delivery.key)
        return bool(attempts) and attempts[-1].reason == "unconfirmed"

    async def buried(self, lease: Lease, outcome: Failed, ends: str) -> Outcome:
        """Set a delivery aside for good."""
        await self.record(Settled(outcome, lease, self.age(lease), ends=ends))
        await self.equipment.stores.queue.dead(lease, outcome.message)
        return outcome

    async def given_back(self, lease: Lease, delay: float = 0.0) -> None:
        """Put back a delivery that was not tried."""
        await self.equipment.stores.queue.retry(lease, delay=delay, counts=False)

    def age(self, lease: Lease) -> float:
        """Seconds since a delivery was accepted."""
        return self.equipment.clock.now() - lease.delivery.accepted

    def hopeless(self, lease: Lease) -> Failed | None:
        """Why a delivery in hand cannot even be tried, if that is so."""
        if self.plan.subscription(lease.delivery.destination, lease.delivery.subscription) is None:
            return ended(lease, "not_configured", "its subscription is no longer configured")
        if lease.losses >= self.poison_after:
            message = f"poison: it was handed out {lease.losses} times and nothing was heard of it again"
            return ended(lease, "poison", message)
        return None


def ended(lease: Lease, reason: str, message: str) -> Failed:
    """The last outcome of a delivery that is set aside without another attempt."""
    delivery = lease.delivery
    return Failed(
        destination=delivery.destination,
        subscription=delivery.subscription,
        action="",
        message_id=message_id_of(delivery.event),
        reason=reason,
        message=message,
        after=0.0,
    )
