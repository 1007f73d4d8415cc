"""What several checks look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_plus

from destination_actions.answers import Accepted, Answer
from destination_actions.definitions import Found
from destination_actions.errors import HttpError, StoreError
from destination_actions.events import MISSING
from destination_actions.http import UnsafeRequest
from destination_actions.outcomes import Failed, Outcome, Unknown
from destination_actions.runtime.effect import ClaimLost
from destination_actions.runtime.lanes import NoTurn
from destination_actions.testing.conformance.bench import Trial
from destination_actions.testing.conformance.spy import Call
from destination_actions.testing.scripted import SentRequest

KNOWN_ERRORS = (Answer, HttpError, StoreError, UnsafeRequest, ClaimLost, NoTurn)
"""What plugin code may let pass; everything else that it raises is a fault of its own."""


def reason_of(outcome: Outcome) -> str:
    """The outcome's stable word, or nothing."""
    return str(getattr(outcome, "reason", ""))


def shown(outcome: Outcome) -> str:
    """An outcome as complaints name it."""
    reason = reason_of(outcome)
    return f"{outcome.outcome}{f' ({reason}: {outcome.summary()})' if reason else ''}"


def faults(trial: Trial) -> Iterator[str]:
    """What no answer of an API and no network excuses: exceptions of other kinds, results of other types."""
    for outcome in trial.outcomes:
        if isinstance(outcome, Failed | Unknown) and outcome.reason == "plugin_fault":
            yield outcome.summary()
    for call in trial.spy.calls:
        wrong = _wrong(call)
        if wrong:
            yield wrong


def _wrong(call: Call) -> str | None:
    if call.error is not None:
        known = isinstance(call.error, KNOWN_ERRORS) or type(call.error).__name__ == "CancelledError"
        return None if known else f"{call.what} raised {type(call.error).__name__}: {call.error}"
    if call.what == "reconcile":
        fine = call.result is None or isinstance(call.result, Found)
        return None if fine else f"reconcile gave {type(call.result).__name__}, not Found or None"
    if call.what == "perform" and not isinstance(call.result, Accepted):
        return f"perform gave {type(call.result).__name__}, not Accepted"
    return None


def spoken(request: SentRequest) -> str:
    """Everything that a request says, without the encodings: address, headers, body."""
    parts = [unquote(request.url), *request.headers.values(), request.text, unquote_plus(request.text)]
    parts += list(_texts(request.json)) + list(_texts(request.form))
    return "\n".join(parts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
        yield from _texts(_loaded(value)) if value[:1] in "[{" and value else ()
    elif value is not MISSING:
        yield json.dumps(value)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return MISSING
