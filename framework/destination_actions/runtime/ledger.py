"""The recorder: from what was tried and settled to entries of the ledger.

A delivery's terminal record, its last attempt included, is one write; it comes before the acknowledgement. What an
entry is made of, and how it is kept clean, is in `facts.py`.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from destination_actions.config import LedgerConfig
from destination_actions.errors import StoreError
from destination_actions.events import Event
from destination_actions.http import Redactor
from destination_actions.outcomes import Delivered, Failed, Outcome
from destination_actions.protocols import (
    FAILED_STATES,
    AttemptEntry,
    Clock,
    LateLedger,
    Lease,
    Ledger,
    Record,
    RecordAndAck,
    Retention,
    Stores,
    Tally,
)
from destination_actions.runtime.facts import NOTHING_SECRET, Facts, attempt_of, reason_of
from destination_actions.runtime.keys import delivery_key
from destination_actions.runtime.pins import Pin, pin_of
from destination_actions.runtime.plan import Candidates, Plan, Subscription
from destination_actions.runtime.tries import Try
from destination_actions.runtime.worker import Settled
from destination_actions.stores import named_in
from destination_actions.values import maker

log = logging.getLogger("destination_actions")

PRUNE_EVERY: Final = 60.0
"""Seconds between two prunings."""

PRUNE_AGAIN: Final = 0.5
"""The same, when the last one found something: a pruning takes only so much at a time."""

FLUSH_EVERY: Final = 1.0
"""Seconds between two writings of what is only counted."""

_HELD: Final = 10_000
_facts_of = maker(Facts)


@dataclass(slots=True)
class _Known:
    """What records need to know of a subscription; without a pin, of one that is not configured."""

    redactor: Redactor
    pin: Pin | None = None
    kept: bool = False
    digest: str = field(init=False)
    """What records name the configuration by."""

    def __post_init__(self) -> None:
        self.digest = self.pin.digest if self.pin else ""


class Recorder:
    """Writes the ledger of one runtime. `plugin_of` names the distribution and version of a destination's slug.

    `together` allows one commit for the end of a delivery and its acknowledgement.
    """

    def __init__(
        self,
        plan: Plan,
        stores: Stores,
        clock: Clock,
        plugin_of: Callable[[str], str],
        policy: LedgerConfig,
        *,
        together: bool = True,
    ) -> None:
        self._plan = plan
        self._subscriptions = {(one.lane.name, one.id): one for one in plan.subscriptions}
        self._ledger: Ledger = stores.ledger
        joined = getattr(stores.ledger, "joined", None) if together else None
        self._queue = stores.queue
        self._joined: RecordAndAck | None = None if joined is None else joined(stores.queue)
        self._secret = stores.secret
        self._clock = clock
        self._plugin_of = plugin_of
        self._policy = policy
        self._exchanges = stores.ledger.lasting if policy.exchanges is None else policy.exchanges
        # Of a lasting ledger no record is made late, so that what is stored is clean whoever looks at it.
        late = not stores.ledger.lasting and not self._exchanges
        self._late = stores.ledger if late and isinstance(stores.ledger, LateLedger) else None
        self._retention = Retention(policy.keep_days * 24 * 3600.0, policy.keep_entries, _bytes(policy))
        self._all_known: dict[tuple[str, str], _Known] = {}
        self._held: OrderedDict[str, Try] = OrderedDict()
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._passed: Counter[Candidates] = Counter()
        self._flush_at = self._prune_at = clock.monotonic()

    # --- what happened -----------------------------------------------------------------------------------------------

    async def attempted(self, tried: Try) -> None:
        """Keep an attempt. One that ended its delivery waits for the terminal record; the others are written now."""
        if tried.outcome.terminal:
            self._held[tried.key] = tried
            if len(self._held) > _HELD:  # of deliveries that were cancelled before they could be recorded
                self._held.popitem(last=False)
            return
        try:
            await self._keep(self._known(tried.outcome))
            await self._ledger.attempt(self._attempt(tried))
        except StoreError as error:
            log.warning("an attempt could not be recorded: %s", error)

    async def written(self, settled: Settled) -> bool:
        """As `settled`; without a queue nobody would try again, so a failure is then only told."""
        try:
            return await self.settled(settled)
        except StoreError as error:
            if settled.lease is not None:
                raise
            log.error("the ledger failed; an outcome was not recorded: %s", error)  # noqa: TRY400 - it says all
            return False

    async def settled(self, settled: Settled) -> bool:
        """Record a terminal state; count what was filtered. Raises `StoreError` when that cannot be written.

        True when the delivery is acknowledged, too.
        """
        outcome = settled.outcome
        state = state_of(settled)
        if state is None:
            return False
        if state == "filtered" or not outcome.message_id:
            self.counted([outcome], state)
            await self.tidy()
            return False
        known = self._known(outcome)
        facts = self._facts(settled, state, known)
        tried = self._held.pop(facts.key, None)
        if not known.kept:
            await self._keep(known)
        joined = self._joined if settled.queue is self._queue else None
        if self._late is not None and facts.event is None and not facts.generation:
            facts.keep(tried)
            new = self._late.note(facts)
        else:
            new = await self._recorded(facts, tried, joined, settled.lease)
        if not new and isinstance(outcome, Delivered) and not outcome.repeated:
            log.warning("%s was delivered although an earlier record of it stands", facts.key)
        if self._counts or self._passed or self._clock.monotonic() >= self._prune_at:
            await self.tidy()
        return joined is not None

    async def _recorded(
        self, facts: Facts, tried: Try | None, joined: RecordAndAck | None = None, lease: Lease | None = None
    ) -> bool:
        """Record, and acknowledge where that goes together; False when an earlier record stands."""
        earlier = [
            delivery_key(facts.outcome.message_id, *facts.tally[:2], number) for number in range(facts.generation)
        ]

        def record() -> Record:
            return facts.entry(), [self._attempt(tried)] if tried else [], earlier

        if joined is not None and lease is not None:
            if tried is not None and self._exchanges:
                tried.keep()
            return await joined(record, lease)
        entry, attempts, replaces = record()
        return await self._ledger.record(entry, attempts, replaces=replaces)

    def counted(self, outcomes: Iterable[Outcome], state: str = "filtered") -> None:
        """Count what is not recorded one by one."""
        for one in outcomes:
            self._counts[one.destination, one.subscription, state, reason_of(one)] += 1

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
        if not counts:
            return
        try:
            await self._ledger.count([Tally(*name, number) for name, number in counts.items()])
        except StoreError:
            self._counts.update(counts)
            raise

    async def close(self) -> None:
        """Write what is left."""
        try:
            await self.flush()
        except StoreError as error:
            log.error("the ledger failed; what was filtered last was not counted: %s", error)  # noqa: TRY400

    # --- how it is kept ----------------------------------------------------------------------------------------------

    def _attempt(self, tried: Try) -> AttemptEntry:
        return attempt_of(
            tried, self._known(tried.outcome).digest, exchanges=self._exchanges, bodies=self._policy.bodies
        )

    def _facts(self, settled: Settled, state: str, known: _Known) -> Facts:
        outcome, lease, now = settled.outcome, settled.lease, self._clock.now()
        event: Event = lease.delivery.event if lease else settled.event or {}
        facts = _facts_of(
            key=settled.key or _key(settled),
            state=state,
            reason=reason_of(outcome),
            outcome=outcome,
            at=now,
            accepted=now - settled.seconds,
            seconds=settled.seconds,
            pin=known.digest,
            named=named_in(event),
            secret=self._secret,
            redactor=known.redactor,
            event=event if state in FAILED_STATES or self._policy.delivered_events else None,
        )
        if lease:
            facts.accepted, facts.generation = lease.delivery.accepted, lease.delivery.generation
            facts.attempts, facts.losses = lease.attempts, lease.losses
        return facts

    def _known(self, outcome: Outcome) -> _Known:
        name = (outcome.destination, outcome.subscription)
        known = self._all_known.get(name)
        if known is None:
            subscription = self._subscriptions.get(name)
            if subscription is None:
                return _Known(NOTHING_SECRET)
            known = self._all_known[name] = _Known(subscription.lane.redactor, self.pin_of(subscription))
        return known

    def pin_of(self, subscription: Subscription) -> Pin:
        """The pin of a subscription as it is configured now."""
        return pin_of(subscription, self._plugin_of(subscription.lane.destination.slug), self._secret)

    async def _keep(self, known: _Known) -> None:
        """Have the ledger know what a digest was made of, before it stands in a record."""
        if known.pin is not None and not known.kept:
            await self._ledger.pin(known.pin.digest, known.pin.document)
            known.kept = True

    async def tidy(self) -> None:
        """Write what has been counted, and remove what is old, when it is time for that."""
        now = self._clock.monotonic()
        if (self._counts or self._passed) and now >= self._flush_at:
            try:
                await self.flush()
            except StoreError as error:
                log.warning("what was only counted could not be written, and is kept for later: %s", error)
        if now >= self._prune_at:
            await self._pruned(now)

    async def _pruned(self, now: float) -> None:
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


def _key(settled: Settled) -> str:
    """The key of the delivery."""
    outcome, lease = settled.outcome, settled.lease
    if lease is not None:
        return lease.delivery.key
    return delivery_key(outcome.message_id, outcome.destination, outcome.subscription)
