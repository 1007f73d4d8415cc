"""The JSON Schema of mappings, made of the directives' own schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._arguments import NODE, OBJECT
from ._directive import Directive
from ._directives import BUILTIN_DIRECTIVES
from ._mapping import ROOT_DIRECTIVE, ROOT_NAME

SCHEMA_ID = "https://destination-actions.dev/schemas/mapping.json"

_EXAMPLE = {
    "flowSid": "FW00000000000000000000000000000000",
    "userId": {"@path": "$.userId"},
    "parameters": {
        "order": {"@path": "$.properties.order_id"},
        "greeting": {"@template": "Thank you for order {{properties.order_id}}"},
    },
}


def mapping_schema(directives: Mapping[str, Directive] = BUILTIN_DIRECTIVES) -> dict[str, Any]:
    """Give the schema of mappings that may use these directives."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Mapping",
        "description": "How an event becomes the document of an action: JSON with directives for values of the event.",
        "if": {"type": "object", "required": [ROOT_DIRECTIVE]},
        "then": {"$ref": "#/$defs/transformed"},
        "else": dict(NODE),
        "examples": [_EXAMPLE],
        "$defs": {**_common(), "directive": _any_directive(directives)},
    }


def _common() -> dict[str, Any]:
    return {
        "node": {
            "title": "directive, object, list or constant",
            "if": {"type": "object"},
            "then": {"if": _has_directive(), "then": {"$ref": "#/$defs/directive"}, "else": _plain_object()},
            "else": {"if": {"type": "array"}, "then": {"items": dict(NODE)}},
        },
        "text": {
            "title": "text or a directive",
            "if": {"type": "object"},
            "then": {"$ref": "#/$defs/directive"},
            "else": {"type": "string"},
        },
        "object": {"title": "an object or a directive", "type": "object", "allOf": [dict(NODE)]},
        "transformed": {
            "title": "a mapping of what another mapping makes of the event",
            "description": "As Segment exports it: the other members are resolved against the result of `apply`.",
            "properties": {ROOT_DIRECTIVE: {**_object(ROOT_NAME), "properties": {ROOT_NAME: _applied()}}},
            "additionalProperties": dict(NODE),
        },
    }


def _object(*required: str) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "additionalProperties": False}


def _applied() -> dict[str, Any]:
    return {**_object("apply"), "properties": {"apply": dict(OBJECT), "mapping": {"description": "Ignored."}}}


def _has_directive() -> dict[str, Any]:
    return {"not": {"propertyNames": {"not": {"pattern": "^@"}}}}


def _plain_object() -> dict[str, Any]:
    return {"additionalProperties": dict(NODE)}


def _any_directive(directives: Mapping[str, Directive]) -> dict[str, Any]:
    return {
        "title": "a directive",
        "description": "An object with one directive in it, and nothing else but `_metadata`.",
        "type": "object",
        "properties": {
            "_metadata": {"description": "What Segment's editor keeps about the mapping; ignored."},
            **{name: _argument(directive) for name, directive in directives.items()},
        },
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in directives],
    }


def _argument(directive: Directive) -> dict[str, Any]:
    mapping, _, _ = directive.example
    return {"description": directive.summary, **directive.schema, "examples": [mapping[directive.name]]}
