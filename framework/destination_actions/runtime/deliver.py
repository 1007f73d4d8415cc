"""Steps 5 to 8 of the path of an event: claim, perform, classify, settle.

The runtime owns the claim; an action only declares its cooldown and says what happened. Single sends, batches, queues and
synchronous actions go through the same steps.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from destination_actions.context import Context
from destination_actions.definitions import Found
from destination_actions.errors import StoreError
from destination_actions.http import OriginClients
from destination_actions.outcomes import Delivered, Failed, Outcome, Suppressed, Unknown
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes, Clock, Stores, Verdict
from destination_actions.runtime.blocking import Threads, blocking, is_async
from destination_actions.runtime.classify import Attempt, Operation, Settlement, message_of, settlement_of
from destination_actions.runtime.effect import Effect
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.keys import delivery_key, window_key
from destination_actions.runtime.plan import Lane
from destination_actions.runtime.prepare import Prepared, head_of

log = logging.getLogger("destination_actions")

BUSY_PAUSE = 0.02
BUSY_PAUSE_LONGEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What deliveries need from outside: stores, time, the clients of each lane, threads."""

    stores: Stores
    clock: Clock
    times: ClaimTimes
    clients: Callable[[Lane], OriginClients]
    threads: Threads = field(default_factory=Threads)
    on_store_error: str = "closed"

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
    claim: Claim | None = None
    attempted: float | None = None

    @property
    def head(self) -> dict[str, str]:
        """What the outcome says about itself."""
        return head_of(self.prepared.subscription, self.prepared.message_id)

    @property
    def lane(self) -> Lane:
        """The configured destination."""
        return self.prepared.subscription.lane


async def deliver(equipment: Equipment, prepared: Prepared, *, wait: float, generation: int = 0) -> Outcome:
    """Deliver one prepared event. Waits up to `wait` seconds while another holds the claim."""
    run = Run(equipment, prepared, claim_request(equipment, prepared, generation))
    try:
        answer = await _claimed(run, wait)
    except StoreError as error:
        return await _without_store(run, error)
    return await _decided(run, answer)


def claim_request(equipment: Equipment, prepared: Prepared, generation: int = 0) -> ClaimRequest:
    """What is claimed for this delivery."""
    subscription, cooldown = prepared.subscription, prepared.cooldown
    delivery = delivery_key(prepared.message_id, subscription.lane.name, subscription.id, generation)
    key = window_key(equipment.stores.secret, subscription.lane.destination.slug, cooldown, delivery)
    return ClaimRequest(key, delivery, cooldown.seconds if cooldown else 0.0, prepared.message_id)


async def _claimed(run: Run, wait: float) -> ClaimAnswer:
    clock = run.equipment.clock
    deadline, pause = clock.monotonic() + wait, BUSY_PAUSE
    while True:
        answer = await run.equipment.stores.claims.claim(run.request)
        left = deadline - clock.monotonic()
        if answer.verdict is not Verdict.BUSY or left <= 0:
            return answer
        await clock.sleep(min(pause, left))
        pause = min(pause * 2, BUSY_PAUSE_LONGEST)


async def _decided(run: Run, answer: ClaimAnswer) -> Outcome:
    run.claim, run.attempted = answer.claim, answer.attempted
    match answer.verdict:
        case Verdict.GRANTED:
            return await _perform(run)
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


async def _without_store(run: Run, error: StoreError) -> Outcome:
    """Go by `on_store_error` when the claim store is out of order."""
    if run.equipment.on_store_error != "open":
        return Failed(**run.head, reason="store", message=f"the claim store failed: {error}", after=1.0, counts=False)
    log.warning("the claim store failed; sending without a claim, which may repeat a delivery: %s", error)
    return (await _attempt(run, [])).outcome


# --- perform ---------------------------------------------------------------------------------------------------------


async def _perform(run: Run) -> Outcome:
    assert run.claim is not None  # noqa: S101 - granted with a claim
    settlement = await _attempt(run, [run.claim])
    await _settle(run, settlement)
    return settlement.outcome


async def _attempt(run: Run, held: list[Claim]) -> Settlement:
    equipment, lane = run.equipment, run.lane
    clients = equipment.clients(lane)
    effect = Effect(equipment.stores.claims, held, equipment.clock, equipment.times, clients.request)
    call = _call(run, _context(run, clients, effect))
    try:
        result = await guarded(call, limit=equipment.perform_limit, name=_name(run))
    except asyncio.CancelledError as error:
        settlement = settlement_of(_known(run, error, effect))
        await asyncio.shield(_settle(run, settlement))
        raise
    finally:
        effect.close()
    return settlement_of(_known(run, result, effect))


def _known(run: Run, result: object, effect: Effect) -> Attempt:
    times = run.equipment.times
    return Attempt(
        head=run.head,
        result=result,
        reach=effect.reach,
        on_unknown=run.lane.on_unknown,
        redactor=run.lane.redactor,
        retry_unconfirmed=times.send + times.grace,
    )


def _context(run: Run, clients: OriginClients, effect: Effect) -> Context[Any]:
    prepared = run.prepared
    return Context(
        settings=run.lane.settings,
        subscription=prepared.subscription.id,
        clock=run.equipment.clock,
        log=logging.LoggerAdapter(log, {"destination": run.lane.name, "subscription": prepared.subscription.id}),
        event=prepared.event,
        message_id=prepared.message_id,
        delivery_key=run.request.delivery,
        http=clients,
        send=effect,
        attempted=run.attempted,
        sync_mode=prepared.subscription.sync_mode,
    )


def _call(run: Run, context: Context[Any]) -> Callable[[], Awaitable[Any]]:
    perform: Any = run.prepared.subscription.action.perform
    payload = run.prepared.payload
    if is_async(perform):
        return lambda: perform(context, payload)
    threads, facade = run.equipment.threads, blocking(context)
    return lambda: threads.run(perform, facade, payload)


def _name(run: Run) -> str:
    return f"{run.lane.destination.slug}.{run.prepared.subscription.action.slug}"


async def _settle(run: Run, settlement: Settlement) -> None:
    claims, claim = run.equipment.stores.claims, run.claim
    if claim is None:
        return
    try:
        if settlement.operation is Operation.CONFIRM:
            await claims.confirm(claim, dict(getattr(settlement.outcome, "data", {})))
        elif settlement.operation is Operation.RELEASE:
            await claims.release(claim)
        elif settlement.operation is Operation.AMBIGUOUS:
            await claims.ambiguous(claim)
    except StoreError as error:
        # The record of the sending covers what could not be written: the same event finds out by reading back.
        log.warning("the claim store failed while settling %s: %s", run.request.delivery, error)


# --- outcomes that were unknown --------------------------------------------------------------------------------------


async def _resume(run: Run) -> Outcome:
    """An earlier attempt of this delivery may have been executed."""
    if run.lane.on_unknown == "suppress":
        await _settle(run, Settlement(Operation.AMBIGUOUS, _unknown(run)))
        return _unknown(run)
    found = await _read_back(run)
    if isinstance(found, Found):
        return await _found(run, found)
    return await _perform(run) if found is None else found


async def _check(run: Run) -> Outcome:
    """As `_resume`, while another event's window is open."""
    if run.lane.on_unknown == "suppress" or run.prepared.subscription.action.reconcile is None:
        return _unknown(run)
    found = await _read_back(run)
    if isinstance(found, Found):
        await run.equipment.stores.claims.settle(run.request, dict(found.data))
        return Delivered(**run.head, data=_clean(run, found), repeated=True)
    if found is not None:
        return found
    run.request = replace(run.request, checked=True)
    return await _decided(run, await run.equipment.stores.claims.claim(run.request))


async def _read_back(run: Run) -> Found | Outcome | None:
    """Ask the action's `reconcile`: found, not found (None), or the outcome when it could not tell."""
    reconcile = run.prepared.subscription.action.reconcile
    if reconcile is None or run.lane.on_unknown != "reconcile":
        return None
    clients = run.equipment.clients(run.lane)
    no_effect = Effect(run.equipment.stores.claims, (), run.equipment.clock, run.equipment.times, clients.request)
    no_effect.close()
    context = _context(run, clients, no_effect)
    payload = run.prepared.payload
    name = f"{_name(run)}.reconcile"
    found = await guarded(lambda: reconcile(context, payload), limit=run.equipment.perform_limit, name=name)
    if found is None or isinstance(found, Found):
        return found
    message = run.lane.redactor.text(f"could not read back: {message_of(found)}")
    return Failed(**run.head, reason="unconfirmed", message=message, after=run.equipment.times.lease)


async def _found(run: Run, found: Found) -> Outcome:
    outcome = Delivered(**run.head, data=_clean(run, found), repeated=True)
    await _settle(run, Settlement(Operation.CONFIRM, outcome))
    return outcome


def _clean(run: Run, found: Found) -> dict[str, Any]:
    data: Any = run.lane.redactor.json(dict(found.data))
    return data  # type: ignore[no-any-return]


def _unknown(run: Run) -> Unknown:
    message = "an earlier attempt may have been executed, and by policy it is not sent again"
    return Unknown(**run.head, reason="unconfirmed", message=message)
