"""The one effect of a delivery that goes well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from destination_actions.outcomes import Delivered
from destination_actions.testing.conformance.bench import Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults, shown, spoken
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect

_LARGEST_DATA: Final = 4096


def delivers(bench: Bench) -> Iterable[str]:
    """A valid payload is delivered when the API says 2xx; the checks below build on it."""
    with bench.open() as trial:
        outcome = trial.send()
        yield from faults(trial)
        if not isinstance(outcome, Delivered):
            advice = "if the example is at fault, give a sample or replies in a ConformanceProfile"
            yield f"it is {shown(outcome)}; {advice}"


def one_effect(bench: Bench) -> Iterable[str]:
    """A delivery sends exactly one request through `ctx.send`."""
    with bench.open() as trial:
        trial.send()
        if len(trial.effects) != 1:
            yield f"{len(trial.effects)} went out through ctx.send, and {len(trial.reads)} through ctx.http"


def reads_only_read(bench: Bench) -> Iterable[str]:
    """What goes out through `ctx.http` changes nothing at the other side."""
    with bench.open() as trial:
        trial.send()
        for request in trial.reads:
            if request.method not in {"GET", "HEAD", "OPTIONS", "POST"}:
                yield f"{request.method} {request.address} went out as a read; send it through ctx.send"


def small_data(bench: Bench) -> Iterable[str]:
    """The data of an acceptance is a small JSON object, even when the API's answer is large."""
    large = {"id": "1", "items": [{"number": number, "text": "x" * 50} for number in range(600)]}
    with bench.open(effect(200, json=large)) as trial:
        outcome = trial.send()
        if isinstance(outcome, Delivered):
            size = len(json.dumps(dict(outcome.data), default=repr))
            if size > _LARGEST_DATA:
                yield f"it has {size} bytes: give Accepted only what people look for, such as an id"


def repeats_nothing(bench: Bench) -> Iterable[str]:
    """The same event sent again after it was delivered reaches the API no second time."""
    with bench.open() as trial:
        trial.send(message_id="once")
        again = trial.send(message_id="once")
        if len(trial.effects) != 1:
            yield f"{len(trial.effects)} effects for one event"
        if not (isinstance(again, Delivered) and again.repeated):
            yield f"the second time it is {shown(again)}"


def same_bytes(bench: Bench) -> Iterable[str]:
    """Two runs of the same event send the same bytes: nothing in a request is random or read from another clock."""
    runs = []
    for _ in range(2):
        with bench.open() as trial:
            trial.send(message_id="same")
            runs.append([(one.method, one.url, sorted(one.headers.items()), one.body) for one in trial.wire.requests])
    if runs[0] != runs[1]:
        yield f"they differ in {_difference(runs[0], runs[1])}; use ctx.clock, ctx.message_id and ctx.delivery_key"


def _difference(one: Sequence[tuple[object, ...]], other: Sequence[tuple[object, ...]]) -> str:
    names = ("method", "address", "headers", "body")
    differ = [name for a, b in zip(one, other, strict=False) for name, x, y in zip(names, a, b, strict=True) if x != y]
    return ", ".join(dict.fromkeys(differ)) or "their number"


def same_request_again(bench: Bench) -> Iterable[str]:
    """A retry of the same delivery is the same request: address, body, and idempotency key if there is one."""
    with bench.open(effect(500, times=1)) as trial:
        first = trial.send(message_id="again")
        trial.wait(float(getattr(first, "after", 0.0)) + 60.0)
        trial.send(message_id="again")
        if len(trial.effects) < 2:
            raise NotApplicable("it does not send again after a 500")
        one, other = trial.effects[:2]
        parts = {
            "address": (one.url, other.url),
            "body": (one.body, other.body),
            "idempotency key": (_keys(one.headers), _keys(other.headers)),
        }
        yield from (f"the {name} of the second attempt is another" for name, (a, b) in parts.items() if a != b)


def _keys(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if "idempoten" in name.lower()}


def own_key(bench: Bench) -> Iterable[str]:
    """If the delivery key, or the message id, goes out, then each event's own."""
    with bench.open() as trial:
        trial.send(bench.document(), "first-message")
        trial.send(bench.document(200), "second-message")
        calls = [key for call in trial.spy.calls for key in call.delivery_keys]
        if len(trial.effects) != 2 or len(calls) != 2:
            raise NotApplicable("the second example is not delivered")
        one, other = (spoken(request) for request in trial.effects)
        for mine, its in (tuple(calls), ("first-message", "second-message")):
            if mine in one and (its not in other or mine in other):
                yield "the second event's request has the key of the first"
            if its in one:
                yield "the first event's request has the key of the second"


def key_sent(bench: Bench) -> Iterable[str]:
    """An action that can read back hands the API the delivery key, or the message id, to find it by."""
    if bench.action.reconcile is None:
        raise NotApplicable("it has no reconcile")
    with bench.open() as trial:
        trial.send(message_id="to-be-found")
        keys = [key for call in trial.spy.calls for key in call.delivery_keys]
        if trial.effects and not any(key in spoken(trial.effects[0]) for key in (*keys, "to-be-found")):
            yield "neither is in the request"


CHECKS: Final = (
    Check("effects.delivers", Level.BRONZE, delivers),
    Check("effects.one", Level.BRONZE, one_effect),
    Check("effects.reads-only-read", Level.BRONZE, reads_only_read),
    Check("effects.once-per-event", Level.BRONZE, repeats_nothing),
    Check("effects.same-bytes", Level.SILVER, same_bytes),
    Check("effects.same-retry", Level.SILVER, same_request_again),
    Check("effects.own-key", Level.SILVER, own_key),
    Check("effects.small-data", Level.GOLD, small_data),
    Check("effects.key-sent", Level.GOLD, key_sent),
)
