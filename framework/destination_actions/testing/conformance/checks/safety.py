"""That an action harms neither the process, nor its neighbours, nor the event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from destination_actions.outcomes import Delivered
from destination_actions.runtime.blocking import is_async
from destination_actions.testing.conformance.bench import Bench, Trial
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults, shown
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.sentry import unblocked
from destination_actions.testing.conformance.wire import effect, read

SCENES: Final = (
    effect(200),
    effect(400, json={"message": "no"}),
    effect(401, json={"message": "no"}),
    effect(404),
    effect(429),
    effect(500),
    effect(200, body="<html>"),
    effect(fault="reset"),
    effect(fault="refused"),
)
"""One of each class of answer."""


def mutates_nothing(bench: Bench) -> Iterable[str]:
    """Event, payload and settings are after a call as they were before it."""
    for scene in SCENES[:3]:
        with bench.open(scene) as trial:
            trial.send()
            for call in trial.spy.calls:
                yield from (f"{call.what} changes {part}" for part in call.changed)


def stays_inside(bench: Bench) -> Iterable[str]:
    """All requests go through `ctx.http` and `ctx.send`: no connection of its own, no child process."""
    for scene in SCENES:
        with bench.open(scene) as trial:
            trial.send()
            yield from dict.fromkeys(trial.tried)


def blocks_nothing(bench: Bench) -> Iterable[str]:
    """Code on the event loop calls nothing that blocks it."""
    if not is_async(bench.action.perform or bench.action.perform_batch or print):
        raise NotApplicable("it runs in a worker thread")
    with unblocked() as found:
        for scene in SCENES:
            with bench.open(scene) as trial:
                trial.send()
    yield from dict.fromkeys(found)


def raises_answers(bench: Bench) -> Iterable[str]:
    """Whatever the API says, `perform` gives `Accepted` or raises an answer; any other exception is a fault."""
    for scene in SCENES:
        with bench.open(scene) as trial:
            trial.send()
            yield from (f"on {scene.fault or scene.status}: {fault}" for fault in faults(trial))


def ends_in_time(bench: Bench) -> Iterable[str]:
    """A delivery waits for nothing but its requests: it takes no time of its own."""
    for scene in SCENES:
        with bench.open(scene) as trial:
            began = trial.harness.clock.monotonic()
            trial.send()
            took = trial.harness.clock.monotonic() - began
            if took > 0.5:
                yield f"on {scene.fault or scene.status} it waits {took:.1f} s; retries and pauses are the queue's"


def cancelled_before(bench: Bench) -> Iterable[str]:
    """Cancelled while it reads, a delivery sends nothing, and goes when its event is sent again."""
    with bench.open() as trial:
        trial.send()
        if not trial.reads:
            raise NotApplicable("it reads nothing before it sends")
    with bench.open(read(200, delay=3.0, times=1)) as trial:
        yield from _cancelled(trial)
        if trial.effects:
            yield "something was sent"
        trial.wait(60)
        again = trial.send(message_id="cancelled")
        if not isinstance(again, Delivered):
            yield f"sent again, it is {shown(again)}"


def cancelled_after(bench: Bench) -> Iterable[str]:
    """Cancelled while the effect is under way, a delivery ends at once, and nobody takes it for done or refused."""
    with bench.open(effect(200, delay=3.0, times=1)) as trial:
        yield from _cancelled(trial)
        trial.wait(60)
        again = trial.send(message_id="cancelled")
        yield from faults(trial)
        if again.outcome in {"rejected", "invalid"}:
            yield f"sent again, it is {shown(again)}"


def _cancelled(trial: Trial) -> Iterable[str]:
    with trial.watching():
        error = trial.harness.run(_cut(trial))
    if error is not None:
        yield error
    for call in trial.spy.calls:
        if not isinstance(call.error, asyncio.CancelledError | type(None)) or call.error is None:
            yield f"{call.what} swallows its cancellation; catch Exception, never BaseException or CancelledError"


async def _cut(trial: Trial) -> str | None:
    event: dict[str, Any] = trial.event(message_id="cancelled")
    task = asyncio.get_running_loop().create_task(trial.harness.runtime.send(event))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    if not task.done():
        return "the delivery goes on after its cancellation"
    return None if task.cancelled() else "the delivery ends as if it had not been cancelled"


CHECKS: Final = (
    Check("safety.answers-only", Level.BRONZE, raises_answers),
    Check("safety.mutates-nothing", Level.BRONZE, mutates_nothing),
    Check("safety.stays-inside", Level.BRONZE, stays_inside),
    Check("safety.does-not-block", Level.BRONZE, blocks_nothing),
    Check("safety.does-not-wait", Level.BRONZE, ends_in_time),
    Check("safety.cancelled-before", Level.SILVER, cancelled_before),
    Check("safety.cancelled-after", Level.SILVER, cancelled_after),
)
