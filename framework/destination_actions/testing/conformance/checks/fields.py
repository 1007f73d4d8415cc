"""Whether each field does what it is there for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from destination_actions.fields import FieldSpec
from destination_actions.outcomes import Delivered, Invalid
from destination_actions.testing.conformance.bench import OTHER, Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import shown, spoken
from destination_actions.testing.conformance.report import Level


def every_field_matters(bench: Bench) -> Iterable[str]:
    """Another value of a field makes another request, another cooldown, another grouping, or another outcome."""
    before = _footprint(bench, bench.document())
    other = bench.document(OTHER)
    for spec in bench.action.payload.fields():
        changed = {spec.key: _other_value(spec, bench, other)}
        document = bench.document(changes=changed)
        if spec.hints.deprecated or changed[spec.key] is None or bench.payload(document) is None:
            continue
        if _footprint(bench, document) == before:
            yield f"{spec.key}: nothing depends on it; use it, or leave it out"


def _other_value(spec: FieldSpec, bench: Bench, other: Mapping[str, Any]) -> Any:
    now = bench.document().get(spec.key)
    values = [choice.value for choice in spec.choices] or [other.get(spec.key)]
    if spec.type == "boolean":
        values = [not now]
    return next((value for value in values if value != now), None)


def _footprint(bench: Bench, document: Mapping[str, Any]) -> Any:
    payload = bench.payload(document)
    built = bench.subject.destination.settings.check(bench.subject.settings()).value
    with bench.open() as trial:
        outcome = trial.send(document, "one-and-the-same")
        sent = [(one.method, one.url, sorted(one.headers.items()), one.body) for one in trial.wire.requests]
    declared = (bench.action.cooldown, bench.action.batch_key)
    return sent, outcome.to_json(), [_declared(function, built, payload) for function in declared]


def _declared(function: Any, settings: Any, payload: Any) -> Any:
    if function is None:
        return None
    try:
        return function(settings, payload)
    except Exception as error:  # noqa: BLE001 - any answer is one
        return repr(error)


def values_arrive(bench: Bench) -> Iterable[str]:
    """Texts that reach the API do so whole: as given, in any alphabet."""
    with bench.open() as trial:
        trial.send()
        said = "\n".join(spoken(one) for one in trial.effects)
    document = bench.document()
    for key in bench.texts():
        if document[key] not in said:
            continue
        text = "Zoë Ωmega 你好 😀 e\u0301"
        changed = bench.document(changes={key: text})
        if bench.payload(changed) is None:
            continue
        with bench.open() as trial:
            outcome = trial.send(changed)
            if isinstance(outcome, Delivered) and text not in "\n".join(spoken(one) for one in trial.effects):
                yield f"{key}: {text!r} does not arrive"
            if not isinstance(outcome, Delivered) and outcome.outcome not in {"rejected", "failed"}:
                yield f"{key}: with {text!r} it is {shown(outcome)}"


def required_are_required(bench: Bench) -> Iterable[str]:
    """Without a required field an event is invalid, the field is named, and nothing is sent."""
    required = [spec for spec in bench.action.payload.fields() if spec.always_required]
    if not required:
        raise NotApplicable("it has no required fields")
    with bench.open() as trial:
        for spec in required:
            outcome = trial.send(bench.document(changes={spec.key: None}))
            if not isinstance(outcome, Invalid) or not any(spec.key in one.pointer for one in outcome.problems):
                yield f"{spec.key}: without it the event is {shown(outcome)}"
        if trial.wire.requests:
            yield "requests went out for invalid events"


def optional_are_optional(bench: Bench) -> Iterable[str]:
    """An event with only what is needed is delivered, or refused in words; it is no fault."""
    least = _least(bench)
    with bench.open() as trial:
        outcome = trial.send(least)
        if outcome.outcome not in {"delivered", "rejected", "failed", "invalid"} or _is_fault(outcome):
            yield f"it is {shown(outcome)}"


def _least(bench: Bench) -> dict[str, Any]:
    """The sample without everything that can be missed."""
    document = bench.document()
    for spec in bench.action.payload.fields():
        shorter = {key: value for key, value in document.items() if key != spec.key}
        if not spec.always_required and bench.payload(shorter) is not None:
            document = shorter
    return document


def _is_fault(outcome: Any) -> bool:
    return getattr(outcome, "reason", "") == "plugin_fault"


def wrong_types(bench: Bench) -> Iterator[str]:
    """Values of a wrong type are delivered as the fields declare them, or found invalid; never a fault."""
    odd: tuple[Any, ...] = (0, -1, 1.5, True, "", " ", [], {}, [[]], {"a": {"b": [None]}}, 10**15, "x" * 300)
    with bench.open() as trial:
        for spec in bench.action.payload.fields():
            for value in odd:
                document = {**bench.document(), spec.key: value}
                outcome = trial.send(document)
                trial.wait_out(document)
                if _is_fault(outcome):
                    yield f"{spec.key} = {value!r}: {shown(outcome)}"


CHECKS: Final = (
    Check("fields.required", Level.BRONZE, required_are_required),
    Check("fields.optional", Level.BRONZE, optional_are_optional),
    Check("fields.wrong-types", Level.BRONZE, wrong_types),
    Check("fields.unicode", Level.SILVER, values_arrive),
    Check("fields.every-one-matters", Level.GOLD, every_field_matters),
)
