"""Sources of a configuration: their write keys, and the destinations that each may reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from destination_actions.config.model import Config, SourceConfig
from destination_actions.config.nodes import escape
from destination_actions.config.shape import Flaw
from destination_actions.errors import nearest

SHORTEST_KEY: Final = 8
"""Characters of a write key: fewer can be guessed, and could not be told from ordinary text in a log."""

_CODE: Final = "bad-write-key"
_KEY: Final = re.compile(r"[!-9;-~]+")


def sources_of(value: Mapping[str, Any]) -> tuple[SourceConfig, ...]:
    """The sources of a document of the right shape, with references replaced."""
    return tuple(_source(name, one) for name, one in value.items())


def _source(name: str, one: Mapping[str, Any]) -> SourceConfig:
    named = one.get("destinations")
    return SourceConfig(
        name=name,
        write_key=one["writeKey"],
        destinations=None if named is None else tuple(named),
        enabled=one.get("enabled", True),
        pointer=f"/sources/{escape(name)}",
    )


def source_flaws(config: Config) -> Iterator[Flaw]:
    """What the shape could not show: keys that cannot be used or are taken, destinations that do not exist."""
    known = [destination.name for destination in config.destinations]
    owners: dict[str, str] = {}
    for source in config.sources:
        yield from _unknown_destinations(source, known)
        if source.enabled:
            yield from _bad_key(source, owners)
            owners.setdefault(source.write_key, source.name)


def _unknown_destinations(source: SourceConfig, known: list[str]) -> Iterator[Flaw]:
    for at, name in enumerate(source.destinations or ()):
        if name not in known:
            hint = nearest(name, known) or f"configured are: {', '.join(known) or 'none'}"
            message = f'sources.{source.name}: there is no destination "{name}"'
            yield Flaw(f"{source.pointer}/destinations/{at}", message, hint, code="unknown-name")


def _bad_key(source: SourceConfig, owners: Mapping[str, str]) -> Iterator[Flaw]:
    pointer, named = f"{source.pointer}/writeKey", f"sources.{source.name}.writeKey"
    if len(source.write_key) < SHORTEST_KEY:
        yield Flaw(pointer, f"{named}: must have at least {SHORTEST_KEY} characters", "take 32 random ones", code=_CODE)
    elif not _KEY.fullmatch(source.write_key):
        hint = "it travels as the user of basic authentication"
        yield Flaw(pointer, f"{named}: must be printable ASCII without spaces and colons", hint, code=_CODE)
    elif owner := owners.get(source.write_key):
        hint = "give each source a key of its own"
        yield Flaw(pointer, f'{named}: is the write key of source "{owner}"', hint, code=_CODE)
