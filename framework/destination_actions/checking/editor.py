"""The schema of configurations with the settings, actions and fields of installed destinations, for editors.

`schemas/config.schema.json` leaves settings and mappings open, for it knows no destination. This one is for one
installation: an editor completes and checks with it what the runtime would check. Where it cannot be as exact, as with
conditions on other fields, it permits more; of conversions it offers those that are meant, such as a number in quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from destination_actions.definitions import Action, Destination, Preset
from destination_actions.events import MISSING
from destination_actions.fields import FieldSet, FieldSpec
from destination_actions.fields._schema import value_schema
from destination_actions.mapping import BUILTIN_DIRECTIVES, Directive, mapping_schema
from destination_actions.schemas import load_schema

Schema = dict[str, Any]

_REFERENCE: Final[Schema] = {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}
_DIRECTIVE: Final[Schema] = {"type": "object", "not": {"propertyNames": {"not": {"pattern": "^@"}}}}
_NODE: Final[Schema] = {"$ref": "#/$defs/node"}
_RESERVED: Final = "^(__segment_internal_.*|onMappingSave|retlOnMappingSave|enable_batching|batch_(size|bytes|keys))$"
_ROOT: Final = "__segment_internal_directive"
_NUMERIC: Final[Schema] = {"type": "string", "pattern": r"^\s*[+-]?[0-9.][0-9a-fA-FxXoO._eE+-]*\s*$"}
_PATTERNS: Final = {"e164": r"^\+[1-9][0-9]{1,14}$"}
_TEXTS: Final = ("string", "text", "password")


def editor_schema(
    destinations: Iterable[Destination[Any]], directives: Mapping[str, Directive] = BUILTIN_DIRECTIVES
) -> Schema:
    """Give the schema of configurations that use these destinations and directives."""
    listed = sorted(destinations, key=lambda one: one.slug)
    schema = load_schema("config")
    schema["$id"] = f"{schema['$id']}:installed"
    schema["$defs"] |= mapping_schema(directives)["$defs"]
    schema["$defs"]["directives"] = _offered(schema["$defs"]["directive"])
    for destination in listed:
        schema["$defs"] |= _definitions(destination)
    one = schema["$defs"]["destination"]
    one["allOf"] = [_known(listed), *map(_chosen, listed)]
    one["properties"]["destination"]["examples"] = [destination.slug for destination in listed]
    return schema


def _offered(directive: Schema) -> Schema:
    """The names of all directives, for an object that has none yet; it permits everything."""
    named = {name: one for name, one in directive["properties"].items() if name.startswith("@")}
    told = {name: {"description": one["description"]} for name, one in named.items() if "description" in one}
    return {"properties": {name: told.get(name, {}) for name in named}}


def _known(destinations: Sequence[Destination[Any]]) -> Schema:
    """An enabled destination has the slug or an alias of one that is installed."""
    names = [name for one in destinations for name in (one.slug, *one.aliases)]
    return {"if": _enabled({}), "then": {"properties": {"destination": {"enum": names}}}}


def _enabled(properties: Schema) -> Schema:
    return {"properties": {"enabled": {"not": {"const": False}}, **properties}, "required": ["destination"]}


def _chosen(destination: Destination[Any]) -> Schema:
    slug = destination.slug
    needed = any(spec.always_required for spec in destination.settings.fields())
    then = {
        "properties": {
            "settings": {"$ref": f"#/$defs/{slug}.settings"},
            "subscriptions": {"items": {"$ref": f"#/$defs/{slug}.subscription"}},
        },
        **({"required": ["settings"]} if needed else {}),
    }
    return {"if": _enabled({"destination": {"enum": [slug, *destination.aliases]}}), "then": then}


def _definitions(destination: Destination[Any]) -> Schema:
    slug = destination.slug
    mappings = {f"{slug}.{action.slug}": _mapping(action) for action in destination.actions}
    return {
        f"{slug}.settings": _object(destination.settings, _setting) | {"additionalProperties": False},
        f"{slug}.subscription": _subscription(destination),
        **mappings,
    }


# --- subscriptions ---------------------------------------------------------------------------------------------------


def _subscription(destination: Destination[Any]) -> Schema:
    slugs = [action.slug for action in destination.actions]
    properties: Schema = {"action": {"enum": slugs}, "partnerAction": {"enum": slugs}}
    names = [preset.name for preset in destination.presets]
    cases = [_of_action(destination.slug, action, word) for action in destination.actions for word in properties]
    cases += [_of_preset(destination, preset) for preset in destination.presets]
    enabled = {"properties": {"enabled": {"not": {"const": False}}}}
    return {"if": enabled, "then": {"properties": properties | {"preset": {"enum": names}}, "allOf": cases}}


def _of_action(slug: str, action: Action[Any, Any], word: str) -> Schema:
    """A subscription that names an action, and no preset that gives part of the mapping."""
    named = {"properties": {word: {"const": action.slug}}, "required": [word]}
    needed = _needed(action, ())
    alone = {"if": {"not": {"required": ["preset"]}}, "then": needed} if needed else {}
    return {"if": named, "then": {"properties": {"mapping": {"$ref": f"#/$defs/{slug}.{action.slug}"}}, **alone}}


def _of_preset(destination: Destination[Any], preset: Preset) -> Schema:
    action = destination.action(preset.action)
    named: Schema = {"properties": {"preset": {"const": preset.name}}, "required": ["preset"]}
    mapping = {"properties": {"mapping": {"$ref": f"#/$defs/{destination.slug}.{action.slug}"}}}
    alone = {"not": {"anyOf": [{"required": ["action"]}, {"required": ["partnerAction"]}]}}
    return {"if": named | alone, "then": {"allOf": [mapping, _needed(action, preset.mapping)]}}


def _needed(action: Action[Any, Any], given: Iterable[str]) -> Schema:
    """What a mapping has to have, unless it is made by another mapping."""
    there = {*given, *action.payload.default_mapping()}
    keys = [spec.key for spec in action.payload.fields() if spec.always_required and spec.default is MISSING]
    keys = [key for key in keys if key not in there]
    if not keys:
        return {}
    return {
        "required": ["mapping"],
        "properties": {"mapping": {"if": {"not": {"required": [_ROOT]}}, "then": {"required": keys}}},
    }


def _mapping(action: Action[Any, Any]) -> Schema:
    return {
        "title": action.title,
        "description": action.description,
        "type": "object",
        "if": {"required": [_ROOT]},
        "then": {"$ref": "#/$defs/transformed"},
        "else": {
            "properties": {spec.key: _mapped(spec) for spec in action.payload.fields()},
            "patternProperties": {_RESERVED: True},
            "additionalProperties": False,
        },
    }


# --- values ----------------------------------------------------------------------------------------------------------


def _setting(spec: FieldSpec) -> Schema:
    """A setting as it stands, or a text with a reference."""
    return {**_head(spec), "if": _REFERENCE, "else": _literal(spec, _setting)}


def _mapped(spec: FieldSpec) -> Schema:
    """A constant, or a directive."""
    offered = {"allOf": [{"$ref": "#/$defs/directives"}]}
    either = {"if": _DIRECTIVE, "then": {"$ref": "#/$defs/directive"}, "else": _literal(spec, _mapped)}
    return {**_head(spec), **offered, **either}


def _head(spec: FieldSpec) -> Schema:
    facts = {"title": spec.label, "description": spec.description, "deprecated": spec.hints.deprecated}
    default = {} if spec.default is MISSING or spec.default is None else {"default": spec.default}
    return {name: value for name, value in facts.items() if value} | default


def _literal(spec: FieldSpec, inner: Any) -> Schema:
    one = _value(spec, inner)
    if spec.multiple:
        items = one if inner is _setting else {"if": _DIRECTIVE, "then": {"$ref": "#/$defs/directive"}, "else": one}
        bounds = {"minItems": spec.min_items, "maxItems": spec.max_items}
        listed = {"type": "array", "items": items, **{key: n for key, n in bounds.items() if n is not None}}
        one = {"if": {"type": "array"}, "then": listed, "else": one}
    return one if spec.always_required and not spec.allow_null else {"anyOf": [one, {"type": "null"}]}


def _value(spec: FieldSpec, inner: Any) -> Schema:
    """One value, before it is converted."""
    if spec.type == "any":
        return dict(_NODE) if inner is _mapped else {}
    if spec.type == "object":
        return _nested(spec, inner)
    plain = value_schema(spec)
    if spec.format is None:
        plain.pop("format", None)
    if spec.type == "boolean":
        return {"enum": [True, False, "true", "false", 0, 1]}
    if spec.type in ("number", "integer"):
        return {"if": {"type": "string"}, "then": _NUMERIC, "else": plain}
    if spec.format in _PATTERNS and spec.pattern is None:
        plain["pattern"] = _PATTERNS[spec.format]
    strict = spec.format or spec.pattern or spec.choices or spec.type == "datetime"
    return plain if strict or spec.type not in _TEXTS else {**plain, "type": ["string", "number", "boolean"]}


def _nested(spec: FieldSpec, inner: Any) -> Schema:
    others = dict(_NODE) if inner is _mapped else True
    if spec.properties is None:
        return {"type": "object", "additionalProperties": others}
    return _object(spec.properties, inner) | {"additionalProperties": others}


def _object(fields: type[FieldSet], inner: Any) -> Schema:
    return {
        "type": "object",
        "properties": {spec.key: inner(spec) for spec in fields.fields()},
        "required": [spec.key for spec in fields.fields() if spec.always_required and spec.default is MISSING],
    }
