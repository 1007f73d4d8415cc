"""What recorded cases are given: a configured destination with made-up settings, and its subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from destination_actions.config import Config, DestinationConfig, SubscriptionConfig
from destination_actions.errors import ConfigurationError
from destination_actions.events import MISSING
from destination_actions.fields import secret_values
from destination_actions.mapping import compile_mapping
from destination_actions.runtime.plan import Lane, Plan
from destination_actions.testing.examples import example_settings
from destination_actions.testing.recording.redact import Redaction


@dataclass(frozen=True, slots=True)
class Given:
    """One configured destination, ready to be written: its slug, made-up settings, and subscriptions by id."""

    name: str
    slug: str
    on_unknown: str
    settings: Mapping[str, Any]
    subscriptions: Mapping[str, Mapping[str, Any]]


def redaction_for(config: Config, plan: Plan) -> Redaction:
    """A redaction that knows the secrets of a configuration, its private fields, and the words that it is made of."""
    redaction = Redaction(_private_paths(plan), _words(config))
    for lane in plan.lanes:
        for secret in secret_values(lane.settings):
            redaction.secret(secret)
    return redaction


def _private_paths(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Event paths that fields declared as private are mapped from."""
    for subscription in plan.subscriptions:
        source: Any = subscription.mapping.source
        for spec in subscription.action.payload.fields():
            if spec.holds_private and isinstance(source, dict) and spec.key in source:
                for path in compile_mapping({spec.key: source[spec.key]}).paths():
                    yield tuple(part for part in path.removeprefix("$.").replace("[*]", "").split(".") if part)


def _words(config: Config) -> Iterator[str]:
    for part in config.destinations:
        for one in part.subscriptions:
            for text in _texts([one.subscribe, dict(one.mapping)]):
                yield from text.replace('"', " ").split()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def given_of(part: DestinationConfig, lane: Lane, redaction: Redaction) -> Given:
    """The redacted form of one configured destination. Raises `ConfigurationError` where no settings can be made up."""
    subscriptions = {one.id or one.name: _subscription(one, redaction) for one in part.subscriptions if one.enabled}
    return Given(part.name, part.destination, part.on_unknown, _settings(part, lane, redaction), subscriptions)


def _subscription(one: SubscriptionConfig, redaction: Redaction) -> dict[str, Any]:
    parts = {
        "name": one.name,
        "id": one.id,
        "preset": one.preset,
        "subscribe": redaction.text(one.subscribe) if one.subscribe else None,
        "action": one.action,
        "syncMode": one.sync_mode,
        "mapping": redaction.constants(dict(one.mapping)) or None,
    }
    return {key: value for key, value in parts.items() if value is not None}


def _settings(part: DestinationConfig, lane: Lane, redaction: Redaction) -> dict[str, Any]:
    """Settings of the same form: secrets and what detectors find made up; an example where that is not valid."""
    destination = lane.destination
    secret = {spec.key for spec in destination.settings.fields() if spec.holds_private}
    made = {key: _made_up(key in secret, value, redaction) for key, value in part.settings.items()}
    for example in ({}, *_examples(lane, made)):
        settings = made | example
        if destination.settings.check(settings, unknown="refuse").value is not None:
            return settings
    message = f'no settings can be made up for "{part.name}": those of the configuration have a form of their own'
    raise ConfigurationError(message, hint="record another destination, or write the cases by hand")


def _made_up(secret: bool, value: Any, redaction: Redaction) -> Any:
    if secret and isinstance(value, str):
        return redaction.pseudonyms.of("secret", value)
    return redaction.constants(value)


def _examples(lane: Lane, made: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Examples for the settings that are not valid, then for all of them."""
    example = example_settings(lane.destination)
    wrong = lane.destination.settings.check(dict(made), unknown="refuse").errors
    keys = {error.pointer.split("/")[1] for error in wrong if error.pointer.count("/")}
    yield {key: example[key] for key in keys if example.get(key, MISSING) is not MISSING}
    yield {key: example[key] for key in made if key in example}
