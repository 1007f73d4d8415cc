"""What the network does, and what is then known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from destination_actions.outcomes import Delivered, Failed
from destination_actions.testing.conformance.bench import Bench
from destination_actions.testing.conformance.check import Check
from destination_actions.testing.conformance.checks.common import faults, shown
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect
from destination_actions.testing.scripted import Reply


def _becomes(bench: Bench, reply: Reply, reasons: frozenset[str]) -> Iterable[str]:
    with bench.open(reply) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if len(trial.effects) != 1:
            yield f"{len(trial.effects)} requests were sent; trying again is the queue's part"
        if not isinstance(outcome, Failed) or outcome.reason not in reasons:
            yield f"it is {shown(outcome)}, not failed ({' or '.join(sorted(reasons))}): let NotSent and MaybeSent pass"


def _arrives(bench: Bench, reply: Reply) -> Iterable[str]:
    with bench.open(reply) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if not isinstance(outcome, Delivered):
            yield f"it is {shown(outcome)}"


def never_answered(bench: Bench) -> Iterable[str]:
    """An API that never answers costs seconds, not minutes, and nobody takes it for a no."""
    with bench.open(effect(fault="silence")) as trial:
        began = trial.harness.clock.monotonic()
        outcome = trial.send()
        yield from faults(trial)
        took = trial.harness.clock.monotonic() - began
        if took > 60:
            yield f"it took {took:.0f} s"
        if not isinstance(outcome, Failed) or outcome.reason != "unconfirmed":
            yield f"it is {shown(outcome)}"


def recovers(bench: Bench) -> Iterable[str]:
    """After a connection that was refused, the same event is delivered by a second sending."""
    with bench.open(effect(fault="refused", times=1)) as trial:
        trial.send(message_id="refused")
        trial.wait(5)
        again = trial.send(message_id="refused")
        if not isinstance(again, Delivered):
            yield f"sent again it is {shown(again)}"


def retried_by_the_queue(bench: Bench) -> Iterable[str]:
    """Taken through the queue, an event whose API is down for a while is delivered once."""
    with bench.open(effect(429, times=2), effect(fault="refused", times=1)) as trial:
        event = trial.event(message_id="queued")
        with trial.watching():
            outcomes = trial.harness.deliver([event], retry_for=900)
        if not outcomes or not isinstance(outcomes[-1], Delivered):
            yield f"it is {shown(outcomes[-1]) if outcomes else 'without an outcome'}"


def _check(id_: str, function: Callable[..., Iterable[str]], fact: str, **given: Any) -> Check[Bench]:
    return Check(f"network.{id_}", Level.SILVER, partial(function, **given), fact)


_UNKNOWN: Final = frozenset({"unconfirmed"})
_NOTHING: Final = frozenset({"not_sent", "try_again"})

CHECKS: Final = (
    _check("refused", _becomes, "No connection: nothing left.", reply=effect(fault="refused"), reasons=_NOTHING),
    _check(
        "reset", _becomes, "A reset before the status: nobody knows.", reply=effect(fault="reset"), reasons=_UNKNOWN
    ),
    _check("late", _becomes, "An answer after the deadline is none.", reply=effect(200, delay=60), reasons=_UNKNOWN),
    Check("network.silence", Level.SILVER, never_answered),
    _check("slow", _arrives, "An answer after five seconds counts.", reply=effect(200, json={"id": "1"}, delay=5)),
    _check(
        "slow-body", _arrives, "A body that never ends does not undo a 2xx.", reply=effect(201, body="{", body_delay=90)
    ),
    Check("network.recovers", Level.SILVER, recovers),
    Check("network.queue", Level.SILVER, retried_by_the_queue),
)
