"""From a document of the right shape to a `Config`: names, identities and defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from destination_actions.config.model import Config, DestinationConfig, LedgerConfig, SubscriptionConfig
from destination_actions.config.shape import Flaw, readable
from destination_actions.config.sources import source_flaws, sources_of
from destination_actions.config.stores import store_url
from destination_actions.protocols import ClaimTimes


def build(value: Mapping[str, Any]) -> tuple[Config, list[Flaw]]:
    """The configuration, and what its shape could not show: identities that are missing or taken."""
    destinations = tuple(_destination(name, one) for name, one in value["destinations"].items())
    config = Config(
        destinations=destinations,
        sources=sources_of(value.get("sources", {})),
        stores=store_url(value.get("stores", "memory:")),
        on_store_error=value.get("onStoreError", "closed"),
        times=_times(value.get("claims", {})),
        ledger=_ledger(value.get("ledger", {})),
    )
    found = [flaw for destination in destinations for flaw in _identities(destination.subscriptions)]
    return config, [*found, *_deadlines(config), *source_flaws(config)]


def slug(name: str) -> str:
    """A subscription's name as an id: `Post-purchase follow-up` is `post-purchase-follow-up`."""
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")


def _times(one: Mapping[str, Any]) -> ClaimTimes:
    return ClaimTimes(**{name: float(seconds) for name, seconds in one.items()})


def _ledger(one: Mapping[str, Any]) -> LedgerConfig:
    usual = LedgerConfig()
    return LedgerConfig(
        keep_days=float(one.get("keepDays", usual.keep_days)),
        keep_entries=one.get("keepEntries", usual.keep_entries),
        keep_megabytes=one.get("keepMegabytes"),
        delivered_events=one.get("deliveredEvents", usual.delivered_events),
        exchanges=one.get("exchanges"),
        bodies=one.get("bodies", usual.bodies),
    )


def _destination(name: str, one: Mapping[str, Any]) -> DestinationConfig:
    pointer = f"/destinations/{name}"
    subscriptions = enumerate(one.get("subscriptions", ()))
    return DestinationConfig(
        name=name,
        destination=one["destination"],
        settings=one.get("settings", {}),
        subscriptions=tuple(_subscription(f"{pointer}/subscriptions/{i}", each) for i, each in subscriptions),
        on_unknown=one.get("onUnknown", "reconcile"),
        retry=one.get("retry", {}),
        breaker=one.get("breaker", {}),
        concurrency=one.get("concurrency"),
        timeout=one.get("timeout"),
        enabled=one.get("enabled", True),
        pointer=pointer,
    )


def _subscription(pointer: str, one: Mapping[str, Any]) -> SubscriptionConfig:
    name = one.get("name") or one["preset"]
    return SubscriptionConfig(
        name=name,
        subscribe=one.get("subscribe"),
        action=one.get("action", one.get("partnerAction")),
        mapping=one.get("mapping", {}),
        preset=one.get("preset"),
        id=one.get("id") or slug(name),
        enabled=one.get("enabled", True),
        sync_mode=one.get("syncMode"),
        pointer=pointer,
    )


def _deadlines(config: Config) -> Iterator[Flaw]:
    longest = config.times.send
    for one in config.destinations:
        if one.timeout is not None and one.timeout > longest:
            at = f"{one.pointer}/timeout"
            message = f"{readable(at)}: {one.timeout:g} s is longer than any request may take ({longest:g} s)"
            yield Flaw(at, message, f"raise claims.send to {one.timeout:g}, in every configuration of this store")


def _identities(subscriptions: Sequence[SubscriptionConfig]) -> Iterator[Flaw]:
    taken: dict[str | None, SubscriptionConfig] = {}
    for one in subscriptions:
        if not one.id:
            message = f'{readable(one.pointer)}: no id can be made from the name "{one.name}"'
            yield Flaw(one.pointer, message, "give an id", code="missing-id")
        elif one.id in taken:
            message = f'{readable(one.pointer)}: id "{one.id}" is taken by "{taken[one.id].name}"'
            hint = "give each subscription a name or an id of its own"
            yield Flaw(one.pointer, message, hint, code="duplicate-id")
        taken.setdefault(one.id, one)
