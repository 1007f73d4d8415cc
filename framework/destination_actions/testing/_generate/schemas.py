"""Values that a JSON Schema (draft 2020-12) permits: made to fit part by part, and checked as a whole.

Known: type, enum, const, properties, required, additionalProperties, items, prefixItems, the bounds, pattern, format,
local `$ref`, and allOf, anyOf and oneOf. What else a schema says only decides whether a value that was made is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import jsonschema_rs
import orjson

from destination_actions.testing._generate.formats import FORMATS, word
from destination_actions.testing._generate.patterns import matching
from destination_actions.testing._generate.picks import Picks, Unfit

Schema = Mapping[str, Any]

_DEEPEST: Final = 5
_TYPES: Final = ("string", "object", "integer", "number", "boolean", "array", "null")


def value(schema: Schema, picks: Picks, *, root: Schema | None = None, name: str = "value") -> Any:
    """Make a value; `root` is where `$ref` leads from."""
    return _value(schema, picks, root if root is not None else schema, name, 0)


def _value(schema: Any, picks: Picks, root: Schema, name: str, depth: int) -> Any:
    if not isinstance(schema, Mapping):
        return _plain(picks, name, depth)
    why = "it allows nothing"
    for _ in range(picks.tries):
        picks.begin(name)
        try:
            made = _made(_flat(schema, picks, root), picks, root, name, depth)
        except Unfit as unfit:
            why = str(unfit) or why
            continue
        if is_valid(schema, root, made) and picks.fresh(made):
            return made
    return picks.give_up(f'no value can be made for "{name}": {why}')


def _made(schema: Schema, picks: Picks, root: Schema, name: str, depth: int) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        values = [one for one in schema["enum"] if one is not None] or schema["enum"]
        return schema["default"] if _counts(picks, schema) else values[picks.integer(0, len(values) - 1)]
    kind = _kind(schema, picks)
    if kind == "object":
        return _object(schema, picks, root, name, depth)
    if kind == "array":
        return _array(schema, picks, root, name, depth)
    return _scalar(kind, schema, picks, name) if kind else _plain(picks, name, depth)


def _counts(picks: Picks, schema: Schema) -> bool:
    """Whether a fixed example takes the default, which is the one choice that is known to go with all others."""
    return "default" in schema and picks.branch(2) == 0


def _kind(schema: Schema, picks: Picks) -> str | None:
    kinds = schema.get("type") or _implied(schema)
    if isinstance(kinds, str) or kinds is None:
        return kinds
    likely = sorted(kinds, key=_TYPES.index)
    return str(likely[picks.branch(len(likely))])


def _implied(schema: Schema) -> str | None:
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "string" if {"pattern", "format", "minLength", "maxLength"} & schema.keys() else None


# --- one level -------------------------------------------------------------------------------------------------------


def _object(schema: Schema, picks: Picks, root: Schema, name: str, depth: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    made: dict[str, Any] = {}
    for key, inner in {**dict.fromkeys(required, True), **schema.get("properties", {})}.items():
        if key in required or (depth < _DEEPEST and inner is not False and picks.present(key)):
            made[key] = _value(inner, picks, root, key, depth + 1)
    return made | _more(schema, picks, root, name, depth, least=schema.get("minProperties", 0) - len(made))


def _more(schema: Schema, picks: Picks, root: Schema, name: str, depth: int, *, least: int) -> dict[str, Any]:
    """Members that the schema does not name: where nothing is named, or as many as it wants at least."""
    inner = schema.get("additionalProperties", True)
    if inner is False or ("properties" in schema and least <= 0) or depth >= _DEEPEST:
        return {}
    names = schema.get("propertyNames", {})
    keys = [
        matching(names["pattern"], picks) if "pattern" in names else word(picks)
        for _ in range(max(least, picks.length(0, 2) and 1))
    ]
    return {key: _value(inner, picks, root, f"{name} {key}", depth + 1) for key in keys}


def _array(schema: Schema, picks: Picks, root: Schema, name: str, depth: int) -> list[Any]:
    first = [_value(inner, picks, root, name, depth + 1) for inner in schema.get("prefixItems", ())]
    low = max(schema.get("minItems", 0) - len(first), 0)
    high = min(schema.get("maxItems", low + 2) - len(first), low + 2)
    inner = schema.get("items", True)
    if high <= 0 or inner is False or (depth >= _DEEPEST and not low):
        return first
    count = max(picks.length(low, min(high, 2)), low)
    return first + [_value(inner, picks, root, name, depth + 1) for _ in range(count)]


def _scalar(kind: str, schema: Schema, picks: Picks, name: str) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        return schema["default"] if _counts(picks, schema) else bool(picks.integer(0, 1))
    if kind == "string":
        return _text(schema, picks, name)
    if schema.get("format") == "date-like":
        return picks.whole(0, 4_000_000_000)
    low, high = _bounds(schema)
    if kind == "integer":
        return picks.whole(None if low is None else math.ceil(low), None if high is None else math.floor(high))
    return picks.number(low, high)


def _bounds(schema: Schema) -> tuple[float | None, float | None]:
    lows = [schema[word] for word in ("minimum", "exclusiveMinimum") if word in schema]
    highs = [schema[word] for word in ("maximum", "exclusiveMaximum") if word in schema]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None and low > high:
        raise Unfit(f"its minimum {low} is above its maximum {high}")
    return low, high


def _text(schema: Schema, picks: Picks, name: str) -> str:
    if "pattern" in schema:
        return matching(schema["pattern"], picks)
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]](picks)
    low, high = int(schema.get("minLength", 0)), schema.get("maxLength")
    if high is not None and high < low:
        raise Unfit(f"its least length {low} is above its greatest {high}")
    return picks.text(name, low, None if high is None else int(high))


def _plain(picks: Picks, name: str, depth: int) -> Any:
    """Anything that is JSON and says something."""
    way = picks.branch(5 if depth < _DEEPEST else 3)
    if way == 3:
        return [_plain(picks, name, depth + 1) for _ in range(picks.length(0, 2))]
    if way == 4:
        return {word(picks): _plain(picks, name, depth + 1)}
    return (lambda: picks.text(name, 1, 40), lambda: picks.whole(None, None), lambda: True)[way]()


# --- schemas of several parts ----------------------------------------------------------------------------------------


def _flat(schema: Schema, picks: Picks, root: Schema) -> Schema:
    """One level without references and alternatives."""
    for key in ("$ref", "allOf", "oneOf", "anyOf"):
        if key in schema:
            rest: Schema = {name: one for name, one in schema.items() if name != key}
            for part in _parts(key, schema[key], picks, root):
                rest = _merged(rest, _flat(part, picks, root) if isinstance(part, Mapping) else part)
            return _flat(rest, picks, root)
    return schema


def _parts(key: str, given: Any, picks: Picks, root: Schema) -> Sequence[Any]:
    if key == "$ref":
        return [_target(given, root)]
    return given if key == "allOf" else [given[picks.branch(len(given))]]


def _merged(one: Schema, other: Any) -> Schema:
    if not isinstance(other, Mapping):
        return one
    properties = {**one.get("properties", {}), **other.get("properties", {})}
    required = [*one.get("required", ()), *other.get("required", ())]
    both: dict[str, Any] = {**one, **other}
    both.update({"properties": properties} if properties else {})
    both.update({"required": required} if required else {})
    return both


def _target(reference: str, root: Schema) -> Any:
    if not reference.startswith("#"):
        raise Unfit(f'the reference "{reference}" leads outside')
    found: Any = root
    for token in reference.split("/")[1:]:
        found = found[token.replace("~1", "/").replace("~0", "~")]
    return found


def is_valid(schema: Schema, root: Schema, made: Any) -> bool:
    """Whether a value fits; formats of our own are whatever their maker makes."""
    return _validator(orjson.dumps(schema), orjson.dumps(root)).is_valid(made)


@cache
def _validator(schema: bytes, root: bytes) -> jsonschema_rs.Draft202012Validator:
    whole, part = orjson.loads(root), orjson.loads(schema)
    defined = {key: whole[key] for key in ("$defs", "definitions") if key in whole} if part is not whole else {}
    return jsonschema_rs.Draft202012Validator({**defined, **part}, validate_formats=False, offline=True)
