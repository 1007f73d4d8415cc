"""A destination as data, for forms, documentation and checks; `schemas/destination.schema.json` says how."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from destination_actions.definitions import Action, Destination, Guide, Preset
from destination_actions.events import MISSING
from destination_actions.fields import Conditions, FieldSet, FieldSpec


def describe(destination: Destination[Any]) -> dict[str, Any]:
    """Everything that is declared, as JSON; functions appear as whether they are there."""
    authentication = destination.authentication
    return {
        "slug": destination.slug,
        "aliases": list(destination.aliases),
        "name": destination.name,
        "description": destination.description,
        "authentication": {
            "scheme": authentication.scheme if authentication else None,
            "test": authentication is not None and authentication.test is not None,
        },
        "sandbox": destination.sandbox is not None,
        "settings": describe_fields(destination.settings),
        "actions": [_action(action) for action in destination.actions],
        "presets": [_preset(preset) for preset in destination.presets],
        **({"guide": _guide(destination.guide)} if destination.guide else {}),
    }


def describe_fields(fields: type[FieldSet]) -> dict[str, Any]:
    """The fields of settings or of a payload: each with its hints, and the JSON Schema that values are checked with."""
    return {"fields": [_field(spec) for spec in fields.fields()], "schema": fields.json_schema()}


def _action(action: Action[Any, Any]) -> dict[str, Any]:
    return {
        "slug": action.slug,
        "title": action.title,
        "description": action.description,
        "hidden": action.hidden,
        "defaultSubscription": action.default_subscription,
        "defaultMapping": action.payload.default_mapping(),
        "cooldown": action.cooldown is not None,
        "batch": action.perform_batch is not None,
        "reconcile": action.reconcile is not None,
        "payload": describe_fields(action.payload),
    }


def _guide(guide: Guide) -> dict[str, Any]:
    return {
        "useCases": list(guide.use_cases),
        "steps": list(guide.steps),
        "settings": dict(guide.settings),
        "example": dict(guide.example),
        "exampleText": guide.example_text,
        "notes": [{"title": note.title, "text": note.text} for note in guide.notes],
    }


def _preset(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "description": preset.description,
        "action": preset.action,
        "subscribe": preset.subscribe,
        "mapping": dict(preset.mapping),
    }


def _field(spec: FieldSpec) -> dict[str, Any]:
    """One field; what is not declared is left out."""
    facts = {
        "key": spec.key,
        "label": spec.label,
        "description": spec.description,
        "type": spec.type,
        "required": _required(spec.required),
        "multiple": spec.multiple,
        "secret": spec.secret,
        "default": spec.default,
        "defaultMapping": spec.mapping,
        "choices": [{"value": choice.value, "label": choice.label} for choice in spec.choices],
        "format": spec.format,
        "pattern": spec.pattern,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "minItems": spec.min_items,
        "maxItems": spec.max_items,
        "allowNull": spec.allow_null,
        "allowEmpty": spec.allow_empty,
        "dependsOn": spec.depends_on.to_json() if spec.depends_on else None,
        "properties": [_field(inner) for inner in spec.properties.fields()] if spec.properties else None,
    }
    return {key: value for key, value in (facts | _hints(spec)).items() if _declared(key, value)}


def _required(required: bool | Conditions) -> Any:
    return required if isinstance(required, bool) else required.to_json()


def _hints(spec: FieldSpec) -> dict[str, Any]:
    hints = asdict(spec.hints)
    return {_camel(name): list(value) if isinstance(value, tuple) else value for name, value in hints.items()}


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.title() for word in more)


def _declared(key: str, value: Any) -> bool:
    """Whether a fact says anything: a default value may be false, the rest may not."""
    if key in {"default", "defaultMapping"}:
        return value is not MISSING
    return key in {"key", "label", "type", "required"} or not (value is None or value is False or value in ("", []))
