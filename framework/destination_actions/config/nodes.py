"""A configuration text as a tree that remembers where everything stands.

`yaml_text` and `json_text` make trees; `Document` is the plain JSON value of one with the position of every pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.errors import ConfigurationError, Place
from destination_actions.events import Json

MAX_DEPTH: Final = 64
"""Levels of nesting in a configuration."""

MAX_NODES: Final = 100_000
"""Values in a configuration, each use of a YAML alias counted with everything under it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the text: `items` of a list, `pairs` of an object, or else the `scalar`; lines count from 1."""

    line: int
    column: int
    scalar: Json = field(default=None, repr=False)
    items: tuple[Node, ...] | None = None
    pairs: tuple[tuple[Node, Node], ...] | None = None


@dataclass(slots=True)
class Findings:
    """Collects what is wrong with one file, so that everything can be said at once."""

    file: str
    errors: list[ConfigurationError] = field(default_factory=list)

    def add(self, message: str, line: int, column: int, *, hint: str | None, code: str, pointer: str = "") -> None:
        """Note one more error."""
        self.errors.append(self.error(message, line, column, hint=hint, pointer=pointer, code=code))

    def error(
        self,
        message: str,
        line: int | None,
        column: int | None,
        *,
        hint: str | None = None,
        pointer: str = "",
        code: str = "syntax",
    ) -> ConfigurationError:
        """An error at a position of this file."""
        place = Place(self.file, line, column)
        return ConfigurationError(message, hint=hint, pointer=pointer, place=place, code=code)


@dataclass(slots=True)
class Document:
    """A JSON value and where its parts stand in `file`."""

    file: str
    value: Json = field(default=None, repr=False)
    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, pointer: str) -> Place:
        """The position of a value: of its text, or of the key that introduces it when it is an object or a list.

        A pointer to something that is not there gives the place of the nearest thing above it.
        """
        return self._find(self.values, pointer)

    def key_place(self, pointer: str) -> Place:
        """The position of the key that introduces a value."""
        return self._find(self.keys, pointer) if pointer in self.keys else self.place(pointer)

    def _find(self, places: dict[str, tuple[int, int]], pointer: str) -> Place:
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        line, column = places.get(pointer, (None, None))
        return Place(self.file, line, column)


def escape(key: str) -> str:
    """A key as one part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def in_settings(parts: Sequence[str]) -> bool:
    """Whether a path leads to what may be secret and is not shown: settings, keys of sources, what opens stores."""
    if len(parts) > 1 and parts[0] == "stores":
        return True
    return len(parts) > 2 and (parts[0], parts[2]) in {("destinations", "settings"), ("sources", "writeKey")}


def document(root: Node, findings: Findings) -> Document:
    """Make the value of a tree; keys that stand twice in one object become findings."""
    result = Document(findings.file)
    result.value = _value(root, "", result, findings, depth=0)
    result.values.setdefault("", (root.line, root.column))
    return result


def _value(node: Node, pointer: str, into: Document, findings: Findings, depth: int) -> Json:
    if depth > MAX_DEPTH or len(into.values) > MAX_NODES:
        what = f"deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"larger than {MAX_NODES} values"
        raise findings.error(f"the configuration is {what}", node.line, node.column, pointer=pointer)
    into.values.setdefault(pointer, (node.line, node.column))
    if node.items is not None:
        return [_value(item, f"{pointer}/{i}", into, findings, depth + 1) for i, item in enumerate(node.items)]
    if node.pairs is not None:
        return _object(node.pairs, pointer, into, findings, depth)
    return node.scalar


def _object(
    pairs: tuple[tuple[Node, Node], ...], pointer: str, into: Document, findings: Findings, depth: int
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        name = str(key.scalar)
        below = f"{pointer}/{escape(name)}"
        if name in result:
            first = into.keys[below]
            message = f'key "{name}" stands twice; the first is on line {first[0]}'
            hint = "remove or rename one of them"
            findings.add(message, key.line, key.column, pointer=below, hint=hint, code="duplicate-key")
            continue
        into.keys[below] = (key.line, key.column)
        if value.items is not None or value.pairs is not None:
            into.values[below] = (key.line, key.column)
        result[name] = _value(value, below, into, findings, depth + 1)
    return result
