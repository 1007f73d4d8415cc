"""What is not wrong but may surprise."""

from __future__ import annotations

from collections.abc import Iterator

from destination_actions.config import Config
from destination_actions.errors import ConfigurationError


def warnings_of(config: Config) -> Iterator[ConfigurationError]:
    """Every warning about a configuration that loads."""
    yield from config.warnings
    for destination in config.destinations:
        if destination.enabled and not any(one.enabled for one in destination.subscriptions):
            message = f'destination "{destination.name}" has no enabled subscription, so it gets no event'
            yield ConfigurationError(message, pointer=destination.pointer, place=config.place(destination.pointer))
