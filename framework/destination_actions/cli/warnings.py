"""What is not wrong but may surprise."""

from __future__ import annotations

from collections.abc import Iterator

from destination_actions.config import Config, SubscriptionConfig
from destination_actions.errors import ConfigurationError
from destination_actions.subscriptions import segment_differences


def warnings_of(config: Config, *, segment: bool) -> Iterator[ConfigurationError]:
    """Every warning about a configuration that loads; with `segment`, also where Segment reads an expression otherwise.

    That matters for expressions that come from there, and is no fault of others.
    """
    yield from config.warnings
    for destination in config.destinations:
        if destination.enabled and not any(one.enabled for one in destination.subscriptions):
            message = f'destination "{destination.name}" has no enabled subscription, so it gets no event'
            yield ConfigurationError(message, pointer=destination.pointer, place=config.place(destination.pointer))
        if segment and destination.enabled:
            for subscription in destination.subscriptions:
                yield from _read_otherwise(config, subscription)


def _read_otherwise(config: Config, subscription: SubscriptionConfig) -> Iterator[ConfigurationError]:
    if subscription.subscribe is None or not subscription.enabled:
        return
    pointer = f"{subscription.pointer}/subscribe"
    for difference in segment_differences(subscription.subscribe):
        yield ConfigurationError(str(difference), pointer=pointer, place=config.place(pointer))
