"""Small helpers for declaring arguments and compiling their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...events import MISSING
from .._directive import CompileContext
from .._objects import Constant
from .._paths import Resolver

FLAG: Mapping[str, Any] = {"type": "boolean"}


def arguments(*required: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of an object argument that has these properties and no others."""
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def described_as(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Give a schema with a description."""
    return {**schema, "description": description}


def any_case(*words: str) -> dict[str, Any]:
    """Give the schema of a text that is one of some words, in capitals or small letters."""
    patterns = ["".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words]
    listed = ", ".join(f'"{word}"' for word in words)
    return {"type": "string", "pattern": f"^({'|'.join(patterns)})$", "title": f"one of {listed}"}


def one_of(*words: str) -> dict[str, Any]:
    """Give the schema of a text that is one of some words."""
    return {"enum": list(words)}


def part(context: CompileContext, argument: Mapping[str, Any], name: str) -> Resolver:
    """Compile one part of an object argument; a part that is not there is missing."""
    return context.node(argument[name], name) if name in argument else Constant(MISSING)


def weight(node: Any) -> int:
    """Give the steps that one resolution of a node takes: its JSON values."""
    if isinstance(node, dict):
        return 1 + sum(map(weight, node.values()))
    return 1 + sum(map(weight, node)) if isinstance(node, list) else 1


def is_absent(value: Any) -> bool:
    """Tell whether a value is missing or null."""
    return value is MISSING or value is None
