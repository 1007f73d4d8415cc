"""Secrets that stand in a configuration in clear text. None of them is ever quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from destination_actions.checking.parts import is_reference
from destination_actions.checking.report import Finding
from destination_actions.config import Config
from destination_actions.config.nodes import Document, escape
from destination_actions.definitions import Destination
from destination_actions.errors import PluginError
from destination_actions.fields import FieldSet, FieldSpec
from destination_actions.plugins import Registry

_HINT: Final = "write ${env:NAME} or ${file:PATH}, and renew the secret"
_SHORTEST: Final = 8
"""Characters from which a secret is recognised where else it stands."""


def secrets_in_clear(config: Config, document: Document, registry: Registry) -> Iterator[Finding]:
    """Find secret settings and write keys that are written out, and where else their values stand."""
    value = document.value if isinstance(document.value, dict) else {}
    for lane in config.destinations:
        try:
            destination = registry.destination(lane.destination) if lane.enabled else None
        except PluginError:
            continue
        if destination is not None:
            raw = value["destinations"][lane.name].get("settings", {})
            yield from _settings(destination, raw, f"{lane.pointer}/settings", document)
            yield from _elsewhere(lane.settings, destination, lane.pointer, value["destinations"][lane.name], document)
    sources = value.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        pointer = f"/sources/{escape(name)}/writeKey"
        if isinstance(source, dict) and _is_clear(source.get("writeKey")):
            yield _finding(pointer, f'the write key of source "{name}"', document)


def _is_clear(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not is_reference(value)


def _settings(destination: Destination[Any], raw: Any, pointer: str, document: Document) -> Iterator[Finding]:
    for at, spec, value in _secrets(destination.settings, raw, pointer):
        if _is_clear(value):
            yield _finding(at, f"{spec.label} ({spec.key})", document)


def _secrets(fields: type[FieldSet], values: Any, pointer: str) -> Iterator[tuple[str, FieldSpec, Any]]:
    """Every value of a secret field, with its place."""
    for spec in fields.fields() if isinstance(values, Mapping) else ():
        at = f"{pointer}/{escape(spec.key)}"
        value = values.get(spec.key)
        items = [(f"{at}/{i}", one) for i, one in enumerate(value)] if isinstance(value, list) else [(at, value)]
        for place, one in items:
            if spec.secret:
                yield place, spec, one
            elif spec.properties is not None:
                yield from _secrets(spec.properties, one, place)


def _elsewhere(
    settings: Mapping[str, Any], destination: Destination[Any], pointer: str, raw: Any, document: Document
) -> Iterator[Finding]:
    """The value of a secret setting in a mapping or an expression."""
    known = {value for _, _, value in _secrets(destination.settings, settings, "") if _is_clear(value)}
    long = [value for value in known if len(value) >= _SHORTEST]
    for at, text in _texts(raw.get("subscriptions", []), f"{pointer}/subscriptions"):
        if any(value in text for value in long):
            yield _finding(at, "the value of a secret setting", document)


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{pointer}/{escape(str(key))}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{number}")


def _finding(pointer: str, what: str, document: Document) -> Finding:
    return Finding("secret-in-clear", f"{what} stands here in clear text", pointer, _HINT, document.place(pointer))
