"""From the schema of a value to the definition of a field, in the form of `schemas/field.schema.json`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.errors import ConfigurationError
from destination_actions.fields import fieldset_from_json
from destination_actions.scaffold.names import title
from destination_actions.scaffold.openapi.document import Api, Object
from destination_actions.testing.examples import example_document

FORMATS: Final[Mapping[str, str]] = {
    "phone-number": "e164",
    "e164": "e164",
    "date-time": "date-time",
    "date": "date",
    "email": "email",
    "uri": "uri",
    "url": "uri",
    "uuid": "uuid",
    "hostname": "hostname",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
}
"""The formats that are checked; the others say something about storage, or nothing."""

LONGEST: Final = 90
"""Characters of a description: the first sentence, or a part of it."""

_DEEPEST: Final = 4
_DOUBTFUL: Final = ("pattern", "choices", "default", "format", "minimum", "maximum", "minItems", "maxItems")
_SCALARS: Final = ("string", "integer", "number", "boolean")


@dataclass(slots=True)
class Reader:
    """Reads schemas of one document; `notes` say what is left out, and of which field."""

    api: Api
    notes: list[str] = field(default_factory=list)
    _within: list[int] = field(default_factory=list)

    def field(self, name: str, schema: Any, *, required: bool, about: str = "", where: str = "") -> dict[str, Any]:
        """The definition of a field of this name. `about` describes it where its schema does not."""
        found = self.merged(schema)
        text = sentence(about or str(found.get("description") or ""))
        definition = {
            "label": title(name),
            "description": text or f"{name} of the API.",
            "required": required,
            **self._kind(found, f"{where}{name}", 0),
        }
        if found.get("deprecated") is True:
            definition["deprecated"] = True
        return self._usable(definition, f"{where}{name}")

    def merged(self, schema: Any) -> dict[str, Any]:
        """A schema with references followed, and the parts of `allOf` laid over one another."""
        own = dict(self.api.resolved(schema))
        parts = [self.merged(part) for part in own.pop("allOf", None) or ()]
        if not parts:
            return own
        whole: dict[str, Any] = {}
        for part in [*parts, own]:
            properties = {**whole.get("properties", {}), **(part.get("properties") or {})}
            required = [*whole.get("required", []), *(part.get("required") or [])]
            whole |= part
            whole |= ({"properties": properties} if properties else {}) | ({"required": required} if required else {})
        return whole

    def properties(self, schema: Object) -> Iterator[tuple[str, Any, bool]]:
        """The members that a request may give: name, schema, whether it is required."""
        required = schema.get("required") or ()
        for name, inner in (schema.get("properties") or {}).items():
            if self.merged(inner).get("readOnly") is not True:
                yield str(name), inner, name in required

    def _kind(self, schema: Object, where: str, depth: int) -> dict[str, Any]:
        """The words that say what a value is."""
        choices = [value for value in self._values(schema) if isinstance(value, str | int)]
        kind = _type_of(schema)
        if "oneOf" in schema or "anyOf" in schema:
            return self._one_of(schema, where, depth)
        if kind == "array":
            return self._list(schema, where, depth)
        if kind == "object" or "properties" in schema:
            return self._object(schema, where, depth)
        if kind not in _SCALARS:
            return {"default": schema["default"]} if schema.get("default") is not None else {}
        words = {"type": kind, **({"choices": choices} if choices and kind != "boolean" else {})}
        words |= _text(schema) if kind == "string" else _bounds(schema, kind)
        return words | ({"default": schema["default"]} if schema.get("default") is not None else {})

    def _values(self, schema: Object) -> list[Any]:
        return [schema["const"]] if "const" in schema else list(schema.get("enum") or ())

    def _one_of(self, schema: Object, where: str, depth: int) -> dict[str, Any]:
        """The one schema that is left without null; else any value is taken."""
        options = [self.merged(one) for one in schema.get("oneOf") or schema.get("anyOf") or ()]
        real = [one for one in options if one.get("type") != "null"]
        if len(real) == 1:
            return self._kind(real[0], where, depth)
        self.notes.append(f"{where}: one of several schemas; any value is taken")
        return {}

    def _list(self, schema: Object, where: str, depth: int) -> dict[str, Any]:
        item = self._kind(self.merged(schema.get("items")), where, depth + 1)
        if item.get("multiple"):
            self.notes.append(f"{where}: a list of lists; their items are not checked")
            item = {}
        item.pop("default", None)
        bounds = {word: schema[word] for word in ("minItems", "maxItems") if isinstance(schema.get(word), int)}
        return {**item, "multiple": True, **bounds}

    def _object(self, schema: Object, where: str, depth: int) -> dict[str, Any]:
        """An object with its members; one that holds itself, or stands too deep, holds anything."""
        members = list(self.properties(schema))
        same = id(schema.get("properties"))
        if not members or depth >= _DEEPEST or same in self._within:
            return {"type": "object"}
        self._within.append(same)
        fields = {name: self._member(name, one, required, where, depth + 1) for name, one, required in members}
        self._within.pop()
        more = schema.get("additionalProperties")
        open_ = {"additionalProperties": True} if more is True or isinstance(more, Mapping) else {}
        return {"type": "object", "properties": fields, **open_}

    def _member(self, name: str, schema: Any, required: bool, where: str, depth: int) -> dict[str, Any]:
        found = self.merged(schema)
        definition = {
            "label": title(name),
            "description": sentence(str(found.get("description") or "")) or f"{name} of the API.",
            "required": required,
            **self._kind(found, f"{where}.{name}", depth),
        }
        return self._usable(definition, f"{where}.{name}")

    def _usable(self, definition: dict[str, Any], where: str) -> dict[str, Any]:
        """The definition, without what no field can have or no example can meet."""
        words = [word for word in _DOUBTFUL if word in definition]
        for left_out in [(), *((word,) for word in words), tuple(words)]:
            kept = {word: value for word, value in definition.items() if word not in left_out}
            if _works(kept):
                self.notes += [f"{where}: its {word} cannot be used and is left out" for word in left_out]
                return kept
        self.notes.append(f"{where}: its schema cannot be used; any value is taken")
        return {word: definition[word] for word in ("label", "description", "required")}


def sentence(text: str) -> str:
    """The first sentence of a description, without Markdown, at most so long."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    plain = " ".join(re.sub(r"[`*\\\"]|<[^>]*>", "", plain).split())
    first = re.split(r"(?<=[.!?]) (?=[A-Z])", plain, maxsplit=1)[0]
    if len(first) > LONGEST:
        first = first[:LONGEST].rpartition(" ")[0].rstrip(",;:") + " ..."
    return first


def _works(definition: Mapping[str, Any]) -> bool:
    try:
        example_document(fieldset_from_json({"value": definition}))
    except ConfigurationError:
        return False
    return True


def _type_of(schema: Object) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        return str(kinds[0]) if len(kinds) == 1 else ""
    if kind is None and "enum" in schema:
        return "string" if all(isinstance(one, str | None) for one in schema["enum"]) else ""
    return str(kind or "")


def _text(schema: Object) -> dict[str, Any]:
    words = {"minLength": "minimum", "maxLength": "maximum", "pattern": "pattern"}
    found = {ours: schema[theirs] for theirs, ours in words.items() if schema.get(theirs) is not None}
    wanted = FORMATS.get(str(schema.get("format")))
    return found | ({"format": wanted} if wanted else {})


def _bounds(schema: Object, kind: str) -> dict[str, Any]:
    """The bounds of a number; an exclusive one moves by one for whole numbers, and is an inclusive one else."""
    if kind == "boolean":
        return {}
    found: dict[str, Any] = {}
    for word, step in (("minimum", 1), ("maximum", -1)):
        value, exclusive = schema.get(word), schema.get(f"exclusive{word.title()}")
        if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
            value, exclusive = exclusive, True
        if isinstance(value, int | float) and math.isfinite(value):
            found[word] = value + step if exclusive is True and kind == "integer" else value
    return found
