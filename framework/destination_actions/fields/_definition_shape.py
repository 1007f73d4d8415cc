"""Whether a field definition has the shape that `schemas/field.schema.json` describes."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs

from destination_actions.errors import DefinitionError
from destination_actions.fields._json import NotJson, copied
from destination_actions.fields._schema import compile_schema
from destination_actions.schemas import load_schema

_JUDGED_ELSEWHERE = ("label", "type", "format", "properties")


@cache
def _shape() -> tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]:
    """The schema of one definition without what is judged more kindly: unknown words, and a label that is missing."""
    schema = load_schema("field")
    one = {word: rule for word, rule in schema["$defs"]["field"].items() if word in ("type", "properties")}
    rules = {word: rule for word, rule in one["properties"].items() if word not in _JUDGED_ELSEWHERE}
    shape = {**one, "properties": rules, "$defs": schema["$defs"]}
    return shape, compile_schema(shape)


def check_shape(definition: Any) -> None:
    """Raise DefinitionError where a word of a definition has a value that it cannot have."""
    schema, validator = _shape()
    try:
        plain = copied(definition)
    except NotJson as why:
        raise DefinitionError(f"is no JSON: at {why.pointer or 'its root'} it {why}") from why
    if validator.is_valid(plain):
        return
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(schema).iter_errors(plain)))
    raise DefinitionError(f'has a wrong "{"/".join(map(str, error.path))}": {error.message:.200}')
