"""From a file or from Python values to a `Config`, with everything that is wrong said at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from destination_actions.config.build import build
from destination_actions.config.files import read_document
from destination_actions.config.model import Config
from destination_actions.config.nodes import Document, Findings
from destination_actions.config.shape import Flaw, flaws
from destination_actions.config.sound import sound_parts
from destination_actions.config.stores import store_url
from destination_actions.config.substitute import Sources, Unresolved, references, substituted
from destination_actions.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Survey:
    """What could be read of a file: the configuration, without the parts that have the wrong shape, and every error.

    What is found at a pointer of `doubtful`, or below, is a consequence of an error that is known. `document` is the
    file as it stands.
    """

    document: Document
    config: Config | None
    errors: tuple[ConfigurationError, ...]
    doubtful: frozenset[str]

    def is_consequence(self, error: ConfigurationError) -> bool:
        """Whether an error that was found in what is left follows from one that is known."""
        at = error.pointer
        if any(at == one or at.startswith(f"{one}/") for one in self.doubtful):
            return True
        return error.place is not None and any(error.place == one.place for one in self.errors if not one.pointer)


def load_config(path: str | Path, *, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a YAML or JSON configuration file.

    `${env:NAME}` and `${file:PATH}` (relative to the file) are replaced in settings, write keys and stores. Raises
    `ConfigurationError` whose `errors` hold every finding with its place; nothing of settings and keys is quoted.
    """
    found = survey(path, environ=environ)
    if found.config is None or found.errors:
        raise _sum(found.errors)
    return found.config


def survey(path: str | Path, *, environ: Mapping[str, str] = os.environ) -> Survey:
    """Read a file and go on after errors. Raises `ConfigurationError` where there is no document at all."""
    file = Path(path)
    findings = Findings(str(file))
    document = read_document(file, findings)
    found = list(flaws(document.value))
    findings.errors += [_placed(flaw, document) for flaw in found]
    sound = sound_parts(document.value, found)
    if sound.value is None:
        return Survey(document, None, tuple(findings.errors), frozenset())
    value = _with_settings(sound.value, document, Sources(environ, file.parent), findings)
    sound.doubtful.update(error.pointer for error in findings.errors if error.code == "unresolved-reference")
    known = Survey(document, None, tuple(findings.errors), frozenset(sound.doubtful))
    config, more = build(value)
    placed = [_placed(flaw, document) for flaw in more]
    errors = known.errors + tuple(error for error in placed if not known.is_consequence(error))
    warnings = tuple(_placed(flaw, document) for flaw in _left_alone(sound.value))
    return replace(known, config=replace(config, place=document.place, warnings=warnings), errors=errors)


def config_from_python(
    destination: str,
    settings: Mapping[str, Any] | None = None,
    subscriptions: Sequence[Mapping[str, Any]] | None = (),
    *,
    name: str | None = None,
    on_unknown: str = "reconcile",
    stores: str = "memory:",
    on_store_error: str = "closed",
) -> Config:
    """The same from values: one destination, by its slug, whose name defaults to the slug.

    `subscriptions` have the keys of the file (`name`, `subscribe`, `action`, `mapping`, ...). Settings are taken as
    they are; nothing is replaced in them.
    """
    one = {
        "destination": destination,
        "settings": {} if settings is None else _plain(settings),
        "subscriptions": [] if subscriptions is None else _plain(subscriptions),
        "onUnknown": on_unknown,
    }
    value = {"destinations": {name or destination: one}, "stores": stores, "onStoreError": on_store_error}
    found = list(flaws(value))
    config, more = build(value) if not found else (None, found)
    if config is None or more:
        raise _sum([ConfigurationError(flaw.message, pointer=flaw.pointer, hint=flaw.hint) for flaw in more])
    return config


def _plain(value: Any) -> Any:
    """Mappings as dict, and other sequences as list, one level deep: what the shape is checked on."""
    if isinstance(value, Mapping):
        return dict(value)
    listed = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    return [dict(one) if isinstance(one, Mapping) else one for one in value] if listed else value


def _placed(flaw: Flaw, document: Document) -> ConfigurationError:
    place = document.key_place(flaw.pointer) if flaw.at_key else document.place(flaw.pointer)
    return ConfigurationError(flaw.message, pointer=flaw.pointer, hint=flaw.hint, place=place, code=flaw.code)


def _sum(errors: Iterable[ConfigurationError]) -> ConfigurationError:
    """All findings as one error, in the order of the file."""
    found = sorted(errors, key=_position)
    if len(found) == 1:
        return found[0]
    lines = [f"{len(found)} errors in the configuration", *(str(error) for error in found)]
    return ConfigurationError("\n".join(lines), errors=found)


def _position(error: ConfigurationError) -> tuple[int, int]:
    place = error.place
    return (place.line or 0, place.column or 0) if place else (0, 0)


def _with_settings(
    value: Mapping[str, Any], document: Document, sources: Sources, findings: Findings
) -> dict[str, Any]:
    """The document with references replaced in the settings and keys of what is enabled, and in the stores."""

    def fail(pointer: str, problem: Unresolved) -> None:
        place = document.place(pointer)
        message = f"{_secret_name(pointer)}: {problem.message}"
        unresolved = ConfigurationError(
            message, pointer=pointer, hint=problem.hint, place=place, code="unresolved-reference"
        )
        findings.errors.append(unresolved)

    destinations = dict(value["destinations"])
    for name, one in destinations.items():
        if one.get("enabled", True):
            pointer = f"/destinations/{name}/settings"
            destinations[name] = one | {"settings": substituted(one.get("settings", {}), sources, pointer, fail)}
    keyed = dict(value.get("sources", {}))
    for name, one in keyed.items():
        if one.get("enabled", True):
            pointer = f"/sources/{name}/writeKey"
            keyed[name] = one | {"writeKey": substituted(one["writeKey"], sources, pointer, fail)}
    found = {**value, "destinations": destinations, "sources": keyed}
    if "stores" in value:
        stores: Any = substituted(value["stores"], sources, "/stores", fail)
        found["stores"] = store_url(stores, sources.folder)
    return found


def _secret_name(pointer: str) -> str:
    """How a message names what a reference stands in: `settings.accountSid`, `sources.web.writeKey`."""
    parts = pointer.split("/")[1:]
    return ".".join(parts[2:] if parts[0] == "destinations" else parts)


def _left_alone(value: Mapping[str, Any]) -> Iterator[Flaw]:
    """A warning for every reference that stands outside settings, write keys and stores, where it stays text."""
    outside = {
        "destinations": _without(value["destinations"], "settings"),
        "sources": _without(value.get("sources", {}), "writeKey"),
    }
    for pointer, text in references({**value, **outside, "stores": ""}, ""):
        message = f"{text} stays as it is: references are replaced in settings, write keys and stores only"
        yield Flaw(pointer, message, "move it into settings, or write the value", code="reference-left-alone")


def _without(parts: Mapping[str, Mapping[str, Any]], left_out: str) -> dict[str, dict[str, Any]]:
    return {name: {key: part for key, part in one.items() if key != left_out} for name, one in parts.items()}
