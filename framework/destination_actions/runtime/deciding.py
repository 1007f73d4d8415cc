"""Step 5 of the path of an event: may this delivery act now? Drives the claim protocol up to the decision to perform.

Unknown outcomes of earlier attempts are read back here, by the policy of the configured destination.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from destination_actions.definitions import Found
from destination_actions.errors import StoreError
from destination_actions.outcomes import Delivered, Failed, Outcome, Suppressed, Unknown
from destination_actions.protocols import ClaimAnswer, LedgerQuery, Verdict
from destination_actions.runtime.claiming import LONGEST_PAUSE, PAUSE, Run, closed_effect, settle
from destination_actions.runtime.classify import Operation, message_of
from destination_actions.runtime.contexts import context_of
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.keys import delivery_key

log = logging.getLogger("destination_actions")

_GRANTED = Verdict.GRANTED


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
        answer = await run.equipment.stores.claims.claim(run.request)
        if answer.verdict is _GRANTED:  # as nearly always
            run.claim, run.attempted, run.attempted_until = answer.claim, None, None  # as `_note` has it
            return None
        if wait > 0 and answer.verdict is Verdict.BUSY:
            answer = await _claimed(run, answer, wait)
    except StoreError as error:
        return _without_store(run, error)
    try:
        return await _decided(run, answer)
    except StoreError as error:
        return _kept(run, error)


async def _claimed(run: Run, answer: ClaimAnswer, wait: float) -> ClaimAnswer:
    """Ask again and again while another holds the claim."""
    clock = run.equipment.clock
    deadline, pause, left = clock.monotonic() + wait, PAUSE, wait
    while answer.verdict is Verdict.BUSY and left > 0:
        await clock.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
        answer = await run.equipment.stores.claims.claim(run.request)
        left = deadline - clock.monotonic()
    return answer


async def _decided(run: Run, answer: ClaimAnswer) -> Outcome | None:
    _note(run, answer)
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


def _note(run: Run, answer: ClaimAnswer) -> None:
    """Keep what goes with a verdict. What was sent last may have been executed for as long as a request lives."""
    run.claim, run.attempted, last = answer.claim, answer.attempted, answer.attempted_last
    times = run.equipment.times
    run.attempted_until = None if last is None else last + times.send + times.grace


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


async def _tried_at(run: Run, generation: int) -> tuple[str, float, float | None] | None:
    """Key, first attempt and the end of the last (wall clock) of an earlier generation, unless it is certain that
    nothing was executed."""
    subscription = run.prepared.subscription
    key = delivery_key(run.prepared.message_id, subscription.lane.name, subscription.id, generation)
    ledger = run.equipment.stores.ledger
    entries = await ledger.entries(LedgerQuery(key=key, limit=1))
    if entries and entries[0].state in {"rejected", "invalid", "suppressed"}:
        return None
    attempts = await ledger.attempts(key)
    known = [attempt.at for attempt in attempts] + [entry.accepted for entry in entries]
    times = run.equipment.times
    until = entries[0].at + times.send + times.grace if entries else None
    return (key, known[0], until) if known else None


async def _read_back(run: Run, earlier: tuple[str, float, float | None] | None = None) -> Found | Outcome | None:
    """Ask the action's `reconcile`: found, not found (None), or the outcome when it could not tell.

    `earlier` is another generation to ask for: its key, when it was tried first, and until when that lasted.
    """
    reconcile = run.prepared.subscription.action.reconcile
    if reconcile is None or run.lane.on_unknown != "reconcile":
        return None
    context = context_of(run, closed_effect(run.equipment, run.lane))
    if earlier is not None:
        key, first, until = earlier
        context = replace(context, delivery_key=key, attempted=first, attempted_until=until)
    payload = run.prepared.payload
    limit = run.equipment.perform_limit
    found = await guarded(lambda: reconcile(context, payload), limit=limit, name=f"{run.name}.reconcile")
    if found is None or isinstance(found, Found):
        return found
    message = run.state.redactor.text(f"could not read back: {message_of(found)}")
    return Failed(**run.head, reason="unconfirmed", message=message, after=run.equipment.times.lease)


def _clean(run: Run, found: Found) -> dict[str, Any]:
    data: Any = run.state.redactor.json(dict(found.data))
    return dict(data)


def _unknown(run: Run) -> Unknown:
    message = "an earlier attempt may have been executed, and by policy it is not sent again"
    return Unknown(**run.head, reason="unconfirmed", message=message)
