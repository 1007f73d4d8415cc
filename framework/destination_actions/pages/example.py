"""The example on a destination's page: its own, or one that is made of what it declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from destination_actions.definitions import Action, Destination
from destination_actions.events import MISSING
from destination_actions.testing import example_document


def example_configuration(destination: Destination[Any]) -> Mapping[str, Any]:
    """Give a whole configuration that the runtime takes, once the variables that it names are set."""
    if destination.guide is not None and destination.guide.example:
        return destination.guide.example
    action = next((one for one in destination.actions if not one.hidden), None)
    subscriptions = [_subscription(action)] if action else []
    one = {"destination": destination.slug, "settings": _settings(destination), "subscriptions": subscriptions}
    return {"destinations": {destination.slug: one}}


def example_text(destination: Destination[Any]) -> str:
    """Give it as YAML."""
    return yaml.safe_dump(dict(example_configuration(destination)), sort_keys=False, allow_unicode=True, width=110)


def _settings(destination: Destination[Any]) -> dict[str, Any]:
    """What is required: secrets from the environment, the rest as an example has it."""
    values = example_document(destination.settings, optional=False)
    secret = {spec.key for spec in destination.settings.fields() if spec.secret}
    prefix = re.sub(r"\W+", "_", destination.slug).upper()
    return {key: f"${{env:{prefix}_{_upper(key)}}}" if key in secret else one for key, one in values.items()}


def _upper(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", key).upper()


def _subscription(action: Action[Any, Any]) -> dict[str, Any]:
    trigger = action.default_subscription or 'type = "track" and event = "Order Completed"'
    mapping = _mapping(action)
    return {
        "name": action.title,
        "subscribe": trigger,
        "action": action.slug,
        **({"mapping": mapping} if mapping else {}),
    }


def _mapping(action: Action[Any, Any]) -> dict[str, Any]:
    """A value for each field that needs one and has no default."""
    values = example_document(action.payload, optional=False)
    hints = {spec.key: spec.hints.placeholder for spec in action.payload.fields() if spec.hints.placeholder}
    better = {key: text for key, text in hints.items() if key in values and _takes(action, values | {key: text})}
    values |= better
    filled = action.payload.default_mapping()
    open_ = {spec.key for spec in action.payload.fields() if spec.default is MISSING and spec.key not in filled}
    return {key: one for key, one in values.items() if key in open_}


def _takes(action: Action[Any, Any], document: Mapping[str, Any]) -> bool:
    return action.payload.check(document).value is not None
