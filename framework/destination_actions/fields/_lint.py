"""Declarations that cannot be meant: refused when the class is made."""

from __future__ import annotations

import math
from dataclasses import replace

from destination_actions.errors import DefinitionError, nearest
from destination_actions.events import MISSING
from destination_actions.fields._formats import FORMATS
from destination_actions.fields._json import NotJson, copied
from destination_actions.fields._schema import compile_schema, value_schema
from destination_actions.fields._specs import FieldSpec

_TEXT = ("string", "text", "password")
_BOUNDED = (*_TEXT, "number", "integer")


def lint(spec: FieldSpec) -> None:
    """Raise DefinitionError where a field's declaration contradicts itself; the caller names class and field."""
    for check in (_label, _format, _pattern, _bounds, _items, _choices, _defaults):
        check(spec)


def _label(spec: FieldSpec) -> None:
    if not str(spec.label or "").strip():
        raise DefinitionError("has no label", hint="people read the label in forms and errors: give it a text")
    if not spec.key:
        raise DefinitionError("has an empty key")


def _format(spec: FieldSpec) -> None:
    if spec.format is None:
        return
    if spec.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise DefinitionError(f'has the unknown format "{spec.format}"', hint=nearest(spec.format, FORMATS) or known)
    if spec.type not in _TEXT:
        raise DefinitionError(f'has the format "{spec.format}" but is of type {spec.type}', hint="annotate it as str")


def _pattern(spec: FieldSpec) -> None:
    if spec.pattern is None:
        return
    if spec.type not in _TEXT:
        raise DefinitionError(f"has a pattern but is of type {spec.type}", hint="annotate it as str")
    try:
        compile_schema({"pattern": spec.pattern})
    except (ValueError, TypeError) as error:
        hint = "a pattern runs in linear time: no look-around, no back-references"
        raise DefinitionError(f"has a pattern that cannot be used: {spec.pattern!r}", hint=hint) from error


def _bounds(spec: FieldSpec) -> None:
    bounds = [bound for bound in (spec.minimum, spec.maximum) if bound is not None]
    if bounds and spec.type not in _BOUNDED:
        raise DefinitionError(f"has a minimum or maximum, which mean nothing for type {spec.type}", hint="leave it out")
    for bound in bounds:
        if isinstance(bound, bool) or not math.isfinite(bound):
            raise DefinitionError(f"has the bound {bound!r}, which is no number")
        if spec.type in _TEXT and (bound < 0 or bound != int(bound)):
            raise DefinitionError(f"has the bound {bound!r}, which is no length of a text")
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        raise DefinitionError(f"has minimum {bounds[0]} above maximum {bounds[1]}")


def _items(spec: FieldSpec) -> None:
    bounds = [bound for bound in (spec.min_items, spec.max_items) if bound is not None]
    if bounds and not spec.multiple:
        raise DefinitionError("has min_items or max_items but is no list", hint="annotate it as list[...]")
    if any(bound < 0 for bound in bounds) or (len(bounds) == 2 and bounds[0] > bounds[1]):
        raise DefinitionError(f"has min_items and max_items {bounds!r}, which no list meets")


def _choices(spec: FieldSpec) -> None:
    if not spec.choices:
        return
    if spec.type in ("object", "any"):
        raise DefinitionError(f"has choices but is of type {spec.type}")
    values = [choice.value for choice in spec.choices]
    if len({(type(value), value) for value in values}) != len(values):
        raise DefinitionError("has the same choice twice")
    kind = compile_schema(value_schema(replace(spec, choices=(), allow_null=False)))
    for value in values:
        if not kind.is_valid(value):
            raise DefinitionError(f"has the choice {value!r}, which is no valid {spec.type}")


def _defaults(spec: FieldSpec) -> None:
    if spec.default is not MISSING and spec.secret:
        raise DefinitionError("is secret and has a default", hint="a secret in a declaration is no secret")
    for word, value in (("default", spec.default), ("mapping", spec.mapping)):
        try:
            copied(value if value is not MISSING else None)
        except NotJson as why:
            raise DefinitionError(f"has a {word} that is no JSON: at {why.pointer or 'its root'} it {why}") from why
