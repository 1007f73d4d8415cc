"""From a JSON Schema to the shape of the values that it permits; what a schema says besides makes no value possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from destination_actions.checking.shapes import (
    EVERYTHING,
    MISSING_SHAPE,
    NOTHING,
    UNPLANNED,
    ListOf,
    Number,
    ObjectOf,
    Shape,
    Text,
    constant,
    meet,
    union,
)

_DEEPEST: Final = 24
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

_KINDS: Final[Mapping[str, Shape]] = {
    "null": Shape(constants=(None,)),
    "boolean": Shape(constants=(False, True)),
    "string": Shape(text=Text()),
    "number": Shape(number=Number()),
    "integer": Shape(number=Number(whole=True)),
    "array": Shape(items=ListOf()),
    "object": Shape(members=ObjectOf()),
}


def shape_of(schema: Any, root: Any = None) -> Shape:
    """Give the shape of the values that a schema permits; local references lead from `root`."""
    return _Reader(schema if root is None else root).shape(schema, 0)


@dataclass(frozen=True, slots=True)
class _Reader:
    root: Any

    def shape(self, schema: Any, depth: int) -> Shape:
        if schema is False:
            return NOTHING
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return EVERYTHING
        found = _of_type(schema)
        found = replace(found, text=_text(schema, found), number=_number(schema, found))
        found = replace(found, items=self._list(schema, found, depth), members=self._object(schema, found, depth))
        return self._combined(schema, _listed(schema, found), depth)

    def _combined(self, schema: Mapping[str, Any], found: Shape, depth: int) -> Shape:
        reference = schema.get("$ref")
        if isinstance(reference, str):
            found = meet(found, self.shape(self._target(reference), depth + 1))
        for part in _schemas(schema.get("allOf")):
            found = meet(found, self.shape(part, depth + 1))
        for word in ("anyOf", "oneOf"):
            if parts := _schemas(schema.get(word)):
                found = meet(found, union(self.shape(part, depth + 1) for part in parts))
        return found

    def _target(self, reference: str) -> Any:
        """What a local reference leads to; of any other nothing is known."""
        found = self.root
        for token in reference.removeprefix("#").split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            found = found.get(key, True) if isinstance(found, Mapping) else True
        return found if reference.startswith("#") else True

    def _list(self, schema: Mapping[str, Any], found: Shape, depth: int) -> ListOf | None:
        if found.items is None:
            return None
        items = schema.get("items", True)
        first = _schemas(schema.get("prefixItems") or (items if isinstance(items, list) else None))
        rest = schema.get("additionalItems", True) if isinstance(items, list) else items
        high = len(first) if rest is False else None
        each = union(self.shape(one, depth + 1) for one in [*first, *([] if rest is False else [rest])])
        bound = schema.get("maxItems", high)
        return ListOf(None if each.unknown else each, _count(schema.get("minItems", 0)), bound)

    def _object(self, schema: Mapping[str, Any], found: Shape, depth: int) -> ObjectOf | None:
        if found.members is None:
            return None
        named = schema.get("properties")
        members = {
            str(key): self.shape(one, depth + 1).or_missing()
            for key, one in (named.items() if isinstance(named, Mapping) else ())
        }
        others = self._others(schema, depth)
        for key in schema.get("required", ()) if isinstance(schema.get("required"), list) else ():
            members[key] = (members.get(key) or others or UNPLANNED).present
        return None if any(one.nothing for one in members.values()) else ObjectOf(members, others)

    def _others(self, schema: Mapping[str, Any], depth: int) -> Shape | None:
        more = schema.get("additionalProperties", True)
        if more is True or "patternProperties" in schema:
            return None
        return MISSING_SHAPE if more is False else self.shape(more, depth + 1).or_missing()


def _of_type(schema: Mapping[str, Any]) -> Shape:
    kinds = schema.get("type")
    if kinds is None:
        return EVERYTHING
    listed = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    return union(_KINDS.get(str(kind), NOTHING) for kind in listed)


def _listed(schema: Mapping[str, Any], found: Shape) -> Shape:
    """Keep what an enumeration leaves."""
    if "const" in schema:
        return meet(found, constant(schema["const"]))
    if isinstance(schema.get("enum"), list):
        return meet(found, union(constant(value) for value in schema["enum"]))
    return found


def _text(schema: Mapping[str, Any], found: Shape) -> Text | None:
    if found.text is None:
        return None
    high = schema.get("maxLength")
    made = Text(_count(schema.get("minLength", 0)), high, _word(schema.get("format")), _word(schema.get("pattern")))
    return None if high is not None and high < made.low else made


def _number(schema: Mapping[str, Any], found: Shape) -> Number | None:
    if found.number is None:
        return None
    bounds = {word: schema[word] for word in _NUMBERS if _is_number(schema.get(word))}
    low = max((bounds[word] for word in ("minimum", "exclusiveMinimum") if word in bounds), default=None)
    high = min((bounds[word] for word in ("maximum", "exclusiveMaximum") if word in bounds), default=None)
    return None if low is not None and high is not None and high < low else Number(low, high, found.number.whole)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _schemas(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
