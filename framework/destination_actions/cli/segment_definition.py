"""A Segment definition (`metadata.json`) read: FieldSets, actions and presets, with a verdict on every part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from destination_actions.definitions import ACTION_SLUG
from destination_actions.errors import ConfigurationError, DefinitionError, MappingError, SubscriptionError
from destination_actions.fields import FieldSet, FieldVerdict, fieldset_from_json, import_report, is_reserved
from destination_actions.mapping import compile_mapping
from destination_actions.scaffold.names import pascal
from destination_actions.subscriptions import compile_subscription


@dataclass(frozen=True, slots=True)
class ImportedAction:
    """An action; its code is not in the metadata."""

    slug: str
    title: str
    description: str
    payload: type[FieldSet]
    default_subscription: str | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class ImportedPreset:
    """A preset; `mapping` holds what differs from the action's defaults."""

    name: str
    action: str
    subscribe: str
    mapping: Mapping[str, Any]


@dataclass(slots=True)
class Imported:
    """A definition, and what became of each part of it: where, and the verdict with its reasons."""

    slug: str
    alias: str | None
    name: str
    description: str
    scheme: str
    settings: type[FieldSet]
    actions: list[ImportedAction] = field(default_factory=list)
    presets: list[ImportedPreset] = field(default_factory=list)
    verdicts: list[FieldVerdict] = field(default_factory=list)


def imported(metadata: Any) -> Imported:
    """Read a definition. Raises `ConfigurationError` when it is none; parts that cannot be read are left out."""
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("actions"), Mapping):
        raise ConfigurationError('not a definition of Segment: an object with "actions" is needed')
    verdicts: list[FieldVerdict] = []
    slug = _slug(metadata)
    authentication = _object(metadata.get("authentication"))
    result = Imported(
        slug=slug.removeprefix("actions-"),
        alias=slug if slug.startswith("actions-") else None,
        name=str(metadata.get("name") or slug),
        description=str(metadata.get("description") or ""),
        scheme=str(authentication.get("scheme") or "custom"),
        settings=_fieldset(_object(authentication.get("fields")), "settings", "Settings", verdicts),
        verdicts=verdicts,
    )
    result.actions += _actions(metadata["actions"], verdicts)
    result.presets += _presets(metadata.get("presets"), result, verdicts)
    return result


def _object(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one in the place of anything else."""
    return value if isinstance(value, Mapping) else {}


def _slug(metadata: Mapping[str, Any]) -> str:
    text = str(metadata.get("slug") or metadata.get("name") or "imported")
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "imported"


def _fieldset(fields: Mapping[str, Any], where: str, name: str, verdicts: list[FieldVerdict]) -> type[FieldSet]:
    given = {key: definition for key, definition in fields.items() if not is_reserved(key)}
    own = {key: _with_readable_default(key, definition) for key, definition in given.items()}
    found = [_judged(one, given, own) for one in import_report(own)]
    verdicts += [FieldVerdict(f"{where}.{one.path}", one.verdict, one.reasons) for one in found]
    bad = {one.path for one in found if one.verdict == "unsupported"}
    return fieldset_from_json(_without(own, bad), name=name)


def _with_readable_default(key: str, definition: Any) -> Any:
    """A field definition, without a default mapping that cannot be compiled."""
    if not isinstance(definition, Mapping) or not _unreadable(None, {key: definition.get("default")}):
        return definition
    return {word: value for word, value in definition.items() if word != "default"}


def _judged(one: FieldVerdict, given: Mapping[str, Any], own: Mapping[str, Any]) -> FieldVerdict:
    """The verdict on a field, which is not exact where its default mapping was left out."""
    if one.verdict == "unsupported" or one.path not in given or given[one.path] is own[one.path]:
        return one
    reason = _unreadable(None, {one.path: given[one.path]["default"]})
    return FieldVerdict(one.path, "approximate", (*one.reasons, f"its default mapping is left out: {reason}"))


def _without(fields: Mapping[str, Any], bad: set[str], path: str = "") -> dict[str, Any]:
    """Field definitions without those of which no field can be made, at any depth."""
    kept: dict[str, Any] = {}
    for key, definition in fields.items():
        here = f"{path}{key}"
        if here in bad:
            continue
        inner = definition.get("properties") if isinstance(definition, Mapping) else None
        changed = {"properties": _without(inner, bad, f"{here}.")} if isinstance(inner, Mapping) else {}
        kept[key] = {**definition, **changed}
    return kept


def _actions(actions: Mapping[str, Any], verdicts: list[FieldVerdict]) -> Iterator[ImportedAction]:
    for slug, action in actions.items():
        fault = _action_fault(slug, action)
        if fault is not None:
            verdicts.append(FieldVerdict(slug, "unsupported", (fault,)))
            continue
        payload = _fieldset(_object(action.get("fields")), slug, pascal(slug), verdicts)
        default = action.get("defaultSubscription") or None
        if default is not None and (reason := _unreadable(default, {})):
            verdicts.append(FieldVerdict(f"{slug} default subscription", "unsupported", (reason,)))
            default = None
        title, description = str(action.get("title") or slug), str(action.get("description") or "")
        verdicts += _left_out(slug, action)
        yield ImportedAction(slug, title, description, payload, default, action.get("hidden") is True)


def _action_fault(slug: str, action: Any) -> str | None:
    if not isinstance(action, Mapping):
        return "it is no object"
    if action.get("platform") == "web":
        return "the action runs in a browser"
    return None if re.fullmatch(ACTION_SLUG, slug) else f"its name does not have the form {ACTION_SLUG}"


def _left_out(slug: str, action: Mapping[str, Any]) -> Iterator[FieldVerdict]:
    """What an action has besides fields that is code, or is chosen in the configuration here."""
    if action.get("hooks"):
        yield FieldVerdict(f"{slug} hooks", "unsupported", ("hooks that run when a mapping is saved are left out",))
    if action.get("syncMode"):
        yield FieldVerdict(f"{slug} sync mode", "approximate", ("name it in the configuration: syncMode",))


def _presets(presets: Any, into: Imported, verdicts: list[FieldVerdict]) -> Iterator[ImportedPreset]:
    actions = {action.slug: action for action in into.actions}
    taken: set[str] = set()
    for preset in map(_object, presets if isinstance(presets, list | tuple) else ()):
        name, slug = str(preset.get("name")), str(preset.get("partnerAction"))
        mapping = _own_mapping(_object(preset.get("mapping")), actions[slug].payload) if slug in actions else {}
        reason = _preset_fault(preset, slug, actions, mapping)
        where = f'preset "{name}"'
        if reason is not None:
            verdicts.append(FieldVerdict(where, "unsupported", (reason,)))
            continue
        unique = next(one for one in _names(name, slug) if one not in taken)
        taken.add(unique)
        verdicts.append(FieldVerdict(where, "exact"))
        yield ImportedPreset(unique, slug, preset["subscribe"], mapping)


def _names(name: str, slug: str) -> Iterator[str]:
    """Names for a preset: its own, and others in case that is taken."""
    yield name
    yield f"{name} ({slug})"
    yield from (f"{name} ({slug} {number})" for number in count(2))


def _preset_fault(
    preset: Mapping[str, Any], slug: str, actions: Mapping[str, Any], mapping: Mapping[str, Any]
) -> str | None:
    if slug not in actions:
        return f'its action "{slug}" is not imported'
    if not preset.get("subscribe"):
        return "it has no expression: the platform starts it by itself"
    return _unreadable(preset["subscribe"], mapping)


def _unreadable(expression: Any, mapping: Mapping[str, Any]) -> str | None:
    """What is wrong with an expression, where there is one, and with a mapping."""
    if not isinstance(expression, str | None):
        return f"its expression is no text but {expression!r}"
    try:
        if expression is not None:
            compile_subscription(expression)
        compile_mapping(dict(mapping))
    except (SubscriptionError, MappingError, DefinitionError) as error:
        return error.message
    return None


def _own_mapping(mapping: Mapping[str, Any], payload: type[FieldSet]) -> dict[str, Any]:
    """The members of a preset's mapping that are fields and say something else than their defaults."""
    defaults = {spec.key: (spec.default, spec.mapping) for spec in payload.fields()}
    return {key: value for key, value in mapping.items() if key in defaults and value not in defaults[key]}
