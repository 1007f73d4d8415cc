"""What each answer of the API has to become."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import partial
from typing import Any, Final

from destination_actions.outcomes import Delivered, Failed, Outcome
from destination_actions.testing.conformance.bench import Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults, shown
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect, read
from destination_actions.testing.scripted import Reply

_LONGEST: Final = 3600.0
_NO: Final = {"message": "no", "code": "refused", "error": {"message": "no"}}

ACCEPTED: Final = {
    "created": effect(201, json={"id": "1"}),
    "accepted": effect(202, json={"id": "1"}),
    "no-content": effect(204),
    "empty": effect(200),
    "html": effect(200, body="<!doctype html><p>ok", headers={"content-type": "text/html"}),
    "truncated": effect(200, body='{"id": "1", "te', headers={"content-type": "application/json"}),
    "broken-off": effect(201, json={"id": "1", "text": "x" * 500}, fault="truncated"),
    "list": effect(200, json=["1"]),
    "null": effect(200, json=None),
    "text": effect(200, json="1"),
    "other-types": effect(200, json={"id": {"a": 1}, "sid": [], "status": None, "data": 5, "items": "x"}),
    "not-utf8": effect(200, body=b"\xff\xfe\x00{", headers={"content-type": "application/json"}),
    "large": effect(200, body=b"[" + b"1," * 200_000 + b"1]", headers={"content-type": "application/json"}),
}
"""Answers of 2xx with every kind of body: all of them say that it was done."""


def _delivered(bench: Bench, reply: Reply) -> Iterable[str]:
    with bench.open(reply) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if not isinstance(outcome, Delivered):
            yield f"it is {shown(outcome)}, but a 2xx was read, so it was done; the body does not undo that"


REFUSED: Final = {
    400: ("rejected",),
    404: ("rejected", "failed"),
    405: ("rejected",),
    409: ("rejected", "failed"),
    410: ("rejected",),
    413: ("rejected",),
    415: ("rejected",),
    422: ("rejected",),
    425: ("rejected", "failed"),
    451: ("rejected", "failed"),
    418: ("rejected", "failed"),
}
"""What a status may become. Where only `rejected` will do, the same event would be refused for ever."""


def _refused(bench: Bench, status: int, bodies: Iterable[Any] = (_NO,)) -> Iterable[str]:
    for body in bodies:
        options = {"json": body} if not isinstance(body, bytes) else {"body": body}
        with bench.open(effect(status, **options)) as trial:
            outcome = trial.send()
            yield from faults(trial)
            yield from _definite(outcome, REFUSED.get(status, ("rejected", "failed")))
            if len(trial.effects) != 1:
                yield f"{len(trial.effects)} requests were sent; a refusal is not tried again here"


def _definite(outcome: Outcome, wanted: Iterable[str]) -> Iterable[str]:
    if outcome.outcome not in wanted:
        yield f"it is {shown(outcome)}, not {' or '.join(wanted)}"
    elif isinstance(outcome, Failed) and outcome.reason not in {"try_again", "authentication"}:
        yield f"it is {shown(outcome)}: raise Refused, TryAgain or AuthenticationFailed for a definite no"


def odd_error_bodies(bench: Bench) -> Iterable[str]:
    """A 400 is a refusal whatever its body is: empty, HTML, a list, a text, null, not UTF-8, nested oddly."""
    odd: tuple[Any, ...] = (
        b"",
        b"<html>",
        [],
        "no",
        None,
        b"\xff\xfe",
        {"error": None},
        {"errors": [None, 5]},
        {"message": {"a": []}},
    )
    yield from _refused(bench, 400, odd)


def long_error_bodies(bench: Bench) -> Iterable[str]:
    """The message of a refusal stays short when the body is long."""
    for status in (400, 401, 429):
        with bench.open(effect(status, json={"message": "x" * 30_000})) as trial:
            outcome = trial.send()
            if len(outcome.summary()) > 2000:
                yield f"on {status} it has {len(outcome.summary())} characters; quote the first few hundred"


def credentials_refused(bench: Bench, status: int = 401) -> Iterable[str]:
    """A 401 for credentials of ours is no fault of the event: it waits, and does not count as an attempt."""
    with bench.open() as trial:
        trial.send()
        used = any("authorization" in one.headers for one in trial.effects)
    with bench.open(effect(status, json=_NO)) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if len(trial.effects) > 2:
            yield f"{len(trial.effects)} requests were sent"
        if not isinstance(outcome, Failed):
            if outcome.outcome != "rejected" or (used and status == 401):
                yield f"it is {shown(outcome)}; raise AuthenticationFailed"
        elif outcome.reason != "authentication":
            yield f"it is {shown(outcome)}; raise AuthenticationFailed"


def _unknown(bench: Bench, status: int) -> Iterable[str]:
    for body in (_NO, b"<html>"):
        options: dict[str, Any] = {"body": body} if isinstance(body, bytes) else {"json": body}
        with bench.open(effect(status, **options)) as trial:
            outcome = trial.send()
            yield from faults(trial)
            if len(trial.effects) != 1:
                yield f"{len(trial.effects)} requests were sent; what may have been executed is not sent again here"
            if not isinstance(outcome, Failed) or outcome.reason != "unconfirmed":
                yield f"it is {shown(outcome)}, but it may have been executed: let MaybeSent pass"


def _limited(bench: Bench, header: str | None, low: float, high: float) -> Iterable[str]:
    headers = {} if header is None else {"retry-after": header}
    with bench.open(effect(429, headers=headers, json=_NO)) as trial:
        yield from _waits(trial.send(), low, high)
        yield from faults(trial)
        if len(trial.effects) != 1:
            yield f"{len(trial.effects)} requests were sent; waiting is the queue's part"


def _limited_until(bench: Bench, ahead: float, low: float, high: float) -> Iterable[str]:
    """As `_limited`, on the machine's own time: the framework's `accepted` reads it."""
    now = float(int(time.time()))
    headers = {"retry-after": formatdate(now + ahead, usegmt=True)}
    with bench.open(effect(429, headers=headers, json=_NO), start_at=now) as trial:
        yield from _waits(trial.send(), low, high)


def _waits(outcome: Outcome, low: float, high: float) -> Iterable[str]:
    if not isinstance(outcome, Failed) or outcome.reason != "try_again":
        yield f"it is {shown(outcome)}; raise TryAgain"
    elif not low <= outcome.after <= high:
        advice = "use retry_after(response, now=ctx.clock.now())"
        yield f"it waits {outcome.after:g} s, not {low:g} to {high:g}; {advice}"


def retried_in_vain(bench: Bench) -> Iterable[str]:
    """After a 429 the same event is delivered by a second sending, once."""
    with bench.open(effect(429, headers={"retry-after": "2"}, times=1)) as trial:
        trial.send(message_id="limited")
        trial.wait(5)
        again = trial.send(message_id="limited")
        if not isinstance(again, Delivered) or len(trial.effects) != 2:
            yield f"sent again it is {shown(again)}, after {len(trial.effects)} requests"


def _redirected(bench: Bench, status: int) -> Iterable[str]:
    target = "https://elsewhere.invalid/x"
    with bench.open(effect(status, headers={"location": target})) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if isinstance(outcome, Delivered):
            yield "it counts as delivered"
        if any("elsewhere.invalid" in request.url for request in trial.wire.requests):
            yield "it is followed"
        yield from _definite(outcome, ("rejected", "failed"))


def _reading(bench: Bench, reply: Reply) -> Iterable[str]:
    with bench.open() as trial:
        trial.send()
        if not trial.reads:
            raise NotApplicable("it reads nothing before it sends")
    with bench.open(reply) as trial:
        outcome = trial.send()
        yield from faults(trial)
        if outcome.outcome not in {"delivered", "failed", "rejected"}:
            yield f"it is {shown(outcome)}"
        if len(trial.effects) > 1:
            yield f"{len(trial.effects)} effects"


READS: Final = {
    "400": read(400, json=_NO),
    "401": read(401, json=_NO),
    "404": read(404),
    "429": read(429, headers={"retry-after": "7"}),
    "500": read(500),
    "html": read(200, body="<html>"),
    "empty": read(200),
    "null": read(200, json=None),
    "list": read(200, json=[1, None, {"a": []}]),
    "other-types": read(200, json={"data": {"a": 1}, "items": 5, "cursor": [], "results": None}),
    "reset": read(fault="reset"),
    "refused": read(fault="refused"),
    "silence": read(fault="silence"),
    "redirect": read(302, headers={"location": "https://elsewhere.invalid/x"}),
}
"""What a read may get instead of what it looked for."""


def _check(id_: str, level: Level, function: Callable[..., Iterable[str]], fact: str, **given: Any) -> Check[Bench]:
    return Check(f"answers.{id_}", level, partial(function, **given), fact)


CHECKS: Final = (
    *(
        _check(f"2xx-{name}", Level.SILVER, _delivered, f"An acceptance counts: {name}.", reply=reply)
        for name, reply in ACCEPTED.items()
    ),
    *(
        _check(f"status-{status}", Level.SILVER, _refused, f"A {status} is a definite no.", status=status)
        for status in REFUSED
    ),
    Check("answers.odd-bodies", Level.SILVER, odd_error_bodies),
    Check("answers.long-bodies", Level.GOLD, long_error_bodies),
    Check("answers.status-401", Level.SILVER, credentials_refused),
    _check("status-403", Level.SILVER, credentials_refused, "A 403 is a definite no.", status=403),
    *(
        _check(f"status-{status}", Level.SILVER, _unknown, f"After a {status} nobody knows.", status=status)
        for status in (408, 500, 502, 504)
    ),
    _check(
        "429-bare", Level.SILVER, _limited, "A 429 without Retry-After waits a little.", header=None, low=0, high=900
    ),
    _check("429-seconds", Level.SILVER, _limited, "A 429 waits the seconds it says.", header="7", low=7, high=8),
    _check("429-zero", Level.SILVER, _limited, "A Retry-After of 0 is taken.", header="0", low=0, high=60),
    _check("429-garbage", Level.SILVER, _limited, "A Retry-After of rubbish is none.", header="soon", low=0, high=900),
    _check(
        "429-huge",
        Level.SILVER,
        _limited,
        "A Retry-After of years is cut to an hour.",
        header="1000000000",
        low=60,
        high=_LONGEST,
    ),
    _check(
        "429-date", Level.SILVER, _limited_until, "A 429 waits until the date it says.", ahead=600, low=300, high=602
    ),
    _check("429-past", Level.SILVER, _limited_until, "A Retry-After in the past is over.", ahead=-90, low=0, high=60),
    Check("answers.429-then-200", Level.SILVER, retried_in_vain),
    *(
        _check(f"redirect-{status}", Level.SILVER, _redirected, f"A {status} is not followed.", status=status)
        for status in (301, 302, 303, 307, 308)
    ),
    *(
        _check(f"read-{name}", Level.SILVER, _reading, f"A read that gets {name} is no fault.", reply=reply)
        for name, reply in READS.items()
    ),
)
