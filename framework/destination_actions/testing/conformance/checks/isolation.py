"""Two configured destinations, and two events, know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from destination_actions.http import Redactor
from destination_actions.testing.conformance.bench import OTHER, Bench, Trial
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import spoken
from destination_actions.testing.conformance.report import Level

_TELLING: Final = 6
"""Characters from which on a text does not stand in a request by chance."""


def _sent(bench: Bench, start: int, document: dict[str, Any]) -> list[tuple[object, ...]]:
    with bench.open(start=start) as trial:
        trial.send(document, "isolated")
        return _requests(trial)


def _requests(trial: Trial) -> list[tuple[object, ...]]:
    return [(one.method, one.url, sorted(one.headers.items()), one.body) for one in trial.wire.requests]


def no_shared_state(bench: Bench) -> Iterable[str]:
    """Requests of one configured destination are the same before and after another one was used."""
    document = bench.document()
    alone = _sent(bench, OTHER, document)
    _sent(bench, 0, bench.document(OTHER))
    if _sent(bench, OTHER, document) != alone:
        yield "they differ; keep nothing between deliveries, in no module, default argument or cache"


def no_shared_settings(bench: Bench) -> Iterable[str]:
    """Used side by side, each configured destination sends its own settings."""
    mine, theirs = (_texts(bench, start) for start in (0, OTHER))
    if not mine - theirs:
        raise NotApplicable("its settings have no texts to tell them apart")
    with bench.open(start=OTHER) as other, bench.open(start=0) as one:
        other.send()
        one.send()
        other.send(bench.document(OTHER))
        one.send(bench.document(OTHER))
        for trial, strange in ((one, theirs - mine), (other, mine - theirs)):
            yield from dict.fromkeys(_strange(trial, Redactor(strange)))


def _texts(bench: Bench, start: int) -> set[str]:
    """The secrets and other texts of settings."""
    plain = (value for value in bench.subject.settings(start).values() if isinstance(value, str))
    return {text for text in (*bench.subject.secrets(start), *plain) if len(text) >= _TELLING}


def _strange(trial: Trial, strange: Redactor) -> Iterable[str]:
    for request in trial.wire.requests:
        if any(strange.text(text) != text for text in (spoken(request), *request.headers.values())):
            yield "a request has a setting of another configured destination"


def no_memory_of_events(bench: Bench) -> Iterable[str]:
    """The second event's request says nothing of the first event."""
    first, second = bench.document(), bench.document(OTHER)
    private = [first[key] for key in bench.texts() if key in second and first[key] != second[key]]
    private = [text for text in private if len(text) >= 6 and not any(text in str(one) for one in second.values())]
    if not private:
        raise NotApplicable("the two examples have no texts to tell them apart")
    with bench.open() as trial:
        trial.send(first)
        before = len(trial.wire.requests)
        trial.send(second)
        for request in trial.wire.requests[before:]:
            said = spoken(request)
            yield from (f"it has {text!r} of the first" for text in private if text in said)


def no_memory_of_failures(bench: Bench) -> Iterable[str]:
    """A delivery after failures sends what it would have sent without them."""
    document = bench.document()
    alone = _sent(bench, 0, document)
    from destination_actions.testing.conformance.checks.safety import SCENES

    for scene in SCENES[1:]:
        with bench.open(scene) as trial:
            trial.send(bench.document(OTHER))
    if _sent(bench, 0, document) != alone:
        yield "it differs"


CHECKS: Final = (
    Check("isolation.state", Level.BRONZE, no_shared_state),
    Check("isolation.settings", Level.BRONZE, no_shared_settings),
    Check("isolation.events", Level.BRONZE, no_memory_of_events),
    Check("isolation.failures", Level.SILVER, no_memory_of_failures),
)
