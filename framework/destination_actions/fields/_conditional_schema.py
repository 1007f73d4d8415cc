"""Conditions as `if` and `then` of JSON Schema, for those who read exported schemas.

Documents are not checked with these: `_required` evaluates conditions in code. What JSON Schema cannot say is left
out of the export: a condition on the sync mode, and one inside a list that looks at a field outside its item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from destination_actions.fields._conditions import Condition, Conditions, forms
from destination_actions.fields._required import is_conditional, splits
from destination_actions.fields._specs import FieldSpec, FieldType

Schema = dict[str, Any]
Path: TypeAlias = "tuple[FieldSpec, ...]"


@dataclass(frozen=True, slots=True)
class Level:
    """The fields of an object, and those that lead to it from the object that gets the schema.

    `entered` has the names of the list of which the object is an item: in a condition they mean this very item.
    """

    specs: tuple[FieldSpec, ...]
    path: Path = ()
    entered: tuple[str, ...] = ()


def conditional_schemas(specs: Iterable[FieldSpec], entered: tuple[str, ...] = ()) -> list[Schema]:
    """Give the `if`/`then` pairs of an object's fields and of the objects within; lists of objects have their own."""
    return list(_pairs((Level(tuple(specs), entered=entered),)))


def _pairs(levels: tuple[Level, ...]) -> Iterator[Schema]:
    here = levels[-1]
    for spec in here.specs:
        path = (*here.path, spec)
        if isinstance(spec.required, Conditions) or (spec.required and spec.depends_on):
            yield from _pair(spec, path, levels)
        if spec.properties is not None and not spec.multiple and is_conditional(spec):
            yield from _pairs((*levels, Level(spec.properties.fields(), path)))


def _pair(spec: FieldSpec, path: Path, levels: tuple[Level, ...]) -> Iterator[Schema]:
    parts = tuple(part for part in (spec.required, spec.depends_on) if isinstance(part, Conditions))
    test = _test(Conditions("all", parts), levels)
    if test is not None:
        yield {"if": test, "then": _needs([one.key for one in path], test)}


def _needs(path: Sequence[str], test: Schema) -> Schema:
    """Require a member; the objects around it are named as present where the condition says that they are."""
    key, *rest = path
    if not rest:
        return {"required": [key]}
    inner = test.get("properties", {}).get(key, {})
    present = {"required": [key]} if key in test.get("required", ()) else {}
    return {**present, "properties": {key: _needs(rest, inner)}}


def _test(part: Conditions | Condition, levels: tuple[Level, ...]) -> Schema | None:
    if isinstance(part, Condition):
        return _one(part, levels)
    tests = [_test(inner, levels) for inner in part.parts]
    if None in tests or not tests:
        return None
    return tests[0] if len(tests) == 1 else {"allOf" if part.match == "all" else "anyOf": tests}


def _one(condition: Condition, levels: tuple[Level, ...]) -> Schema | None:
    found = _found(condition, levels)
    if found is None:
        return None
    spec, path = found
    present = _at(path, {"not": {"enum": [None, "", *([[]] if spec.multiple else [])]}})
    if not condition.values:
        return present if condition.operator == "is_not" else {"not": present}
    hit, empty = _among(spec, condition.values), None in condition.values
    if condition.operator == "is":
        return {"anyOf": [_at(path, hit), {"not": present}]} if empty else _at(path, hit)
    return {"allOf": [_at(path, {"not": hit}), present]} if empty else _at(path, {"not": hit})


def _found(condition: Condition, levels: tuple[Level, ...]) -> tuple[FieldSpec, Path] | None:
    if condition.field is None:
        return None
    for level in reversed(levels):
        for head, rest in splits(condition.field):
            spec = next((spec for spec in level.specs if head in (spec.key, spec.name)), None)
            if spec is not None:
                return _inward(spec, (*level.path, spec), rest)
            if rest and head in level.entered:
                return _found(Condition(rest, "is", ()), (Level(level.specs, level.path),))
    return None


def _inward(spec: FieldSpec, path: Path, rest: str) -> tuple[FieldSpec, Path] | None:
    if not rest:
        return spec, path
    inner = Condition(rest, "is", ())
    within = spec.properties
    return None if within is None or spec.multiple else _found(inner, (Level(within.fields(), path),))


def _at(path: Path, test: Schema) -> Schema:
    spec, *rest = path
    # For a null, properties say nothing: where there may be one, the object itself is asked for.
    given = {"type": "object"} if rest and spec.allow_null else {}
    return {"properties": {spec.key: {**given, **_at(tuple(rest), test)} if rest else test}, "required": [spec.key]}


def _among(spec: FieldSpec, values: tuple[Any, ...]) -> Schema:
    able = _ABLE.get(spec.type)
    typed = [form for value in values for form in forms(value) if able is None or form is None or able(form)]
    listed = typed or list(values)
    test = {"const": listed[0]} if len(listed) == 1 else {"enum": listed}
    if not spec.multiple:
        return test
    held: Schema = {"type": "array", "contains": test}
    return {"anyOf": [{"const": None}, held]} if None in listed else held


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_ABLE: Final[dict[FieldType, Callable[[Any], bool]]] = {
    "string": _is_text,
    "text": _is_text,
    "password": _is_text,
    "number": _is_number,
    "integer": _is_number,
    "boolean": lambda value: isinstance(value, bool),
}
"""What a value of the type can be equal to; the other types hold values of several kinds."""
