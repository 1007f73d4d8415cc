"""Documents that a FieldSet accepts: made from its schema, and mended where conditions or validators want it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from destination_actions.fields import FieldError, FieldSet
from destination_actions.testing._generate.picks import Picks
from destination_actions.testing._generate.schemas import value

_TEXTUAL: Final = frozenset({"string", "text", "password", "any"})
_MENDED: Final = 12


def document(fields: type[FieldSet], picks: Picks, *, sync_mode: str | None = None) -> dict[str, Any]:
    """Make a document in wire keys.

    It begins with what is always required; everything else is added piece by piece, with what conditions and validators
    then ask for, and stays where the whole is still valid.
    """
    whole = _schema(fields)

    def wrong(made: Mapping[str, Any]) -> FieldError | None:
        return next(iter(fields.check(made, unknown="refuse", sync_mode=sync_mode).errors), None)

    least = {key: whole["properties"][key] for key in whole["required"]}
    first: dict[str, Any] = value({**whole, "properties": least}, picks, name=fields.__name__)
    made = _mended(first, whole, wrong, picks)
    if made is None:
        _given_up(fields, wrong(first), picks)
    for key, inner in whole["properties"].items():
        if key not in made and picks.present(key):
            more = {**made, key: value(inner, picks, root=whole, name=key)}
            longer = _mended(more, whole, wrong, picks)
            made = longer if longer is not None else made
    return made


def _mended(
    made: dict[str, Any], schema: Mapping[str, Any], wrong: Callable[[dict[str, Any]], FieldError | None], picks: Picks
) -> dict[str, Any] | None:
    """The document with what is found missing, or None where that does not help."""
    made = copy.deepcopy(made)
    for _ in range(_MENDED):
        error = wrong(made)
        if error is None:
            return made
        if not _mend(made, schema, error, picks):
            return None
    return None


def _given_up(fields: type[FieldSet], error: FieldError | None, picks: Picks) -> NoReturn:
    why = f'{error.message} ("{error.pointer}")' if error else "no reason is known"
    picks.give_up(f"no document of {fields.__name__} can be made: {why}")


def _schema(fields: type[FieldSet]) -> dict[str, Any]:
    """The schema of documents that no cleaning changes: an empty text at the top would be dropped."""
    schema = {key: one for key, one in fields.json_schema().items() if key != "allOf"}
    properties = dict(schema["properties"])
    for spec in fields.fields():
        if spec.type in _TEXTUAL and not spec.allow_empty and not spec.multiple:
            inner = properties[spec.key]
            properties[spec.key] = inner | {"minLength": max(1, inner.get("minLength", 0)), "not": {"enum": [""]}}
        if spec.multiple or spec.type == "any":
            properties[spec.key] = properties[spec.key] | ({} if spec.allow_null else {"not": {"enum": [None, ""]}})
    return schema | {"properties": properties}


def _mend(made: dict[str, Any], schema: Mapping[str, Any], error: FieldError, picks: Picks) -> bool:
    """Add what is missing, or make a required value anew; says whether there was anything to do."""
    *around, last = [token.replace("~1", "/").replace("~0", "~") for token in error.pointer.split("/")[1:]] or [""]
    holder, inner = _walked(made, schema, around)
    known = inner.get("properties", {})
    if error.code == "required" and last in known and isinstance(holder, dict) and last not in holder:
        holder[last] = value(known[last], picks, name=last)
        return True
    top = around[0] if around else last
    if top in made and top in schema["required"]:
        made[top] = value(schema["properties"][top], picks, name=top)
        return True
    return False


def _walked(made: Any, schema: Mapping[str, Any], path: list[str]) -> tuple[Any, Mapping[str, Any]]:
    holder, inner = made, schema
    for token in path:
        if isinstance(holder, list):
            holder, inner = holder[int(token)], inner.get("items", {})
        else:
            holder, inner = holder.get(token), inner.get("properties", {}).get(token, {})
    return holder, inner
