"""The subscriptions of a configuration that can be understood, whatever is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from destination_actions.config import Config, DestinationConfig, SubscriptionConfig
from destination_actions.definitions import Action, Destination
from destination_actions.errors import ConfigurationError, Place
from destination_actions.fields import FieldSet, Secret, is_reserved
from destination_actions.fields._fieldset import made
from destination_actions.mapping import Directive, compile_mapping
from destination_actions.mapping import Mapping as CompiledMapping
from destination_actions.plugins import Registry
from destination_actions.subscriptions import Expression, compile_subscription

T = TypeVar("T")

ROOT_DIRECTIVE = "__segment_internal_directive"


@dataclass(frozen=True, slots=True)
class Part:
    """An enabled subscription with what it names. `mapping` is as it stands, with the defaults of the fields that it
    leaves out; `own` is what stands in the file, or in the preset that it names."""

    config: Config
    lane: DestinationConfig
    item: SubscriptionConfig
    destination: Destination[Any]
    action: Action[Any, Any]
    expression: Expression
    own: Mapping[str, Any]
    mapping: Mapping[str, Any]
    directives: Mapping[str, Directive]

    @property
    def id(self) -> str:
        """What outcomes call it."""
        return self.item.id or self.item.name

    @property
    def name(self) -> str:
        """How a message names it."""
        return f'subscription "{self.id}" of "{self.lane.name}"'

    @property
    def trigger_pointer(self) -> str:
        """Where its expression stands, or the subscription where it has none of its own."""
        return f"{self.item.pointer}/subscribe" if self.item.subscribe is not None else self.item.pointer

    def field_pointer(self, key: str) -> str:
        """Where a field's mapping stands, or the subscription where it is a default."""
        return f"{self.item.pointer}/mapping/{key}" if key in self.item.mapping else self.item.pointer

    def place(self, pointer: str) -> Place | None:
        """The position of a pointer in the file, or of the nearest thing around it."""
        while True:
            place = self.config.place(pointer)
            if place is not None or not pointer:
                return place
            pointer = pointer.rpartition("/")[0]

    @property
    def plain(self) -> bool:
        """Whether the mapping is one field after another, and not made by another mapping."""
        return ROOT_DIRECTIVE not in self.mapping

    @property
    def sync_mode(self) -> str | None:
        """The sync mode that conditions look at."""
        mode = self.item.sync_mode or self.own.get("__segment_internal_sync_mode")
        return mode if isinstance(mode, str) else None

    def settings(self) -> FieldSet | None:
        """The settings as the runtime has them; a reference that leads nowhere stands for what is put in its place.
        None where they are wrong."""
        fields, given = self.destination.settings, self.lane.settings
        unset = [spec for spec in fields.fields() if is_reference(given.get(spec.key))]
        known = made("Known", tuple(spec for spec in fields.fields() if spec not in unset), additional=True)
        value: FieldSet | None = (known if unset else fields).check(dict(given)).value
        if not unset or value is None:
            return value
        texts = {spec.name: Secret(given[spec.key]) if spec.secret else given[spec.key] for spec in unset}
        made_up: FieldSet = fields(**{spec.name: getattr(value, spec.name) for spec in known.fields()}, **texts)
        return made_up

    def compiled(self) -> CompiledMapping:
        """The mapping, compiled."""
        return compile_mapping(dict(self.mapping), directives=self.directives)


def is_reference(value: Any) -> bool:
    """Whether a text of the settings has a reference in it, which led nowhere where it still stands."""
    return isinstance(value, str) and ("${env:" in value or "${file:" in value)


def parts_of(config: Config, registry: Registry, directives: Mapping[str, Directive]) -> Iterator[Part]:
    """Give the enabled subscriptions of which every part can be found and compiled."""
    for lane in config.destinations:
        destination = _found(partial(registry.destination, lane.destination)) if lane.enabled else None
        for item in lane.subscriptions if destination is not None else ():
            part = _found(partial(_part, config, lane, item, destination, directives)) if item.enabled else None
            if part is not None:
                yield part


def _found(find: Callable[[], T]) -> T | None:
    try:
        return find()
    except ConfigurationError:
        return None


def _part(
    config: Config,
    lane: DestinationConfig,
    item: SubscriptionConfig,
    destination: Destination[Any] | None,
    directives: Mapping[str, Directive],
) -> Part:
    assert destination is not None  # noqa: S101 - asked before
    preset = destination.preset(item.preset) if item.preset else None
    action = destination.action(item.action or (preset.action if preset else ""))
    own = dict(preset.mapping if preset else {}) | dict(item.mapping)
    text = item.subscribe or (preset.subscribe if preset else None) or action.default_subscription or ""
    kept = {spec.key for spec in action.payload.fields()} | {ROOT_DIRECTIVE}
    mapped = {key: value for key, value in own.items() if key in kept or not is_reserved(key)}
    mapping = action.payload.default_mapping() | mapped
    compile_mapping(mapping, directives=directives)
    return Part(config, lane, item, destination, action, compile_subscription(text), own, mapping, directives)
