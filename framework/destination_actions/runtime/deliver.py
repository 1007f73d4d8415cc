"""Steps 6 to 8 of the path of an event: perform, classify, settle; for one delivery and for a batch.

The runtime owns the claim; an action only declares its cooldown and says what happened. Single sends, batches, queues
and synchronous actions go through the same steps, so that a batch gives each event the outcome that it gets alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from destination_actions.answers import Accepted, AuthenticationFailed, Refused, TryAgain
from destination_actions.http import Redactor, UnsafeRequest
from destination_actions.outcomes import Delivered, Failed, Outcome
from destination_actions.runtime.blocking import blocking, is_async
from destination_actions.runtime.claiming import (
    LONGEST_PAUSE,
    PAUSE,
    Equipment,
    Run,
    effect_of,
    run_of,
    settle,
    turns_of,
)
from destination_actions.runtime.classify import Attempt, PluginFault, accepted_settlement, settlement_of
from destination_actions.runtime.contexts import batch_context_of, context_of
from destination_actions.runtime.deciding import decide
from destination_actions.runtime.eager import gathered
from destination_actions.runtime.effect import Effect, Reach
from destination_actions.runtime.gather import group_of
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.lanes import Turns
from destination_actions.runtime.prepare import Prepared, head_of
from destination_actions.runtime.tries import Try
from destination_actions.values import maker

log = logging.getLogger("destination_actions")

_Call: TypeAlias = Callable[[], Awaitable[Any]]
_Item: TypeAlias = tuple[int, Run]
"""A delivery and its place in the batch."""


async def deliver(equipment: Equipment, prepared: Prepared, *, wait: float, generation: int = 0) -> Outcome:
    """Deliver one prepared event. Waits up to `wait` seconds while another holds the claim."""
    return await delivered(run_of(equipment, prepared, generation), wait)


async def delivered(run: Run, wait: float) -> Outcome:
    """As `deliver`, for a run."""
    turns = turns_of(run)
    if turns is None:
        outcome = await decide(run, wait)
        return outcome if outcome is not None else await _performed_alone(run)
    return await _in_turn(run, wait, turns)


async def _in_turn(run: Run, wait: float, turns: Turns) -> Outcome:
    """Deliver at the action's rate."""
    clock = run.equipment.clock
    deadline, pause = clock.monotonic() + wait, PAUSE
    while True:
        async with turns.place:
            outcome = await decide(run, 0) or await _performed_alone(run)
        left = deadline - clock.monotonic()
        if not _waits(outcome) or left <= 0:
            return outcome
        # Waiting for somebody else's claim, or for a turn, takes nobody's place.
        await clock.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)


def _waits(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.reason in {"busy", "rate"}


async def deliver_batch(
    equipment: Equipment, batch: Sequence[Prepared], *, wait: float, generations: Sequence[int] = ()
) -> list[Outcome]:
    """Deliver prepared events of one subscription, as many with one call of the plugin as it says; an outcome each.

    Every item has its own claim. One whose key an earlier item of the batch holds waits for that, and is then decided;
    one whose key somebody else holds goes alone, so that nobody waits for it. `generations` are those of the items, 0
    when they are left out.
    """
    numbered = zip(batch, generations or [0] * len(batch), strict=True)
    return await delivered_batch([run_of(equipment, *item) for item in numbered], wait)


async def delivered_batch(runs: Sequence[Run], wait: float) -> list[Outcome]:
    """As `deliver_batch`, for runs."""
    outcomes: dict[int, Outcome] = {}
    left: Sequence[_Item] = list(enumerate(runs))
    while left:
        first, left = _distinct(left)
        outcomes.update(await _round(first, wait))
    return [outcomes[at] for at in range(len(runs))]


def _distinct(items: Sequence[_Item]) -> tuple[list[_Item], list[_Item]]:
    """Split off the items whose key or delivery an earlier item has: they come later, in their order."""
    taken: set[str] = set()
    first: list[_Item] = []
    later: list[_Item] = []
    for at, run in items:
        key, delivery = run.request.key, run.request.delivery
        (later if key in taken or delivery in taken else first).append((at, run))
        taken.add(key)
        taken.add(delivery)
    return first, later


async def _round(items: Sequence[_Item], wait: float) -> dict[int, Outcome]:
    """Claim, and perform what was granted."""
    decided = await gathered(decide(run, 0) for _, run in items)
    outcomes = {at: outcome for (at, _), outcome in zip(items, decided, strict=True) if outcome is not None}
    busy = [(at, run) for at, run in items if at in outcomes and wait > 0 and _is_busy(outcomes[at])]
    groups = _groups([(at, run) for at, run in items if at not in outcomes])
    work = [_performed([run for _, run in group]) for group in groups]
    alone = [delivered(run, wait) for _, run in busy]
    done, waited = await asyncio.gather(gathered(work), gathered(alone)) if alone else (await gathered(work), [])
    for group, performed in zip(groups, done, strict=True):
        outcomes.update(zip((at for at, _ in group), performed, strict=True))
    return outcomes | dict(zip((at for at, _ in busy), waited, strict=True))


def _is_busy(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.reason == "busy"


def _groups(items: Sequence[_Item]) -> list[Sequence[_Item]]:
    """Put together what the action performs in one call."""
    groups: dict[object, list[_Item]] = {}
    for item in items:
        groups.setdefault(_batch_key(item[1]), []).append(item)
    size = items[0][1].prepared.subscription.action.batch_size if items else 1
    return [group[at : at + size] for group in groups.values() for at in range(0, len(group), size)]


def _batch_key(run: Run) -> object:
    """The action's key for this payload; a key of its own for one that goes alone."""
    group = group_of(run.prepared)
    return run.request.delivery if group is None else group


async def _performed_alone(run: Run) -> Outcome:
    """As `_performed` for a single delivery, as nearly all are."""
    runs = (run,)
    effect = effect_of(runs)
    results = await _results(runs, effect, None)
    if isinstance(results[0], AuthenticationFailed) and _refused_tokens(results, effect):
        return (await _performed(runs, _renewal(run, effect, 0)))[0]
    return await _settled_one(runs, results, effect, 0)


async def _performed(runs: Sequence[Run], renewal: Callable[[], Awaitable[object]] | None = None) -> list[Outcome]:
    """Let the plugin perform, and settle each claim by what it says.

    Where an answer, and not a status of 401, says that the access token is refused, the token is renewed, and what it
    was refused for is performed once more; the rest is not.
    """
    effect = effect_of(runs)
    results = await _results(runs, effect, renewal)
    again = _refused_tokens(results, effect) if renewal is None else []
    if not again:
        return await _settled(runs, results, effect)
    kept = sorted(set(range(len(runs))) - set(again))
    outcomes = dict(zip(kept, await _settled(runs, results, effect, kept), strict=True))
    repeated = await _performed([runs[at] for at in again], _renewal(runs[0], effect, again[0]))
    outcomes.update(zip(again, repeated, strict=True))
    return [outcomes[at] for at in range(len(runs))]


async def _results(
    runs: Sequence[Run], effect: Effect, renewal: Callable[[], Awaitable[object]] | None
) -> Sequence[object]:
    """What the plugin says of each delivery."""
    first = runs[0]
    call, batched = _call(runs, effect)
    try:
        work = call if renewal is None else _after(renewal, call)
        result = await guarded(work, limit=first.equipment.perform_limit, name=first.name)
    except asyncio.CancelledError as error:
        await asyncio.shield(_settled(runs, [error] * len(runs), effect))
        raise
    finally:
        effect.close()
    return _answers(result, runs) if batched else [result]


def _after(renew: Callable[[], Awaitable[object]], call: _Call) -> _Call:
    async def renewed() -> object:
        await renew()
        return await call()

    return renewed


def _refused_tokens(results: Sequence[object], effect: Effect) -> list[int]:
    """The deliveries that failed for an access token which nobody has renewed yet. 403 is no word about a token."""
    return [
        at
        for at, result in enumerate(results)
        if isinstance(result, AuthenticationFailed)
        and result.status != 403
        and effect.stale_token(at) is not None
        and not effect.left_behind(at)
    ]


def _renewal(run: Run, effect: Effect, item: int) -> Callable[[], Awaitable[object]]:
    clients, stale = run.state.clients, effect.stale_token(item)
    assert stale is not None  # noqa: S101 - that is how the item was chosen
    return lambda: clients.renewed(stale)


async def _settled(
    runs: Sequence[Run], results: Sequence[object], effect: Effect, items: Sequence[int] | None = None
) -> list[Outcome]:
    """Settle the deliveries at these indexes, or all."""
    if len(runs) == 1:
        return [await _settled_one(runs, results, effect, 0)]
    wanted = range(len(runs)) if items is None else items
    return await gathered(_settled_one(runs, results, effect, at) for at in wanted)


async def _settled_one(runs: Sequence[Run], results: Sequence[object], effect: Effect, at: int) -> Outcome:
    run, result = runs[at], results[at]
    redactor = run.state.redactor
    if type(result) is Accepted:
        prepared = run.prepared
        settlement = accepted_settlement(head_of(prepared.subscription, prepared.message_id), result, redactor)
    else:
        result = _word(result, effect, at)
        settlement = settlement_of(_attempt(run, result, effect.reach_of(at), redactor, not _batched(runs)))
    outcome = settlement.outcome
    await settle(run, settlement.operation, outcome.data if isinstance(outcome, Delivered) else None)
    await run.equipment.attempted(_try(run, outcome, effect, at, redactor))
    return _marked(outcome) if run.unclaimed else outcome


def _word(result: object, effect: Effect, at: int) -> object:
    """What the plugin says; its no counts for nothing while a request that it left behind may yet be executed."""
    if isinstance(result, Refused | TryAgain | AuthenticationFailed | UnsafeRequest) and effect.left_behind(at):
        return PluginFault(
            f"perform ended before a request of it did, so that nobody knows what became of it: {result}"
        )
    return result


def _marked(outcome: Outcome) -> Outcome:
    """Say of a delivery that it had no claim."""
    return replace(outcome, unclaimed=True) if isinstance(outcome, Delivered) else outcome


_tried_once = maker(Try)


def _try(run: Run, outcome: Outcome, effect: Effect, at: int, redactor: Redactor) -> Try:
    return _tried_once(
        key=run.request.delivery,
        event=run.prepared.event,
        outcome=outcome,
        exchanges=effect.exchanges_of(at),
        redactor=redactor,
        at=effect.began,
        seconds=effect.age,
    )


def _batched(runs: Sequence[Run]) -> bool:
    """Whether one call of the plugin speaks for all of them."""
    return len(runs) > 1 or runs[0].prepared.subscription.action.perform is None


def _attempt(run: Run, result: object, reach: Reach, redactor: Redactor, alone: bool) -> Attempt:
    times = run.equipment.times
    return Attempt(
        head=run.head,
        result=result,
        reach=reach,
        on_unknown=run.lane.on_unknown,
        redactor=redactor,
        retry_unconfirmed=times.send + times.grace,
        alone=alone,
    )


def _call(runs: Sequence[Run], effect: Effect) -> tuple[_Call, bool]:
    """The plugin's code for these deliveries, and whether it answers with one item each."""
    action = runs[0].prepared.subscription.action
    single: Any = action.perform
    if _batched(runs):
        many: Any = action.perform_batch
        context, payloads = batch_context_of(runs, effect), [run.prepared.payload for run in runs]
        return lambda: many(context, payloads), True
    payload = runs[0].prepared.payload
    alone = context_of(runs[0], effect)
    if is_async(single):
        return partial(single, alone, payload), False
    threads, facade = runs[0].equipment.threads, blocking(alone)
    return lambda: threads.run(single, facade, payload), False


def _answers(result: object, runs: Sequence[Run]) -> Sequence[object]:
    """One result a run. Answers come in the order of the payloads, or by delivery key; anything else is a fault."""
    if isinstance(result, BaseException):
        return [result] * len(runs)
    if isinstance(result, Mapping):
        missing = PluginFault("perform_batch gave no answer for this delivery key")
        return [_answer(result.get(run.request.delivery, missing)) for run in runs]
    if isinstance(result, list | tuple) and len(result) == len(runs):
        return [_answer(item) for item in result]
    shown = f"{len(result)} answers" if isinstance(result, list | tuple) else f"{result!r:.60}"
    return [PluginFault(f"perform_batch gave {shown} for {len(runs)} payloads")] * len(runs)


def _answer(item: object) -> object:
    known = isinstance(item, Accepted | BaseException)
    return item if known else PluginFault(f"perform_batch answered {item!r:.60}, not Accepted or an exception")
