"""Configurations without their environment: its values are made up, the same on both sides and on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from destination_actions.config import Config, DestinationConfig, load_config
from destination_actions.plugins import load_destination
from destination_actions.testing.examples import example_settings

_MADE_UP: Final = "made-up-value-of-"


class _MadeUp(Mapping[str, str]):
    """An environment that has a made-up value for every name."""

    def __getitem__(self, name: str) -> str:
        return f"{_MADE_UP}{name}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def load_for_backtest(path: Path) -> Config:
    """Read a configuration. What it takes from the environment is made up, in a form that the settings allow.

    Raises `ConfigurationError` as `load_config` does.
    """
    config = load_config(path, environ=_MadeUp())
    return replace(config, destinations=tuple(map(_completed, config.destinations)), stores="memory:")


def _completed(part: DestinationConfig) -> DestinationConfig:
    made_up = [key for key, value in part.settings.items() if _MADE_UP in str(value)]
    if not part.enabled or not made_up:
        return part
    destination = load_destination(part.destination)
    wrong = {error.pointer.split("/")[1] for error in destination.settings.check(dict(part.settings)).errors}
    example = example_settings(destination)
    known: dict[str, Any] = {key: example[key] for key in made_up if key in wrong and key in example}
    return replace(part, settings={**part.settings, **known})
