"""A configuration as values: which destinations, with which settings, and their subscriptions.

The same values come from a file (`load_config`) and from Python (`Runtime(destination, settings=...)`).
They are not yet checked against a destination; the runtime's plan does that and uses `pointer` to say where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from destination_actions.errors import ConfigurationError, Place
from destination_actions.protocols import ClaimTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionConfig:
    """A trigger, an action and a mapping; or a preset that gives what is left out.

    `id` is what outcomes and the delivery key use; left out, it is the slug of `name`. `pointer` leads to this object
    in its file.
    """

    name: str
    subscribe: str | None = None
    action: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    id: str | None = None
    enabled: bool = True
    sync_mode: str | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationConfig:
    """A destination with settings, under a name of its own. `settings` holds secrets in clear; it is never printed."""

    name: str
    destination: str
    settings: Mapping[str, Any] = field(repr=False)
    subscriptions: tuple[SubscriptionConfig, ...] = ()
    on_unknown: str = "reconcile"
    retry: Mapping[str, Any] = field(default_factory=dict)
    breaker: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int | None = None
    timeout: float | None = None
    enabled: bool = True
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """Where events come from: who knows the write key may send them. `destinations` left out means all of them."""

    name: str
    write_key: str = field(repr=False)
    destinations: tuple[str, ...] | None = None
    enabled: bool = True
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerConfig:
    """What the ledger keeps: for how many days, how many entries and megabytes at most, the events of delivered
    deliveries besides those of failed ones, and the requests and answers of attempts, with their bodies. `exchanges`
    is true by default where the store lasts."""

    keep_days: float = 30.0
    keep_entries: int = 1_000_000
    keep_megabytes: float | None = None
    delivered_events: bool = False
    exchanges: bool | None = None
    bodies: bool = True


def _nowhere(pointer: str) -> Place | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that a runtime is built from.

    `stores` is a URL that may hold credentials. `place` finds the file position of a JSON pointer; `warnings` are
    findings that stop nothing.
    """

    destinations: tuple[DestinationConfig, ...]
    sources: tuple[SourceConfig, ...] = ()
    stores: str = field(default="memory:", repr=False)
    on_store_error: str = "closed"
    times: ClaimTimes = field(default_factory=ClaimTimes)
    ledger: LedgerConfig = LedgerConfig()
    place: Callable[[str], Place | None] = field(default=_nowhere, repr=False)
    warnings: tuple[ConfigurationError, ...] = ()
