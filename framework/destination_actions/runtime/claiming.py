"""Step 5 of the path of an event: may this delivery act now? Drives the claim protocol up to the decision to perform.

Unknown outcomes of earlier attempts are read back here, by the policy of the configured destination.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from destination_actions.context import Context
from destination_actions.definitions import Found
from destination_actions.errors import StoreError
from destination_actions.events import copy_of
from destination_actions.outcomes import Delivered, Failed, Outcome, Suppressed, Unknown
from destination_actions.protocols import (
    Claim,
    ClaimAnswer,
    ClaimRequest,
    ClaimTimes,
    Clock,
    LedgerQuery,
    Stores,
    Verdict,
)
from destination_actions.runtime.blocking import Threads
from destination_actions.runtime.classify import Operation, message_of
from destination_actions.runtime.effect import Effect
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.keys import delivery_key, window_key
from destination_actions.runtime.lanes import LaneState, Turns
from destination_actions.runtime.plan import Lane
from destination_actions.runtime.prepare import Prepared, head_of
from destination_actions.runtime.tries import Try, nobody

log = logging.getLogger("destination_actions")

PAUSE = 0.02
LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What deliveries need from outside: stores, time, the state of each lane, threads."""

    stores: Stores
    clock: Clock
    times: ClaimTimes
    lanes: Callable[[Lane], LaneState]
    threads: Threads = field(default_factory=Threads)
    attempted: Callable[[Try], Awaitable[None]] = nobody
    on_store_error: str = "closed"
    unclaimed: Counter[str] = field(default_factory=Counter)
    """How many deliveries of each configured destination were sent without a claim, because the store failed."""

    @property
    def perform_limit(self) -> float:
        """Seconds that plugin code may take: the lease before sending, the send, and the grace after it."""
        return self.times.lease + self.times.send + self.times.grace


@dataclass(slots=True)
class Run:
    """One delivery on its way."""

    equipment: Equipment
    prepared: Prepared
    request: ClaimRequest
    generation: int = 0
    claim: Claim | None = None
    attempted: float | None = None
    unclaimed: bool = False

    @property
    def head(self) -> dict[str, Any]:
        """What the outcome says about itself."""
        return head_of(self.prepared.subscription, self.prepared.message_id)

    @property
    def lane(self) -> Lane:
        """The configured destination."""
        return self.prepared.subscription.lane

    @property
    def name(self) -> str:
        """The action, as messages name it."""
        return f"{self.lane.destination.slug}.{self.prepared.subscription.action.slug}"


def run_of(equipment: Equipment, prepared: Prepared, generation: int = 0) -> Run:
    """Start a delivery: name it, and what it claims."""
    subscription, cooldown = prepared.subscription, prepared.cooldown
    delivery = delivery_key(prepared.message_id, subscription.lane.name, subscription.id, generation)
    key = window_key(equipment.stores.secret, subscription.lane.destination.slug, cooldown, delivery)
    request = ClaimRequest(key, delivery, cooldown.seconds if cooldown else 0.0, prepared.message_id)
    return Run(equipment, prepared, request, generation)


async def decide(run: Run, wait: float) -> Outcome | None:
    """Claim. None means: perform now; otherwise the outcome. Waits up to `wait` seconds while another holds the claim.

    With the claim store out of order, `on_store_error` decides: keep the event (closed) or send without a claim (open).
    A store that fails once an earlier attempt is known of keeps the event either way: it may have been executed.
    """
    try:
        earlier = await _earlier(run) if run.generation else None
    except StoreError as error:
        return _kept(run, error)
    if earlier is not None:
        return earlier
    try:
        answer = await _claimed(run, wait)
    except StoreError as error:
        return _without_store(run, error)
    try:
        return await _decided(run, answer)
    except StoreError as error:
        return _kept(run, error)


async def _claimed(run: Run, wait: float) -> ClaimAnswer:
    clock = run.equipment.clock
    deadline, pause = clock.monotonic() + wait, PAUSE
    while True:
        answer = await run.equipment.stores.claims.claim(run.request)
        left = deadline - clock.monotonic()
        if answer.verdict is not Verdict.BUSY or left <= 0:
            return answer
        await clock.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)


async def _decided(run: Run, answer: ClaimAnswer) -> Outcome | None:
    run.claim, run.attempted = answer.claim, answer.attempted
    match answer.verdict:
        case Verdict.GRANTED:
            return None
        case Verdict.RESUME:
            return await _resume(run)
        case Verdict.COOLING | Verdict.ALREADY_SUPPRESSED:
            return Suppressed(**run.head, until=answer.until, by=answer.by)
        case Verdict.COOLING_CHECK:
            return await _check(run)
        case Verdict.ALREADY_DONE:
            return Delivered(**run.head, data=answer.data if isinstance(answer.data, dict) else {}, repeated=True)
        case Verdict.BUSY:
            after = answer.retry_in if answer.retry_in is not None else 1.0
            message = "another delivery holds the claim, or its outcome is not known yet"
            return Failed(**run.head, reason="busy", message=message, after=after, counts=False)


def _without_store(run: Run, error: StoreError) -> Outcome | None:
    if run.equipment.on_store_error != "open":
        return _kept(run, error)
    run.unclaimed = True
    unclaimed = run.equipment.unclaimed
    unclaimed[run.lane.name] += 1
    text = "the claim store failed; sending without a claim, which may repeat a delivery (%d so far for %s): %s"
    log.warning(text, unclaimed[run.lane.name], run.lane.name, error)
    return None


def _kept(run: Run, error: StoreError) -> Failed:
    return Failed(**run.head, reason="store", message=f"the claim store failed: {error}", after=1.0, counts=False)


def context_of(run: Run, effect: Effect) -> Context[Any]:
    """What plugin code gets for this delivery."""
    prepared = run.prepared
    return Context(
        settings=run.lane.settings,
        subscription=prepared.subscription.id,
        clock=run.equipment.clock,
        log=log_of(run.lane, prepared.subscription.id),
        event=copy_of(prepared.event),
        message_id=prepared.message_id,
        delivery_key=run.request.delivery,
        http=run.equipment.lanes(run.lane).clients,
        send=effect,
        attempted=run.attempted,
        sync_mode=prepared.subscription.sync_mode,
    )


def effect_of(runs: Sequence[Run]) -> Effect:
    """The one effect of deliveries that are performed together."""
    first = runs[0]
    held = [run.claim for run in runs]
    return effect_on(first.equipment, first.lane, held, turns_of(first))


def turns_of(run: Run) -> Turns | None:
    """The rate at which this delivery's action may act, if it has one."""
    return run.equipment.lanes(run.lane).turns(run.prepared.subscription.action)


def effect_on(equipment: Equipment, lane: Lane, held: Sequence[Claim | None], turns: Turns | None = None) -> Effect:
    """An effect on these claims, at this rate."""
    clients, times = equipment.lanes(lane).clients, equipment.times
    if lane.timeout is not None:
        times = replace(times, send=min(times.send, lane.timeout))
    return Effect(equipment.stores.claims, held, equipment.clock, times, clients, turns)


def closed_effect(equipment: Equipment, lane: Lane) -> Effect:
    """An effect that lets nothing leave, for code that may only read."""
    effect = effect_on(equipment, lane, ())
    effect.close()
    return effect


def log_of(lane: Lane, subscription: str = "") -> logging.LoggerAdapter[logging.Logger]:
    """A logger that names the configured destination and the subscription."""
    return logging.LoggerAdapter(log, {"destination": lane.name, "subscription": subscription})


async def settle(run: Run, operation: Operation, data: Mapping[str, Any] | None = None) -> None:
    """Confirm, release or keep the claim."""
    claims, claim = run.equipment.stores.claims, run.claim
    if claim is None:
        return
    try:
        if operation is Operation.CONFIRM:
            await claims.confirm(claim, dict(data or {}))
        elif operation is Operation.RELEASE:
            await claims.release(claim)
        elif operation is Operation.AMBIGUOUS:
            await claims.ambiguous(claim)
    except StoreError as error:
        # The record of the sending covers what could not be written: the same event finds out by reading back.
        log.warning("the claim store failed while settling %s: %s", run.request.delivery, error)


# --- outcomes that were unknown --------------------------------------------------------------------------------------


async def _resume(run: Run) -> Outcome | None:
    """An earlier attempt of this delivery may have been executed."""
    if run.lane.on_unknown == "suppress":
        await settle(run, Operation.AMBIGUOUS)
        return _unknown(run)
    clock, lease = run.equipment.clock, run.equipment.times.lease
    started = clock.monotonic()
    found = await _read_back(run)
    if found is None and (seconds := clock.monotonic() - started) >= lease:
        message = (
            f"nothing was found in {seconds:.0f} s, but the claim's lease of {lease:g} s is over: raise claims.lease"
        )
        return Failed(**run.head, reason="unconfirmed", message=message, after=lease)
    if not isinstance(found, Found):
        return found
    data = _clean(run, found)
    await settle(run, Operation.CONFIRM, data)
    return Delivered(**run.head, data=data, repeated=True)


async def _check(run: Run) -> Outcome | None:
    """As `_resume`, while another event's window is open."""
    if run.lane.on_unknown != "reconcile" or run.prepared.subscription.action.reconcile is None:
        return _unknown(run)
    found = await _read_back(run)
    if isinstance(found, Found):
        return await _found(run, found)
    if found is not None:
        return found
    run.request = replace(run.request, checked=True)
    return await _decided(run, await run.equipment.stores.claims.claim(run.request))


async def _found(run: Run, found: Found) -> Delivered:
    """It was executed, whatever becomes of the record: without one, the same event reads back again."""
    data = _clean(run, found)
    try:
        await run.equipment.stores.claims.settle(run.request, data)
    except StoreError as error:
        log.warning("the claim store failed while settling %s: %s", run.request.delivery, error)
    return Delivered(**run.head, data=data, repeated=True)


async def _earlier(run: Run) -> Outcome | None:
    """A replay: was an earlier generation executed after all? Asked before anything is claimed, since a window that
    another event has opened meanwhile would hide it."""
    for generation in range(run.generation):
        tried = await _tried_at(run, generation)
        found = await _read_back(run, tried) if tried is not None else None
        if isinstance(found, Found):
            return await _found(run, found)
        if found is not None:
            return found
    return None


async def _tried_at(run: Run, generation: int) -> tuple[str, float] | None:
    """Key and first attempt (wall clock) of an earlier generation, unless it is certain that nothing was executed."""
    subscription = run.prepared.subscription
    key = delivery_key(run.prepared.message_id, subscription.lane.name, subscription.id, generation)
    ledger = run.equipment.stores.ledger
    entries = await ledger.entries(LedgerQuery(key=key, limit=1))
    if entries and entries[0].state in {"rejected", "invalid", "suppressed"}:
        return None
    attempts = await ledger.attempts(key)
    known = [attempt.at for attempt in attempts] + [entry.accepted for entry in entries]
    return (key, known[0]) if known else None


async def _read_back(run: Run, earlier: tuple[str, float] | None = None) -> Found | Outcome | None:
    """Ask the action's `reconcile`: found, not found (None), or the outcome when it could not tell.

    `earlier` is another generation to ask for: its key, and when it was tried first.
    """
    reconcile = run.prepared.subscription.action.reconcile
    if reconcile is None or run.lane.on_unknown != "reconcile":
        return None
    context = context_of(run, closed_effect(run.equipment, run.lane))
    if earlier is not None:
        context = replace(context, delivery_key=earlier[0], attempted=earlier[1])
    payload = run.prepared.payload
    limit = run.equipment.perform_limit
    found = await guarded(lambda: reconcile(context, payload), limit=limit, name=f"{run.name}.reconcile")
    if found is None or isinstance(found, Found):
        return found
    message = run.equipment.lanes(run.lane).redactor.text(f"could not read back: {message_of(found)}")
    return Failed(**run.head, reason="unconfirmed", message=message, after=run.equipment.times.lease)


def _clean(run: Run, found: Found) -> dict[str, Any]:
    data: Any = run.equipment.lanes(run.lane).redactor.json(dict(found.data))
    return dict(data)


def _unknown(run: Run) -> Unknown:
    message = "an earlier attempt may have been executed, and by policy it is not sent again"
    return Unknown(**run.head, reason="unconfirmed", message=message)
