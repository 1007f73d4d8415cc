"""Checking a directive's argument against its JSON Schema, with findings in our own words.

The schema is the one declaration of an argument: the compiler checks with it, `schemas/mapping.schema.json` is made of
it, and the reference page lists it. `NODE`, `TEXT` and `OBJECT` stand for nested mappings, which the compiler checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator

from ..errors import nearest
from ._values import described

NODE: Final[Mapping[str, Any]] = {"$ref": "#/$defs/node"}
"""In an argument's schema: any mapping, that is a directive, or an object, a list or a constant."""

TEXT: Final[Mapping[str, Any]] = {"$ref": "#/$defs/text"}
"""In an argument's schema: a text, or a directive that gives one."""

OBJECT: Final[Mapping[str, Any]] = {"$ref": "#/$defs/object"}
"""In an argument's schema: an object of mappings, or a directive that gives an object."""

_STAND_INS: Final[Mapping[str, Any]] = {
    "#/$defs/node": {},
    "#/$defs/text": {
        "title": "text or a directive",
        "anyOf": [{"type": "string"}, {"type": "object", "not": {"propertyNames": {"not": {"pattern": "^@"}}}}],
    },
    "#/$defs/object": {"type": "object", "title": "an object or a directive"},
}

_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an argument; `steps` lead to it from the argument."""

    steps: tuple[str | int, ...]
    message: str
    hint: str | None = None


class ArgumentChecker:
    """Checks arguments of one directive."""

    def __init__(self, name: str, schema: Mapping[str, Any]) -> None:
        self.name = name
        self.validator = Draft202012Validator(_without_references(schema))

    def findings(self, argument: Any) -> list[Finding]:
        """Give everything that is wrong with an argument, outermost first."""
        errors = sorted(self.validator.iter_errors(argument), key=lambda error: len(error.absolute_path))
        return [finding for error in errors for finding in self._of(error)]

    def _of(self, error: Any) -> Iterator[Finding]:
        steps = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            yield from self._unknown(error, steps)
        else:
            worded = _WORDINGS.get(error.validator, _as_given)
            yield Finding(steps, worded(error), _hint(error))

    def _unknown(self, error: Any, steps: tuple[str | int, ...]) -> Iterator[Finding]:
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for key in error.instance:
            if key not in known:
                hint = nearest(str(key), known) or f"it takes {', '.join(known)}"
                # A key with @ makes no argument of its own: the fault is the object that mixes the two.
                place = steps if str(key).startswith("@") else (*steps, key)
                yield Finding(place, f'{self.name} takes no argument "{key}"', hint)


def _without_references(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        reference = str(schema.get("$ref"))
        if reference in _STAND_INS:
            return _STAND_INS[reference]
        return {key: _without_references(value) for key, value in schema.items()}
    return (
        [_without_references(item) for item in schema]
        if isinstance(schema, Sequence | tuple) and not isinstance(schema, str)
        else schema
    )


def _hint(error: Any) -> str | None:
    if error.validator == "enum" and isinstance(error.instance, str):
        return nearest(error.instance, [value for value in error.validator_value if isinstance(value, str)])
    return None


def _expected(what: str, error: Any) -> str:
    return f"expected {what}, got {described(error.instance)}"


def _titled(error: Any) -> str:
    title = error.schema.get("title") if isinstance(error.schema, Mapping) else None
    return _expected(str(title), error) if title else _as_given(error)


def _as_given(error: Any) -> str:
    message: str = error.message
    return message[:1].lower() + message[1:]


def _type(error: Any) -> str:
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    title = error.schema.get("title") if isinstance(error.schema, Mapping) else None
    return _expected(str(title) if title else " or ".join(_KINDS[kind] for kind in kinds), error)


def _required(error: Any) -> str:
    missing = [name for name in error.validator_value if name not in error.instance]
    return f'"{missing[0]}" is missing' if len(missing) == 1 else _as_given(error)


def _enum(error: Any) -> str:
    return _expected("one of " + ", ".join(f'"{value}"' for value in error.validator_value), error)


def _shortest(error: Any) -> str:
    return _expected(f"at least {error.validator_value} {_unit(error)}", error)


def _longest(error: Any) -> str:
    return _expected(f"at most {error.validator_value} {_unit(error)}", error)


def _unit(error: Any) -> str:
    one = error.validator_value == 1
    words = ("character", "characters") if isinstance(error.instance, str) else ("item", "items")
    return words[0] if one else words[1]


_WORDINGS: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": _type,
    "enum": _enum,
    "required": _required,
    "anyOf": _titled,
    "oneOf": _titled,
    "pattern": _titled,
    "minLength": _shortest,
    "minItems": _shortest,
    "maxLength": _longest,
    "maxItems": _longest,
}
