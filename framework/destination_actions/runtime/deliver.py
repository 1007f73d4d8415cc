"""Steps 6 to 8 of the path of an event: perform, classify, settle; for one delivery and for a batch.

The runtime owns the claim; an action only declares its cooldown and says what happened. Single sends, batches, queues
and synchronous actions go through the same steps, so that a batch gives each event the outcome that it gets alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from destination_actions.answers import Accepted, Answer
from destination_actions.context import BatchContext
from destination_actions.events import copy_of
from destination_actions.outcomes import Outcome
from destination_actions.runtime.blocking import blocking, is_async
from destination_actions.runtime.claiming import Equipment, Run, context_of, decide, effect_of, log_of, run_of, settle
from destination_actions.runtime.classify import Attempt, PluginFault, settlement_of
from destination_actions.runtime.effect import Effect
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.prepare import Prepared


async def deliver(equipment: Equipment, prepared: Prepared, *, wait: float, generation: int = 0) -> Outcome:
    """Deliver one prepared event. Waits up to `wait` seconds while another holds the claim."""
    run = run_of(equipment, prepared, generation)
    outcome = await decide(run, wait)
    return outcome if outcome is not None else (await _performed([run]))[0]


async def deliver_batch(equipment: Equipment, batch: Sequence[Prepared], *, wait: float) -> list[Outcome]:
    """Deliver prepared events of one subscription with one call of the plugin; an outcome each, in their order.

    Every item has its own claim. One whose key an earlier item of the batch holds waits for that, and is then decided.
    """
    outcomes: dict[int, Outcome] = {}
    left = [(at, run_of(equipment, prepared)) for at, prepared in enumerate(batch)]
    while left:
        left = await _round(left, outcomes, wait)
    return [outcomes[at] for at in range(len(batch))]


async def _round(items: Sequence[tuple[int, Run]], outcomes: dict[int, Outcome], wait: float) -> list[tuple[int, Run]]:
    """Claim in order, perform what was granted; give the items whose key an earlier one of this round holds."""
    keys: set[str] = set()
    granted: list[tuple[int, Run]] = []
    later: list[tuple[int, Run]] = []
    for at, run in items:
        if run.request.key in keys:
            later.append((at, run))
            continue
        keys.add(run.request.key)
        outcome = await decide(run, wait)
        if outcome is None:
            granted.append((at, run))
        else:
            outcomes[at] = outcome
    performed = await _performed([run for _, run in granted]) if granted else []
    outcomes.update(zip((at for at, _ in granted), performed, strict=True))
    return later


async def _performed(runs: Sequence[Run]) -> list[Outcome]:
    """Let the plugin perform, and settle each claim by what it says."""
    first = runs[0]
    effect = effect_of(runs)
    call, batched = _call(runs, effect)
    try:
        result = await guarded(call, limit=first.equipment.perform_limit, name=first.name)
    except asyncio.CancelledError as error:
        await asyncio.shield(_settled(runs, [error] * len(runs), effect))
        raise
    finally:
        effect.close()
    return await _settled(runs, _answers(result, runs) if batched else [result], effect)


async def _settled(runs: Sequence[Run], results: Sequence[object], effect: Effect) -> list[Outcome]:
    outcomes = []
    for run, result in zip(runs, results, strict=True):
        settlement = settlement_of(_attempt(run, result, effect))
        await settle(run, settlement.operation, getattr(settlement.outcome, "data", None))
        outcomes.append(settlement.outcome)
    return outcomes


def _attempt(run: Run, result: object, effect: Effect) -> Attempt:
    times = run.equipment.times
    return Attempt(
        head=run.head,
        result=result,
        reach=effect.reach,
        on_unknown=run.lane.on_unknown,
        redactor=run.equipment.lanes(run.lane).redactor,
        retry_unconfirmed=times.send + times.grace,
    )


def _call(runs: Sequence[Run], effect: Effect) -> tuple[Callable[[], Awaitable[Any]], bool]:
    """The plugin's code for these deliveries, and whether it answers with one item each."""
    action = runs[0].prepared.subscription.action
    single: Any = action.perform
    if len(runs) > 1 or single is None:
        many: Any = action.perform_batch
        context, payloads = _batch_context(runs, effect), [run.prepared.payload for run in runs]
        return lambda: many(context, payloads), True
    payload = runs[0].prepared.payload
    alone = context_of(runs[0], effect)
    if is_async(single):
        return lambda: single(alone, payload), False
    threads, facade = runs[0].equipment.threads, blocking(alone)
    return lambda: threads.run(single, facade, payload), False


def _batch_context(runs: Sequence[Run], effect: Effect) -> BatchContext[Any]:
    first = runs[0]
    subscription = first.prepared.subscription
    return BatchContext(
        settings=first.lane.settings,
        subscription=subscription.id,
        clock=first.equipment.clock,
        log=log_of(first.lane, subscription.id),
        events=[copy_of(run.prepared.event) for run in runs],
        delivery_keys=[run.request.delivery for run in runs],
        http=first.equipment.lanes(first.lane).clients,
        send=effect,
        sync_mode=subscription.sync_mode,
    )


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
    known = isinstance(item, Accepted | Answer | PluginFault)
    return item if known else PluginFault(f"perform_batch answered {item!r:.60}, not Accepted or a refusal")
