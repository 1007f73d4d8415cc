"""The JSON Schema (draft 2020-12) of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jsonschema_rs

from destination_actions.events import MISSING
from destination_actions.fields._formats import OWN_FORMATS
from destination_actions.fields._secret import MASK
from destination_actions.fields._specs import FieldSpec

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


def object_schema(specs: Iterable[FieldSpec], *, additional: bool) -> dict[str, Any]:
    """Give the schema of an object with these fields."""
    listed = tuple(specs)
    return {
        "type": "object",
        "additionalProperties": additional,
        "properties": {spec.key: field_schema(spec) for spec in listed},
        "required": [spec.key for spec in listed if spec.always_required],
    }


def field_schema(spec: FieldSpec) -> dict[str, Any]:
    """Give the schema of one field, with its label and the other words that a reader wants."""
    head: dict[str, Any] = {"title": spec.label}
    if spec.description:
        head["description"] = spec.description
    tail = {} if spec.default is MISSING else {"default": spec.default}
    flags = {"readOnly": spec.hints.read_only, "writeOnly": spec.secret, "deprecated": spec.hints.deprecated}
    return {**head, **_shape(spec), **tail, **{name: True for name, on in flags.items() if on}}


def _shape(spec: FieldSpec) -> dict[str, Any]:
    if not spec.multiple:
        return value_schema(spec)
    bounds = {"minItems": spec.min_items, "maxItems": spec.max_items}
    return {**_type(("array",), spec.allow_null), "items": value_schema(spec), **_present(bounds)}


def value_schema(spec: FieldSpec) -> dict[str, Any]:
    """Give the schema of the value itself; in a list, of one item."""
    nullable = spec.allow_null and not spec.multiple
    schema = _type(_TYPES[spec.type], nullable)
    schema.update(_present({"format": spec.format or _OWN_FORMAT.get(spec.type), "pattern": spec.pattern}))
    low, high = ("minLength", "maxLength") if spec.type in _TEXT else ("minimum", "maximum")
    schema.update(_present({low: spec.minimum, high: spec.maximum}))
    if spec.choices:
        schema["enum"] = [choice.value for choice in spec.choices] + ([None] if nullable else [])
    if spec.properties is not None:
        nested = object_schema(spec.properties.fields(), additional=spec.properties.additional_properties())
        schema.update({name: value for name, value in nested.items() if name != "type"})
    return schema


def _type(types: tuple[str, ...], nullable: bool) -> dict[str, Any]:
    if not types:
        return {}
    listed = [*types, "null"] if nullable else list(types)
    return {"type": listed[0] if len(listed) == 1 else listed}


def _present(keywords: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}
