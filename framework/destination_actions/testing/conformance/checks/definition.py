"""What can be read off a definition without sending anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator

from destination_actions.describe import describe
from destination_actions.errors import ConfigurationError
from destination_actions.fields import FieldSet, FieldSpec
from destination_actions.mapping import compile_mapping
from destination_actions.schemas import load_schema
from destination_actions.subscriptions import compile_subscription
from destination_actions.testing.conformance.bench import Subject
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.imports import quiet_import
from destination_actions.testing.conformance.report import Level

_SECRET_WORDS: Final = frozenset({"token", "secret", "password", "passphrase", "credential", "credentials"})
_SECRET_PAIRS: Final = frozenset({"api key", "private key", "access key", "signing key", "write key", "auth key"})

SAMPLE_EVENTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "type": "track",
        "event": "Order Completed",
        "messageId": "m1",
        "userId": "jane",
        "anonymousId": "a1",
        "timestamp": "2026-03-02T09:30:00.000Z",
        "properties": {"order_id": "1001", "total": 42.5, "currency": "USD", "products": [{"sku": "A", "price": 5}]},
        "context": {"ip": "192.0.2.1", "traits": {"email": "jane@example.com"}, "page": {"url": "https://example.com"}},
    },
    {"type": "identify", "messageId": "m2", "userId": "jane", "traits": {"email": "jane@example.com", "plan": "pro"}},
    {"type": "page", "messageId": "m3", "userId": "jane", "name": "Home", "properties": {"url": "https://example.com"}},
    {"type": "screen", "messageId": "m4", "anonymousId": "a1", "name": "Home", "properties": {}},
    {"type": "group", "messageId": "m5", "userId": "jane", "groupId": "g1", "traits": {"name": "Acme"}},
    {"type": "alias", "messageId": "m6", "userId": "jane", "previousId": "a1"},
)


def describes(subject: Subject) -> Iterable[str]:
    """The definition as JSON satisfies the schema of destinations."""
    described = describe(subject.destination)
    for error in Draft202012Validator(load_schema("destination")).iter_errors(described):
        yield f"{error.json_path}: {error.message}"


def described(subject: Subject) -> Iterable[str]:
    """The destination, its actions and its presets say in a sentence what they do."""
    destination = subject.destination
    if not destination.description.strip():
        yield "the destination has no description"
    yield from (f'action "{one.slug}" has no description' for one in destination.actions if not one.description.strip())
    yield from (f'preset "{one.name}" has no description' for one in destination.presets if not one.description.strip())


def has_actions(subject: Subject) -> Iterable[str]:
    """There is at least one action."""
    if not subject.destination.actions:
        yield "there is none"


def fields_described(subject: Subject) -> Iterable[str]:
    """Every field that people fill in has a description."""
    for owner, spec in _specs(subject):
        if not spec.hints.hidden and not spec.description.strip():
            yield f"{owner}.{spec.key} has none"


def labels_differ(subject: Subject) -> Iterable[str]:
    """No two fields of one form have the same label."""
    for fields in (subject.destination.settings, *(action.payload for action in subject.destination.actions)):
        labels = [spec.label.strip().lower() for spec in fields.fields()]
        for label in sorted({one for one in labels if labels.count(one) > 1}):
            yield f'{fields.__name__} has several fields labelled "{label}"'


def secrets_declared(subject: Subject) -> Iterable[str]:
    """Settings whose names say that they are secret are declared as `Secret`."""
    for spec in subject.destination.settings.fields():
        if spec.type in {"string", "text", "any"} and _sounds_secret(spec.key):
            yield f"settings.{spec.key} is a plain text; annotate it as Secret"


def _sounds_secret(key: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]", " ", key).lower().split()
    return bool(words) and (words[-1] in _SECRET_WORDS or " ".join(words[-2:]) in _SECRET_PAIRS or words == ["key"])


def settings_fit(subject: Subject) -> Iterable[str]:
    """Valid settings can be made from their declaration (and the profile), and their check accepts them unchanged."""
    try:
        made = subject.settings()
    except ConfigurationError as error:
        yield str(error)
        return
    checked = subject.destination.settings.check(made, unknown="refuse")
    yield from (f"{one.pointer}: {one.message}" for one in checked.errors)


def functions_of_settings(subject: Subject) -> Iterable[str]:
    """Origins, account, allowed addresses and rates can be told from valid settings, and are the same each time."""
    destination = subject.destination
    built = destination.settings.check(subject.settings()).value
    functions = {name: getattr(destination, name) for name in ("origins", "account", "allowed_addresses")}
    functions |= {f"{one.slug}.rate": one.rate for one in destination.actions if callable(one.rate)}
    for name, function in functions.items():
        if function is None:
            continue
        first, second = function(built), function(built)
        if first != second:
            yield f"{name} gives {first!r} first and {second!r} then"


def presets_resolve(subject: Subject) -> Iterable[str]:
    """Every preset's expression matches some event, and its mapping resolves on it."""
    if not subject.destination.presets:
        raise NotApplicable("it has no presets")
    for preset in subject.destination.presets:
        action = subject.destination.action(preset.action)
        mapping = {**action.payload.default_mapping(), **preset.mapping}
        yield from _resolved(f'preset "{preset.name}"', preset.subscribe, mapping, action.payload)


def defaults_resolve(subject: Subject) -> Iterable[str]:
    """Every default mapping compiles, and gives values that the fields take on ordinary events."""
    for action in subject.destination.actions:
        yield from _resolved(f'action "{action.slug}"', None, action.payload.default_mapping(), action.payload)


def default_subscriptions(subject: Subject) -> Iterable[str]:
    """Every default subscription is an expression that some event satisfies."""
    found = [action for action in subject.destination.actions if action.default_subscription is not None]
    if not found:
        raise NotApplicable("no action has one")
    for action in found:
        if not list(_matching(action.default_subscription or "")):
            yield f'action "{action.slug}": no event satisfies {action.default_subscription}'


def _resolved(where: str, subscribe: str | None, mapping: Any, payload: type[FieldSet]) -> Iterator[str]:
    try:
        compiled = compile_mapping(mapping)
    except ConfigurationError as error:
        yield f"{where}: {error}"
        return
    events = SAMPLE_EVENTS if subscribe is None else tuple(_matching(subscribe))
    if not events:
        yield f"{where}: no event satisfies {subscribe}"
    for event in events:
        document = compiled.resolve(event)
        given = document if isinstance(document, dict) else {}
        for found in payload.check(given).errors:
            if found.code != "required" and found.pointer.partition("/")[2].partition("/")[0] in given:
                yield f"{where}: on a {event['type']} event {found.message}"


def _matching(subscribe: str) -> Iterator[dict[str, Any]]:
    """Sample events that match, or else those that do with the changes which their explanation names."""
    expression = compile_subscription(subscribe)
    found = [event for event in SAMPLE_EVENTS if expression.matches(event)]
    edited = () if found else (expression.explain(event).apply(event) for event in SAMPLE_EVENTS)
    kinds = {event["type"] for event in SAMPLE_EVENTS}
    yield from found or (event for event in edited if event.get("type") in kinds and expression.matches(event))


def choices_declared(subject: Subject) -> Iterable[str]:
    """Every dynamic field has a function that fetches its choices, and the reverse."""
    dynamic = [
        (one, spec) for one in subject.destination.actions for spec in one.payload.fields() if spec.hints.dynamic
    ]
    if not dynamic and not any(action.choices for action in subject.destination.actions):
        raise NotApplicable("it has no dynamic fields")
    for action, spec in dynamic:
        if spec.key not in action.choices:
            yield f'action "{action.slug}": {spec.key} is dynamic, but there are no choices for it'


def _specs(subject: Subject) -> Iterator[tuple[str, FieldSpec]]:
    yield from _within("settings", subject.destination.settings)
    for action in subject.destination.actions:
        yield from _within(action.slug, action.payload)


def _within(owner: str, fields: type[FieldSet]) -> Iterator[tuple[str, FieldSpec]]:
    for spec in fields.fields():
        yield owner, spec
        if spec.properties is not None:
            yield from _within(f"{owner}.{spec.key}", spec.properties)


CHECKS: Final = (
    Check("definition.schema", Level.BRONZE, describes),
    Check("definition.actions", Level.BRONZE, has_actions),
    Check("definition.settings", Level.BRONZE, settings_fit),
    Check("definition.functions", Level.BRONZE, functions_of_settings),
    Check("definition.default-mappings", Level.BRONZE, defaults_resolve),
    Check("definition.default-subscriptions", Level.BRONZE, default_subscriptions),
    Check("definition.presets", Level.BRONZE, presets_resolve),
    Check("definition.secrets", Level.BRONZE, secrets_declared),
    Check("definition.import", Level.BRONZE, quiet_import),
    Check("definition.choices", Level.SILVER, choices_declared),
    Check("definition.descriptions", Level.GOLD, described),
    Check("definition.field-descriptions", Level.GOLD, fields_described),
    Check("definition.labels", Level.GOLD, labels_differ),
)
