"""The recorder: from what was tried and settled to entries of the ledger.

A delivery's terminal record, its last attempt included, is one write; it comes before the acknowledgement. Secrets,
user ids and phone numbers are taken out here, so that no store ever holds them; only the event of a delivery that may
be replayed is kept as it came.
"""

from __future__ import annotations

import hmac
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from destination_actions.config import LedgerConfig
from destination_actions.errors import StoreError
from destination_actions.events import Event, copy_of
from destination_actions.http import Redactor
from destination_actions.outcomes import Delivered, Failed, Invalid, Outcome
from destination_actions.protocols import (
    FAILED_STATES,
    AttemptEntry,
    Clock,
    Ledger,
    LedgerEntry,
    Retention,
    Stores,
    Tally,
)
from destination_actions.runtime.keys import delivery_key
from destination_actions.runtime.pins import Pin, pin_of
from destination_actions.runtime.plan import Candidates, Plan, Subscription
from destination_actions.runtime.tries import Cleaner, Try, shown
from destination_actions.runtime.worker import Settled
from destination_actions.stores import ids_of

log = logging.getLogger("destination_actions")

PRUNE_EVERY: Final = 60.0
"""Seconds between two prunings."""

PRUNE_AGAIN: Final = 0.5
"""The same, when the last one found something: a pruning takes only so much at a time."""

FLUSH_EVERY: Final = 1.0
"""Seconds between two writings of what is only counted."""

_HELD: Final = 10_000
_NOTHING_SECRET: Final = Redactor(())


@lru_cache(maxsize=4096)  # most people come again
def person_key(secret: bytes, user: str) -> str:
    """The digest under which a user id is looked up; keyed, so that ids cannot be guessed from it."""
    return hmac.digest(secret, b"person\0" + user.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


class Recorder:
    """Writes the ledger of one runtime. `plugin_of` names the distribution and version of a destination's slug."""

    def __init__(
        self, plan: Plan, stores: Stores, clock: Clock, plugin_of: Callable[[str], str], policy: LedgerConfig
    ) -> None:
        self._plan = plan
        self._subscriptions = {(one.lane.name, one.id): one for one in plan.subscriptions}
        self._ledger: Ledger = stores.ledger
        self._secret = stores.secret
        self._clock = clock
        self._plugin_of = plugin_of
        self._policy = policy
        self._exchanges = stores.ledger.lasting if policy.exchanges is None else policy.exchanges
        self._retention = Retention(policy.keep_days * 24 * 3600.0, policy.keep_entries, _bytes(policy))
        self._pins: dict[tuple[str, str], Pin] = {}
        self._pinned: set[str] = set()
        self._held: dict[str, AttemptEntry] = {}
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._passed: Counter[Candidates] = Counter()
        self._flush_at = self._prune_at = clock.monotonic()

    # --- what happened -----------------------------------------------------------------------------------------------

    async def attempted(self, tried: Try) -> None:
        """Keep an attempt. One that ended its delivery waits for the terminal record; the others are written now."""
        entry = self._attempt(tried)
        if tried.outcome.terminal:
            self._hold(entry)
            return
        try:
            await self._pin_kept(tried.outcome)
            await self._ledger.attempt(entry)
        except StoreError as error:
            log.warning("an attempt could not be recorded: %s", error)

    async def written(self, settled: Settled) -> None:
        """As `settled`; without a queue nobody would try again, so a failure is then only told."""
        try:
            await self.settled(settled)
        except StoreError as error:
            if settled.lease is not None:
                raise
            log.error("the ledger failed; an outcome was not recorded: %s", error)  # noqa: TRY400 - it says all

    async def settled(self, settled: Settled) -> None:
        """Record a terminal state; count what was filtered. Raises `StoreError` when that cannot be written."""
        outcome = settled.outcome
        state = state_of(settled)
        if state is None:
            return
        if state == "filtered" or not outcome.message_id:
            self.counted([outcome], state)
            await self._tidy()
            return
        entry = self._entry(settled, state)
        attempt = self._held.pop(entry.key, None)
        await self._pin_kept(outcome)
        generations = range(entry.generation)
        replaces = [delivery_key(entry.message_id, entry.destination, entry.subscription, n) for n in generations]
        new = await self._ledger.record(entry, [attempt] if attempt else [], replaces=replaces)
        if not new and isinstance(outcome, Delivered) and not outcome.repeated:
            log.warning("%s was delivered although an earlier record of it stands", entry.key)
        await self._tidy()

    def counted(self, outcomes: Iterable[Outcome], state: str = "filtered") -> None:
        """Count what is not recorded one by one."""
        for one in outcomes:
            self._counts[one.destination, one.subscription, state, _reason(one)] += 1

    def passed_over(self, candidates: Candidates) -> None:
        """Count an event as filtered for all subscriptions but these candidates: one step, however many they are."""
        self._passed[candidates] += 1

    def _count_passed(self) -> None:
        passed, self._passed = self._passed, Counter()
        counts = [passed.total()] * len(self._plan.subscriptions)
        for candidates, number in passed.items():
            for at in candidates:
                counts[at] -= number
        for one, number in zip(self._plan.subscriptions, counts, strict=True):
            if number:
                self._counts[one.lane.name, one.id, "filtered", "no_match"] += number

    async def flush(self) -> None:
        """Write what has been counted."""
        self._count_passed()
        counts, self._counts = self._counts, Counter()
        self._flush_at = self._clock.monotonic() + FLUSH_EVERY
        if counts:
            await self._ledger.count([Tally(*name, number) for name, number in counts.items()])

    async def close(self) -> None:
        """Write what is left."""
        try:
            await self.flush()
        except StoreError as error:
            log.error("the ledger failed; what was filtered last was not counted: %s", error)  # noqa: TRY400

    # --- how it is kept ----------------------------------------------------------------------------------------------

    def _attempt(self, tried: Try) -> AttemptEntry:
        outcome = tried.outcome
        return AttemptEntry(
            key=tried.key,
            at=tried.at,
            seconds=round(tried.seconds, 4),
            outcome=outcome.outcome,
            reason=_reason(outcome),
            pin=self._digest(outcome),
            exchanges=self._shown(tried) if self._exchanges else (),
        )

    def _shown(self, tried: Try) -> list[dict[str, Any]]:
        cleaner = Cleaner(tried.redactor, ids_of(tried.event))
        return [shown(one, cleaner, bodies=self._policy.bodies) for one in tried.exchanges]

    def _hold(self, entry: AttemptEntry) -> None:
        self._held[entry.key] = entry
        if len(self._held) > _HELD:  # of deliveries that were cancelled before they could be recorded
            del self._held[next(iter(self._held))]

    def _entry(self, settled: Settled, state: str) -> LedgerEntry:
        outcome, lease, now = settled.outcome, settled.lease, self._clock.now()
        event: Event = lease.delivery.event if lease else settled.event or {}
        name = (outcome.destination, outcome.subscription)
        people = ids_of(event)
        return LedgerEntry(
            key=lease.delivery.key if lease else delivery_key(outcome.message_id, *name),
            state=state,
            reason=_reason(outcome),
            destination=outcome.destination,
            subscription=outcome.subscription,
            action=outcome.action,
            message_id=outcome.message_id,
            at=now,
            accepted=lease.delivery.accepted if lease else now - settled.seconds,
            seconds=round(settled.seconds, 4),
            generation=lease.delivery.generation if lease else 0,
            attempts=lease.attempts if lease else 1,
            pin=self._digest(outcome),
            people=tuple(person_key(self._secret, person) for person in people),
            details=self._details(outcome, people) | ({"losses": lease.losses} if lease and lease.losses else {}),
            event=copy_of(event) if state in FAILED_STATES or self._policy.delivered_events else None,
        )

    def _details(self, outcome: Outcome, people: Sequence[str]) -> dict[str, Any]:
        subscription = self._subscriptions.get((outcome.destination, outcome.subscription))
        cleaner = Cleaner(subscription.lane.redactor if subscription else _NOTHING_SECRET, people)
        head = {"outcome", "destination", "subscription", "action", "messageId", "reason"}
        facts: Any = {name: value for name, value in outcome.to_json().items() if name not in head}
        cleaned: Any = cleaner.json(facts)
        return dict(cleaned)

    def _digest(self, outcome: Outcome) -> str:
        pin = self._pin(outcome)
        return pin.digest if pin else ""

    def _pin(self, outcome: Outcome) -> Pin | None:
        name = (outcome.destination, outcome.subscription)
        if name not in self._pins:
            subscription = self._subscriptions.get(name)
            if subscription is None:
                return None
            self._pins[name] = self.pin_of(subscription)
        return self._pins[name]

    def pin_of(self, subscription: Subscription) -> Pin:
        """The pin of a subscription as it is configured now."""
        return pin_of(subscription, self._plugin_of(subscription.lane.destination.slug), self._secret)

    async def _pin_kept(self, outcome: Outcome) -> None:
        """Have the ledger know what a digest was made of, before it stands in a record."""
        pin = self._pin(outcome)
        if pin is not None and pin.digest not in self._pinned:
            await self._ledger.pin(pin.digest, pin.document)
            self._pinned.add(pin.digest)

    async def _tidy(self) -> None:
        now = self._clock.monotonic()
        if (self._counts or self._passed) and now >= self._flush_at:
            await self.flush()
        if now < self._prune_at:
            return
        self._prune_at = now + PRUNE_EVERY
        try:
            if await self._ledger.prune(self._retention):
                self._prune_at = now + PRUNE_AGAIN
        except StoreError as error:
            log.warning("the ledger could not be pruned: %s", error)


def _bytes(policy: LedgerConfig) -> int | None:
    return None if policy.keep_megabytes is None else int(policy.keep_megabytes * 1_000_000)


def state_of(settled: Settled) -> str | None:
    """The ledger's state for an outcome; None for one that ends nothing, because the same event may be sent again."""
    if isinstance(settled.outcome, Failed):
        return settled.ends if settled.lease else None
    return settled.outcome.outcome


def _reason(outcome: Outcome) -> str:
    """A stable word for why."""
    if isinstance(outcome, Invalid):
        return outcome.problems[0].code if outcome.problems else "invalid"
    if isinstance(outcome, Delivered):
        return "unclaimed" if outcome.unclaimed else "found" if outcome.repeated else "confirmed"
    words = {"filtered": "no_match", "suppressed": "cooldown"}
    return words.get(outcome.outcome) or str(getattr(outcome, "reason", outcome.outcome))
