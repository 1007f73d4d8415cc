"""The JSON Schema (draft 2020-12) of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jsonschema_rs

from destination_actions.events import MISSING
from destination_actions.fields._conditional_schema import conditional_schemas
from destination_actions.fields._formats import OWN_FORMATS
from destination_actions.fields._secret import MASK
from destination_actions.fields._specs import FieldSpec, NestedClass

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "string": ("string",),
    "text": ("string",),
    "password": ("string",),
    "number": ("number",),
    "integer": ("integer",),
    "datetime": ("string", "number"),
    "boolean": ("boolean",),
    "object": ("object",),
    "any": (),
}
_OWN_FORMAT: Final = {"datetime": "date-like", "text": "text", "password": "password"}
_TEXT: Final = ("string", "text", "password")


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema with this package's formats; patterns run in linear time and nothing is ever fetched."""
    return jsonschema_rs.Draft202012Validator(
        schema,
        formats=dict(OWN_FORMATS),
        validate_formats=True,
        offline=True,
        mask=MASK,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def object_schema(specs: Iterable[FieldSpec], *, additional: bool, conditions: bool = False) -> dict[str, Any]:
    """Give the schema of an object with these fields; `conditions` adds what is required only sometimes."""
    listed = tuple(specs)
    pairs = conditional_schemas(listed) if conditions else []
    return {**_members(listed, additional, conditions), **({"allOf": pairs} if pairs else {})}


def _members(specs: tuple[FieldSpec, ...], additional: bool, conditions: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": additional,
        "properties": {spec.key: field_schema(spec, conditions=conditions) for spec in specs},
        "required": [spec.key for spec in specs if spec.always_required],
    }


def field_schema(spec: FieldSpec, *, conditions: bool = False) -> dict[str, Any]:
    """Give the schema of one field, with its label and the other words that a reader wants."""
    head: dict[str, Any] = {"title": spec.label}
    if spec.description:
        head["description"] = spec.description
    tail = {} if spec.default is MISSING else {"default": spec.default}
    flags = {"readOnly": spec.hints.read_only, "writeOnly": spec.secret, "deprecated": spec.hints.deprecated}
    return {**head, **_shape(spec, conditions), **tail, **{name: True for name, on in flags.items() if on}}


def _shape(spec: FieldSpec, conditions: bool) -> dict[str, Any]:
    value = value_schema(spec, conditions=conditions)
    if not spec.multiple:
        return value
    bounds = {"minItems": spec.min_items, "maxItems": spec.max_items}
    return {**_type(("array",), spec.allow_null), "items": value, **_present(bounds)}


def value_schema(spec: FieldSpec, *, conditions: bool = False) -> dict[str, Any]:
    """Give the schema of the value itself; in a list, of one item."""
    nullable = spec.allow_null and not spec.multiple
    schema = _type(_TYPES[spec.type], nullable)
    schema.update(_present({"format": spec.format or _OWN_FORMAT.get(spec.type), "pattern": spec.pattern}))
    low, high = ("minLength", "maxLength") if spec.type in _TEXT else ("minimum", "maximum")
    schema.update(_present({low: spec.minimum, high: spec.maximum}))
    if spec.choices:
        schema["enum"] = [choice.value for choice in spec.choices] + ([None] if nullable else [])
    if spec.properties is not None:
        schema.update(_nested(spec, spec.properties, conditions))
    return schema


def _nested(spec: FieldSpec, inner: NestedClass, conditions: bool) -> dict[str, Any]:
    """Give the members of an object within; its conditions stand at the object around it, but for those of items."""
    specs = inner.fields()
    members = _members(specs, inner.additional_properties(), conditions)
    pairs = conditional_schemas(specs, (spec.key, spec.name)) if conditions and spec.multiple else []
    return {**{name: value for name, value in members.items() if name != "type"}, **({"allOf": pairs} if pairs else {})}


def _type(types: tuple[str, ...], nullable: bool) -> dict[str, Any]:
    if not types:
        return {}
    listed = [*types, "null"] if nullable else list(types)
    return {"type": listed[0] if len(listed) == 1 else listed}


def _present(keywords: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}
