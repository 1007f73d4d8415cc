"""The reference of a directive in Markdown, made of its declaration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._directive import Directive

_KINDS = {
    "string": "text",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "integer": "whole number",
    "number": "number",
    "null": "null",
}
_REFERENCES = {
    "#/$defs/node": "any mapping",
    "#/$defs/text": "text or directive",
    "#/$defs/object": "object or directive",
}


def reference_table(directive: Directive) -> str:
    """Give the section of one directive: what it is, its arguments, an example."""
    mapping, event, document = directive.example
    parts = [f"### `{directive.name}`", directive.summary, _arguments(directive.schema)]
    parts.append(f"```json\n{_json(mapping)}\n```\nof `{_json(event)}` gives `{_json(document)}`.")
    return "\n\n".join(part for part in parts if part)


def _arguments(schema: Mapping[str, Any]) -> str:
    properties, required = schema.get("properties"), schema.get("required", ())
    if properties is None:
        return _positions(schema)
    rows = [
        f"| `{name}`{'' if name in required else ' (optional)'} | {_kind(each)} | {each.get('description', '')} |"
        for name, each in properties.items()
    ]
    return "\n".join(["| argument | kind | |", "|---|---|---|", *rows])


def _positions(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        items = [
            f"{number}. {_kind(each)}: {each['description']}" for number, each in enumerate(schema["prefixItems"], 1)
        ]
        return "Its argument is a list:\n\n" + "\n".join(items)
    description = f" {schema['description']}" if "description" in schema else ""
    return f"Its argument: {_kind(schema)}.{description}"


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _REFERENCES[schema["$ref"]]
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "title" in schema:
        return str(schema["title"]).replace('"', "`")
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_kind(schema['items'])}"
    kinds = schema.get("type", "any JSON")
    return (
        " or ".join(_KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
        if "type" in schema
        else kinds
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
