"""Which events there can be: a tracking plan as it is written, or a sample of events, read into shapes.

Three forms of a plan are known: a JSON Schema of one event, whose alternatives (`oneOf`, `anyOf`) are kinds of events;
a tracking plan as Segment exports it (`rules` with `type`, `key` and `jsonSchema`, or `rules.events` with `name` and
`rules`); and NDJSON, or a list, of events as they came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from destination_actions.checking.schema_shapes import shape_of
from destination_actions.checking.shapes import Shape, constant, meet, union, with_member
from destination_actions.errors import ConfigurationError, Place
from destination_actions.schemas import load_schema

MAX_BYTES: Final = 32 * 1024 * 1024
"""Size of a tracking plan or a sample."""

_TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")
_COMMON: Final = frozenset({"common", "global"})


@dataclass(frozen=True, slots=True)
class EventKind:
    """Events of one rule of a plan: how people name them, and what they look like."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class EventPlan:
    """Which events there can be. `source` says how much a path that is not named means: in a plan that it is not
    planned, in a sample that no event had it, and without either (`none`) nothing."""

    kinds: tuple[EventKind, ...]
    source: Literal["plan", "sample", "none"]


@cache
def any_event() -> Shape:
    """Give what is so of every event."""
    return shape_of(load_schema("event"))


def no_plan() -> EventPlan:
    """Give the plan of those who have none: any event."""
    return EventPlan((EventKind("event", any_event()),), "none")


def read_plan(path: Path) -> EventPlan:
    """Read a plan or a sample. Raises `ConfigurationError` for a file that is neither."""
    text = _text(path)
    values = _values(text, path)
    if len(values) == 1 and isinstance(values[0], Mapping) and (kinds := tuple(_rules(values[0]))):
        return EventPlan(kinds, "plan")
    events = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    for number, event in enumerate(events, 1):
        if not isinstance(event, Mapping):
            raise _bad(path, f"value {number} is no event, which is a JSON object", number)
    return EventPlan(tuple(_sampled(events)), "sample")


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise _bad(path, "it is larger than 32 MB")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise _bad(path, f"it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise _bad(path, "it is not UTF-8 text") from None


def _bad(path: Path, why: str, line: int | None = None) -> ConfigurationError:
    hint = "give a JSON Schema, a tracking plan, or events as NDJSON"
    return ConfigurationError(f"no tracking plan: {why}", place=Place(str(path), line), hint=hint, code="bad-plan")


def _values(text: str, path: Path) -> list[Any]:
    """The one JSON value of a text, or those of its lines."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                raise _bad(path, "this line is not JSON", number) from None
    if not found:
        raise _bad(path, "it is empty")
    return found


# --- plans -----------------------------------------------------------------------------------------------------------


def _rules(document: Mapping[str, Any]) -> Iterator[EventKind]:
    """The kinds of a document that is a plan; none for anything else."""
    data = document.get("data")
    rules = document.get("rules", data.get("rules") if isinstance(data, Mapping) else None)
    if isinstance(rules, list):
        yield from _listed(rules)
    elif isinstance(rules, Mapping):
        yield from _grouped(rules)
    elif _is_schema(document):
        yield from _alternatives(document)


def _is_schema(document: Mapping[str, Any]) -> bool:
    words = {"$schema", "properties", "oneOf", "anyOf", "allOf", "$defs", "definitions"}
    return "$schema" in document or (bool(words & document.keys()) and document.get("type", "object") == "object")


def _listed(rules: Sequence[Any]) -> Iterator[EventKind]:
    """Rules with `type` and `key`."""
    parts = [
        (str(rule.get("type", "")).lower(), rule.get("key"), rule.get("jsonSchema", {}))
        for rule in rules
        if isinstance(rule, Mapping)
    ]
    common = [schema for kind, _, schema in parts if kind in _COMMON]
    for kind, key, schema in parts:
        if kind not in _COMMON:
            yield _kind(kind, key, [schema, *common])


def _grouped(rules: Mapping[str, Any]) -> Iterator[EventKind]:
    """Rules by kind: `events` is a list, the others are schemas."""
    common = [rules[word] for word in _COMMON if _says_something(rules.get(word))]
    for event in rules.get("events", ()):
        if isinstance(event, Mapping):
            yield _kind("track", event.get("name"), [event.get("rules", {}), *common])
    for kind in _TYPES:
        if _says_something(rules.get(kind)):
            yield _kind(kind, None, [rules[kind], *common])


def _says_something(schema: Any) -> bool:
    return isinstance(schema, Mapping) and bool(schema)


def _kind(kind: str, key: Any, schemas: Sequence[Any]) -> EventKind:
    shape = any_event()
    for schema in schemas:
        shape = meet(shape, shape_of(schema))
    if kind in _TYPES:
        shape = with_member(shape, ("type",), constant(kind))
    named = isinstance(key, str) and bool(key)
    if named and kind in ("track", "page", "screen"):
        shape = with_member(shape, ("event" if kind == "track" else "name",), constant(key))
    return EventKind(f'{kind} "{key}"' if named else kind or "event", shape)


def _alternatives(schema: Mapping[str, Any]) -> Iterator[EventKind]:
    """One kind for each alternative of a schema, or one for all of it."""
    word = next((word for word in ("oneOf", "anyOf") if isinstance(schema.get(word), list) and schema[word]), None)
    if word is None:
        yield _named(meet(any_event(), shape_of(schema)))
        return
    rest = {key: value for key, value in schema.items() if key != word}
    for part in schema[word]:
        yield _named(meet(any_event(), meet(shape_of(rest, schema), shape_of(part, schema))))


def _named(shape: Shape) -> EventKind:
    """Name a kind after the constants of `type` and `event`."""
    words = [_constant(shape, key) for key in ("type", "event")]
    kind, name = words
    return EventKind(f'{kind or "event"} "{name}"' if name else kind or "event", shape)


def _constant(shape: Shape, key: str) -> str | None:
    values = shape.members.member(key) if shape.members else None
    only = values.constants if values and values.text is None and not values.missing else ()
    return only[0] if len(only) == 1 and isinstance(only[0], str) else None


# --- samples ---------------------------------------------------------------------------------------------------------


def _sampled(events: Sequence[Mapping[str, Any]]) -> Iterator[EventKind]:
    """One kind for each type and name that came, with everything that its events had."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        groups.setdefault((str(event.get("type")), str(event.get("event"))), []).append(event)
    for group in groups.values():
        yield _named(union(constant(dict(event)) for event in group))
