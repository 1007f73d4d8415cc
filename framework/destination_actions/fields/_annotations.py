"""What an annotation says about a field: its type, whether it is a list, whether it may be None."""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin

from destination_actions.errors import DefinitionError
from destination_actions.fields._secret import Secret
from destination_actions.fields._specs import FieldType, NestedClass

_SCALARS: dict[Any, FieldType] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "datetime",
    Secret: "password",
    Any: "any",
}
_ALLOWED = (
    "str, int, float, bool, datetime, Timestamp, Secret, Literal, dict[str, Any], a FieldSet, Any, a list of these"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """An annotation, read. `literals` are the values of a `Literal`, `properties` the nested FieldSet."""

    type: FieldType
    multiple: bool = False
    optional: bool = False
    literals: tuple[Any, ...] = ()
    properties: NestedClass | None = None
    parsed: bool = False


def read_annotation(annotation: Any) -> Shape:
    """Read an annotation; raise DefinitionError for one that no field can have."""
    members = _members(annotation)
    optional = type(None) in members
    members = [member for member in members if member is not type(None)]
    inner = members[0] if len(members) == 1 else None
    if get_origin(inner) is list:
        return _list_shape(get_args(inner)[0], optional)
    if inner is list:
        return Shape("any", multiple=True, optional=optional)
    return _single(members, optional)


def _list_shape(item: Any, optional: bool) -> Shape:
    one = read_annotation(item)
    if one.multiple or one.optional:
        raise DefinitionError(f"a list cannot hold {item!r}", hint="use list[X] with X one of: " + _ALLOWED)
    return Shape(one.type, True, optional, one.literals, one.properties, one.parsed)


def _single(members: list[Any], optional: bool) -> Shape:
    if len(members) > 1:
        if set(members) <= {str, int, float} and str in members:
            return Shape("datetime", optional=optional)
        raise DefinitionError(f"no field can be one of several types {members!r}", hint="use one of: " + _ALLOWED)
    (annotation,) = members or [Any]
    if get_origin(annotation) is Literal:
        return _literal(get_args(annotation), optional)
    if _is_object(annotation):
        return Shape("object", optional=optional)
    if _is_fieldset(annotation):
        return Shape("object", optional=optional, properties=annotation)
    if annotation not in _SCALARS:
        raise DefinitionError(f"no field has the type {annotation!r}", hint="use one of: " + _ALLOWED)
    return Shape(_SCALARS[annotation], optional=optional or annotation is Any, parsed=annotation is datetime)


def _literal(values: tuple[Any, ...], optional: bool) -> Shape:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) != 1 or not kinds <= {str, int, bool}:
        raise DefinitionError(f"a Literal must hold values of one type (str, int or bool), not {values!r}")
    plain = tuple(value for value in values if value is not None)
    return Shape(_SCALARS[kinds.pop()], optional=optional or None in values, literals=plain)


def _members(annotation: Any) -> list[Any]:
    return list(get_args(annotation)) if get_origin(annotation) in (Union, types.UnionType) else [annotation]


def _is_object(annotation: Any) -> bool:
    return annotation is dict or (get_origin(annotation) is dict and get_args(annotation)[0] is str)


def _is_fieldset(annotation: Any) -> bool:
    from destination_actions.fields._fieldset import FieldSet

    return isinstance(annotation, type) and issubclass(annotation, FieldSet)
