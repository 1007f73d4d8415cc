"""Reading back what may have been executed, for actions that can."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from destination_actions.definitions import Found
from destination_actions.outcomes import Failed
from destination_actions.runtime.effect import ClaimLost
from destination_actions.testing.conformance.bench import Bench, Trial
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults, shown
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect, reading_back
from destination_actions.testing.scripted import Reply

CANNOT_TELL: Final = {
    "500": reading_back(500),
    "401": reading_back(401),
    "429": reading_back(429),
    "reset": reading_back(fault="reset"),
    "refused": reading_back(fault="refused"),
    "silence": reading_back(fault="silence"),
    "html": reading_back(200, body="<html>"),
    "truncated": reading_back(200, body='{"a": ['),
}
"""Answers after which nobody knows whether it was executed."""

ODD: Final = {
    "empty-object": reading_back(200, json={}),
    "list": reading_back(200, json=[]),
    "null": reading_back(200, json=None),
    "other-types": reading_back(
        200, json={"data": 5, "items": {"a": None}, "executions": "x", "results": [None, 1], "meta": 3}
    ),
    "404": reading_back(404),
}
"""Answers that may mean that there is nothing, in a form that nobody promised."""


def _tried(bench: Bench, reply: Reply) -> Trial:
    """A delivery whose outcome is unknown, sent again while reads get this reply."""
    if bench.action.reconcile is None:
        raise NotApplicable("it has no reconcile")
    with bench.open(effect(500, times=1)) as trial:
        first = trial.send(message_id="lost")
        if not isinstance(first, Failed) or first.reason != "unconfirmed":
            raise NotApplicable(f"its outcome after a 500 is {shown(first)}")
        trial.wait(first.after + 60)
        trial.wire.script(reply)
        trial.send(message_id="lost")
        return trial


def _cannot_tell(bench: Bench, reply: Reply) -> Iterable[str]:
    trial = _tried(bench, reply)
    yield from faults(trial)
    for call in trial.spy.of("reconcile"):
        if call.error is None and not isinstance(call.result, Found):
            yield "it says that nothing was executed, though it could not look: raise TryAgain, or let the error pass"
    if len(trial.effects) > 1:
        yield "the request is sent a second time"


def _odd(bench: Bench, reply: Reply) -> Iterable[str]:
    trial = _tried(bench, reply)
    yield from faults(trial)
    if not trial.spy.of("reconcile"):
        yield "it was not asked"


def only_reads(bench: Bench) -> Iterable[str]:
    """It sends nothing: what it asks only reads."""
    for reply in (reading_back(200, json={}), reading_back(404)):
        trial = _tried(bench, reply)
        if any(isinstance(call.error, ClaimLost) for call in trial.spy.of("reconcile")):
            yield "it calls ctx.send, which lets nothing out here"
        if len(trial.effects) > 1 + sum(call.result is None for call in trial.spy.of("reconcile")):
            yield "something went out through ctx.send"
        wrong = [one for one in trial.reads if one.method not in {"GET", "HEAD", "POST"}]
        yield from (f"{one.method} {one.address} is no read" for one in wrong)


def mutates_nothing(bench: Bench) -> Iterable[str]:
    """It changes neither event nor payload nor settings."""
    for call in _tried(bench, reading_back(200, json={})).spy.of("reconcile"):
        yield from (f"it changes {part}" for part in call.changed)


def sent_again(bench: Bench) -> Iterable[str]:
    """When it finds nothing, the same request goes out again, once."""
    trial = _tried(bench, reading_back(200, json={}))
    if not any(call.error is None and call.result is None for call in trial.spy.of("reconcile")):
        raise NotApplicable("an empty answer does not tell it that there is nothing")
    if len(trial.effects) != 2:
        yield f"{len(trial.effects)} requests went out"


def _check(name: str, function: Callable[..., Iterable[str]], reply: Reply, fact: str) -> Check[Bench]:
    return Check(f"reconcile.{name}", Level.GOLD, partial(function, reply=reply), fact)


CHECKS: Final = (
    *(_check(n, _cannot_tell, reply, f"When reads get {n}, it cannot tell.") for n, reply in CANNOT_TELL.items()),
    *(_check(n, _odd, reply, f"When reads get {n}, it raises no fault.") for n, reply in ODD.items()),
    Check("reconcile.only-reads", Level.GOLD, only_reads),
    Check("reconcile.mutates-nothing", Level.GOLD, mutates_nothing),
    Check("reconcile.sent-again", Level.GOLD, sent_again),
)
