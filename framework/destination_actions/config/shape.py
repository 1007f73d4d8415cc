"""Checks the shape of a configuration against `schemas/config.schema.json` and says in sentences what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from destination_actions.config.nodes import escape, in_settings
from destination_actions.errors import nearest
from destination_actions.events import Json
from destination_actions.schemas import load_schema

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}
_BOUNDS: Final = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
_NAMES: Final = "use letters, digits, dots, hyphens and underscores, at most 100"
_QUOTED: Final = 60
"""Characters of a value that a message shows."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: where, what, and what to do. `at_key` says that the key itself is the matter, `code` is
    its word in `docs/reference/findings.md`."""

    pointer: str
    message: str
    hint: str | None = None
    at_key: bool = False
    code: str = "configuration"


@dataclass(frozen=True, slots=True)
class _Breach:
    """A rule of the schema, what it asks for, and the value that breaks it."""

    pointer: str
    rule: str
    wanted: Any
    value: Any
    schema: Any


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(load_schema("config"))


def flaws(value: Json) -> Iterator[Flaw]:
    """Everything that the schema has against a configuration."""
    for error in _validator().iter_errors(value):
        pointer = "".join(f"/{escape(str(part))}" for part in error.absolute_path)
        rule = "name" if "propertyNames" in error.schema_path else str(error.validator)
        breach = _Breach(pointer, rule, error.validator_value, error.instance, error.schema)
        for flaw in _SENTENCES.get(rule, _other)(breach):
            yield replace(flaw, code=_CODES.get(rule, "configuration"))


def readable(pointer: str) -> str:
    """A JSON pointer as people write it: `destinations.shop.subscriptions[0].action`."""
    text = ""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        text += f"[{key}]" if key.isdigit() else f".{key}" if text else key
    return text or "the configuration"


def _shown(value: Json, pointer: str) -> str:
    """`, not VALUE` for a message; empty within settings, which may be secret."""
    if in_settings(pointer.split("/")[1:]):
        return ""
    if isinstance(value, dict | list):
        return ", not an object" if isinstance(value, dict) else ", not a list"
    text = json.dumps(value, ensure_ascii=False, default=lambda value: type(value).__name__)
    return f", not {text}" if len(text) <= _QUOTED else f', not {text[:_QUOTED]}..."'


def _bad_name(breach: _Breach) -> Iterator[Flaw]:
    pointer = f"{breach.pointer}/{escape(breach.value)}"
    yield Flaw(pointer, f'"{breach.value}" cannot be a name', _NAMES, at_key=True)


def _unknown_keys(breach: _Breach) -> Iterator[Flaw]:
    known = list(breach.schema["properties"])
    for key in breach.value:
        if key not in known:
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
            message = f'{readable(breach.pointer)}: unknown key "{key}"'
            yield Flaw(f"{breach.pointer}/{escape(key)}", message, hint, at_key=True)


def _missing(breach: _Breach) -> Iterator[Flaw]:
    for key in breach.wanted:
        if key not in breach.value:
            yield Flaw(breach.pointer, f'{readable(breach.pointer)}: "{key}" is missing')


def _wrong_type(breach: _Breach) -> Iterator[Flaw]:
    hint = "write true or false" if breach.wanted == "boolean" else None
    wanted = [breach.wanted] if isinstance(breach.wanted, str) else breach.wanted
    yield _not(breach, f"must be {' or '.join(_TYPES.get(one, one) for one in wanted)}", hint)


def _not_one_of(breach: _Breach) -> Iterator[Flaw]:
    hint = nearest(str(breach.value), breach.wanted)
    yield _not(breach, f"must be one of {', '.join(breach.wanted)}", hint)


def _not(breach: _Breach, must: str, hint: str | None) -> Flaw:
    message = f"{readable(breach.pointer)}: {must}{_shown(breach.value, breach.pointer)}"
    return Flaw(breach.pointer, message, hint)


def _incomplete(breach: _Breach) -> Iterator[Flaw]:
    """A subscription without what it needs."""
    present = breach.value if isinstance(breach.value, dict) else {}
    wanted = [] if "name" in present else ["name"]
    wanted += [] if present.keys() & {"action", "partnerAction"} else ["action"]
    named = " and ".join(f'"{key}"' for key in wanted)
    message = f"{readable(breach.pointer)}: {named} {'is' if len(wanted) == 1 else 'are'} missing"
    yield Flaw(breach.pointer, message, 'or name a "preset" that gives what is left out')


def _both(breach: _Breach) -> Iterator[Flaw]:
    yield Flaw(breach.pointer, f'{readable(breach.pointer)}: "action" and "partnerAction" are the same; keep one')


def _bad_pattern(breach: _Breach) -> Iterator[Flaw]:
    stores = breach.pointer.startswith("/stores")
    hint = "as in sqlite:deliveries.db, nats://host:4222 or memory:" if stores else _NAMES
    yield _not(breach, f"must have the form {breach.wanted}", hint)


def _out_of_range(breach: _Breach) -> Iterator[Flaw]:
    yield _not(breach, f"must be {_BOUNDS[breach.rule]} {breach.wanted}", None)


def _empty(breach: _Breach) -> Iterator[Flaw]:
    yield Flaw(breach.pointer, f"{readable(breach.pointer)}: must not be empty")


def _other(breach: _Breach) -> Iterator[Flaw]:
    yield _not(breach, f"must keep to {breach.rule} {breach.wanted!r}", None)


_SENTENCES: Final[Mapping[str, Callable[[_Breach], Iterator[Flaw]]]] = {
    "name": _bad_name,
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "type": _wrong_type,
    "enum": _not_one_of,
    "anyOf": _incomplete,
    "not": _both,
    "pattern": _bad_pattern,
    "minLength": _empty,
    **dict.fromkeys(_BOUNDS, _out_of_range),
}

_CODES: Final[Mapping[str, str]] = {
    "name": "bad-name",
    "additionalProperties": "unknown-key",
    "required": "missing-key",
    "type": "wrong-type",
    "enum": "bad-choice",
    "anyOf": "missing-key",
    "not": "conflicting-keys",
    "pattern": "bad-form",
    "minLength": "empty-value",
    **dict.fromkeys(_BOUNDS, "out-of-range"),
}
