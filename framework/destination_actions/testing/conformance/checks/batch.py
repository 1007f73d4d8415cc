"""A batch gives each event the outcome that it gets alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from destination_actions.outcomes import Delivered, Invalid, Outcome
from destination_actions.testing.conformance.bench import OTHER, Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults, reason_of, shown, spoken
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect
from destination_actions.testing.scripted import Reply

SIZE: Final = 3


def _documents(bench: Bench) -> list[dict[str, Any]]:
    documents = [bench.document(number * OTHER) for number in range(SIZE)]
    if any(bench.payload(document) is None for document in documents):
        raise NotApplicable("only one example can be made")
    return documents


def _said(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.outcome, reason_of(outcome), getattr(outcome, "code", None), getattr(outcome, "status", None)


def _alike(bench: Bench, *replies: Reply) -> Iterable[str]:
    documents = _documents(bench)
    alone = []
    for document in documents:
        with bench.open(*replies) as trial:
            alone.append(trial.send(document))
    with bench.open(*replies) as trial:
        together = trial.send_batch(documents)
        yield from faults(trial)
    for at, (one, other) in enumerate(zip(alone, together, strict=True), 1):
        if _said(one) != _said(other):
            yield f"event {at} is {shown(one)} alone and {shown(other)} in a batch"


def all_are_sent(bench: Bench) -> Iterable[str]:
    """What the requests of single events say, those of a batch say too, for each of them."""
    documents = _documents(bench)
    with bench.open() as trial:
        trial.send_batch(documents)
        together = "\n".join(spoken(request) for request in trial.effects)
    for at, document in enumerate(documents, 1):
        with bench.open() as trial:
            trial.send(document)
            alone = "\n".join(spoken(request) for request in trial.effects)
        texts = [(key, document[key]) for key in bench.texts() if key in document]
        for key, text in texts:
            if text in alone and text not in together:
                yield f"event {at}: its {key} is in no request of the batch"


def one_bad_item(bench: Bench) -> Iterable[str]:
    """An invalid event among valid ones harms only itself."""
    documents = _documents(bench)
    required = [spec for spec in bench.action.payload.fields() if spec.always_required]
    if not required:
        raise NotApplicable("no event is invalid: it has no required fields")
    documents[1] = {key: value for key, value in documents[1].items() if key != required[0].key}
    with bench.open() as trial:
        outcomes = trial.send_batch(documents)
        if not isinstance(outcomes[1], Invalid):
            yield f"the invalid one is {shown(outcomes[1])}"
        yield from (f"a valid one is {shown(outcomes[at])}" for at in (0, 2) if not isinstance(outcomes[at], Delivered))


def twice_the_same(bench: Bench) -> Iterable[str]:
    """Two events of the same payload in one batch get what they get one after the other."""
    document = bench.document()
    with bench.open() as trial:
        one_by_one = [trial.send(document), trial.send(document)]
    with bench.open() as trial:
        together = trial.send_batch([document, document])
    if [_said(one) for one in one_by_one] != [_said(one) for one in together]:
        yield f"{' and '.join(map(shown, one_by_one))} one by one, {' and '.join(map(shown, together))} together"


def answers_all(bench: Bench) -> Iterable[str]:
    """`perform_batch` gives one answer for each payload, for a batch of one as of several."""
    if bench.action.perform_batch is None:
        raise NotApplicable("it has no perform_batch")
    for size in (1, 2, SIZE):
        with bench.open() as trial:
            outcomes = trial.send_batch(_documents(bench)[:size])
            yield from faults(trial)
            wrong = [shown(one) for one in outcomes if not isinstance(one, Delivered)]
            if wrong:
                yield f"of {size}: {wrong[0]}"


def declares_its_key(bench: Bench) -> Iterable[str]:
    """The batch key can be told from every payload, and is the same each time."""
    if bench.action.batch_key is None:
        raise NotApplicable("it declares no batch key")
    settings: Any = bench.subject.destination.settings.check(bench.subject.settings()).value
    for document in _documents(bench):
        payload = bench.payload(document)
        first, second = (bench.action.batch_key(settings, payload) for _ in range(2))
        hash(first)
        if first != second:
            yield f"it is {first!r} first and {second!r} then"


def _check(name: str, *replies: Reply) -> Check[Bench]:
    alike: Callable[[Bench], Iterable[str]] = partial(_on, replies=replies)
    return Check(f"batch.alike-{name}", Level.GOLD, alike, f"A batch gives each event what it gets alone: {name}.")


def _on(bench: Bench, replies: tuple[Reply, ...]) -> Iterable[str]:
    return _alike(bench, *replies)


CHECKS: Final = (
    _check("accepted"),
    _check("400", effect(400, json={"message": "no"})),
    _check("401", effect(401)),
    _check("429", effect(429, headers={"retry-after": "7"})),
    _check("500", effect(500)),
    _check("reset", effect(fault="reset")),
    _check("refused", effect(fault="refused")),
    _check("html", effect(200, body="<html>")),
    Check("batch.all-are-sent", Level.GOLD, all_are_sent),
    Check("batch.one-invalid", Level.GOLD, one_bad_item),
    Check("batch.same-payload", Level.GOLD, twice_the_same),
    Check("batch.answers-all", Level.GOLD, answers_all),
    Check("batch.key", Level.GOLD, declares_its_key),
)
