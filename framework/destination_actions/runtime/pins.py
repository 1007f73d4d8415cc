"""Pins: what a delivery was tried with, as digests. The records can tell what has changed since, and never what it was.

A pin covers the plugin's version, the action, the trigger, each field of the mapping and each setting that is not
secret. The digests are keyed with the install secret, so that nobody can guess a value and compare.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from destination_actions.runtime.plan import Subscription


@dataclass(frozen=True, slots=True)
class Pin:
    """A digest of everything, and the digests of its parts."""

    digest: str
    document: Mapping[str, Any]


def pin_of(subscription: Subscription, plugin: str, secret: bytes) -> Pin:
    """Pin a subscription; `plugin` names distribution and version."""
    document = {
        "destination": subscription.lane.destination.slug,
        "plugin": plugin,
        "action": subscription.action.slug,
        "trigger": _digest(secret, str(subscription.expression)),
        "mapping": _each(secret, subscription.mapping.source),
        "syncMode": subscription.sync_mode,
        "settings": _each(secret, _open_settings(subscription)),
    }
    return Pin(_digest(secret, document), document)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what differs, a line each, such as `mapping.from changed`; nothing when nothing does."""
    return list(_differences(before, now))


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in ("plugin", "destination", "action", "syncMode"):
        if before.get(name) != now.get(name):
            yield f"{name} was {before.get(name) or 'not set'}, is {now.get(name) or 'not set'}"
    if before.get("trigger") != now.get("trigger"):
        yield "the trigger (subscribe) changed"
    for name in ("mapping", "settings"):
        yield from _changes(name, before.get(name, {}), now.get(name, {}))


def _changes(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*before, *now}):
        if key not in now:
            yield f"{name}.{key} was there and is not any more"
        elif key not in before:
            yield f"{name}.{key} is new"
        elif before[key] != now[key]:
            yield f"{name}.{key} changed"


def _open_settings(subscription: Subscription) -> Mapping[str, Any]:
    settings = subscription.lane.settings
    secret = {spec.key for spec in settings.fields() if spec.secret}
    return {key: value for key, value in settings.to_json().items() if key not in secret}


def _each(secret: bytes, value: Any) -> dict[str, str]:
    parts = value if isinstance(value, Mapping) else {"": value}
    return {key: _digest(secret, part) for key, part in parts.items()}


def _digest(secret: bytes, value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    return hmac.digest(secret, b"pin\0" + text, "sha256").hex()[:32]
