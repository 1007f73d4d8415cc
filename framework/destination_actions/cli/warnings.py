"""What is not wrong but may surprise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destination_actions.config import Config, SubscriptionConfig
from destination_actions.errors import ConfigurationError
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.subscriptions import segment_differences


def warnings_of(config: Config, plan: Plan, *, segment: bool) -> Iterator[ConfigurationError]:
    """Every warning about a configuration that loads; with `segment`, also where Segment reads an expression otherwise.

    That matters for expressions that come from there, and is no fault of others.
    """
    yield from config.warnings
    for destination in config.destinations:
        if destination.enabled and not any(one.enabled for one in destination.subscriptions):
            message = f'destination "{destination.name}" has no enabled subscription, so it gets no event'
            yield ConfigurationError(message, pointer=destination.pointer, place=config.place(destination.pointer))
        for subscription in destination.subscriptions if destination.enabled else ():
            yield from _never_valid(config, subscription, _compiled(plan, destination.name, subscription))
            if segment:
                yield from _read_otherwise(config, subscription)


def _compiled(plan: Plan, destination: str, subscription: SubscriptionConfig) -> Subscription | None:
    known = ((one.lane.name, one.id, one) for one in plan.subscriptions)
    name = subscription.id or subscription.name
    return next((one for lane, id_, one in known if (lane, id_) == (destination, name)), None)


def _never_valid(
    config: Config, subscription: SubscriptionConfig, compiled: Subscription | None
) -> Iterator[ConfigurationError]:
    """Values that stand in the mapping, or are missing there, and make every event invalid."""
    if compiled is None:
        return
    preset = compiled.lane.destination.preset(subscription.preset).mapping if subscription.preset else {}
    mapping = compiled.action.payload.default_mapping() | dict(preset) | dict(subscription.mapping)
    if "__segment_internal_directive" in mapping:
        return
    needed = {spec.key for spec in compiled.action.payload.fields() if spec.always_required} - mapping.keys()
    constant = {key: value for key, value in mapping.items() if not _varies(value)}
    for error in compiled.action.payload.check(constant, sync_mode=compiled.sync_mode).errors:
        key = error.pointer.split("/")[1] if error.pointer else ""
        if key in needed or (key in constant and error.code != "required"):
            pointer = f"{subscription.pointer}/mapping/{key}"
            place = config.place(pointer) or config.place(subscription.pointer)
            yield ConfigurationError(f"no event can be valid: {error.message}", pointer=pointer, place=place)


def _varies(value: Any) -> bool:
    """Whether a part of a mapping is more than a constant."""
    if isinstance(value, Mapping):
        return any(str(key).startswith("@") or _varies(inner) for key, inner in value.items())
    return isinstance(value, list | tuple) and any(map(_varies, value))


def _read_otherwise(config: Config, subscription: SubscriptionConfig) -> Iterator[ConfigurationError]:
    if subscription.subscribe is None or not subscription.enabled:
        return
    pointer = f"{subscription.pointer}/subscribe"
    for difference in segment_differences(subscription.subscribe):
        yield ConfigurationError(str(difference), pointer=pointer, place=config.place(pointer))
