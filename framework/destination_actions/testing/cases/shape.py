"""What `schemas/cases.schema.json` has against a case file, in sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from destination_actions.config.nodes import escape
from destination_actions.config.shape import Flaw, readable
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
    "null": "null",
}
_QUOTED: Final = 60
_COLUMN: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def flaws(value: Json) -> Iterator[Flaw]:
    """Everything that is wrong with the shape of a case file."""
    yield from _sentences(_validator("").iter_errors(value))


def case_flaws(value: Json) -> Iterator[Flaw]:
    """The same for one case whose columns have been filled in; pointers start at the case."""
    yield from _sentences(_validator("#/$defs/case").iter_errors(value))


@cache
def _validator(part: str) -> Draft202012Validator:
    schema = load_schema("cases")
    if part:
        schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": part}
    return Draft202012Validator(schema)


def _sentences(errors: Iterable[Any]) -> Iterator[Flaw]:
    for error in errors:
        if isinstance(error.instance, str) and _COLUMN.fullmatch(error.instance):
            continue  # it is looked at again when a table has filled it in; without one it is no column
        pointer = "".join(f"/{escape(str(part))}" for part in error.absolute_path)
        where = readable(pointer) if pointer else "the file"
        yield from _SENTENCES.get(str(error.validator), _other)(error, pointer, where)


def _unknown_keys(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    known = list(_schema(error).get("properties", {}))
    matchers = "patternProperties" in _schema(error)
    for key in error.instance:
        if key not in known and not (matchers and key.startswith("$")):
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
            yield Flaw(f"{pointer}/{escape(key)}", f'{where}: unknown key "{key}"', hint, at_key=True)


def _missing(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    for key in error.validator_value:
        if key not in error.instance:
            yield Flaw(pointer, f'{where}: "{key}" is missing', at_key=True)


def _wrong_type(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    wanted = error.validator_value
    names = [_TYPES[name] for name in (wanted if isinstance(wanted, list) else [wanted])]
    yield Flaw(pointer, f"{where}: must be {' or '.join(names)}{_not(error.instance)}")


def _bad_pattern(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    words = [word for word in str(error.validator_value).strip("^()$").split("|") if word.isalpha()]
    if _schema(error).get("title") == "Duration":
        yield Flaw(pointer, f"{where}: is no duration{_not(error.instance)}", 'write seconds, or text such as "5m"')
    elif words:
        hint = nearest(error.instance, words)
        yield Flaw(pointer, f"{where}: must be one of {', '.join(words)}{_not(error.instance)}", hint)
    else:
        yield Flaw(pointer, f"{where}: is not allowed here{_not(error.instance)}", _schema(error).get("description"))


def _not_one_of(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    wanted = [str(value) for value in error.validator_value]
    hint = nearest(str(error.instance), wanted)
    yield Flaw(pointer, f"{where}: must be one of {', '.join(wanted)}{_not(error.instance)}", hint)


def _empty(_: Any, pointer: str, where: str) -> Iterator[Flaw]:
    yield Flaw(pointer, f"{where}: must not be empty", at_key=True)


def _other(error: Any, pointer: str, where: str) -> Iterator[Flaw]:
    yield Flaw(pointer, f"{where}: must keep to {error.validator} {error.validator_value!r}{_not(error.instance)}")


def _not(value: Json) -> str:
    """`, not VALUE` for a message."""
    if isinstance(value, dict | list):
        return ", not an object" if isinstance(value, dict) else ", not a list"
    text = json.dumps(value, ensure_ascii=False)
    return f", not {text}" if len(text) <= _QUOTED else f', not {text[:_QUOTED]}..."'


def _schema(error: Any) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


_SENTENCES: Final[Mapping[str, Callable[[Any, str, str], Iterator[Flaw]]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "type": _wrong_type,
    "pattern": _bad_pattern,
    "enum": _not_one_of,
    "minItems": _empty,
    "minLength": _empty,
    "minProperties": _empty,
}
