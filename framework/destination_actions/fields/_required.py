"""Which fields are required in this document: conditions looked up from the inside outwards, after coercion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from destination_actions.events import MISSING
from destination_actions.fields._conditions import Condition, Conditions, forms
from destination_actions.fields._specs import FieldSpec

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet


@dataclass(frozen=True, slots=True)
class Scope:
    """An object within the document: its fields, its members, and the object around it, entered through `key`."""

    fields: type[FieldSet]
    members: dict[str, Any]
    sync_mode: str | None
    outer: Scope | None = None
    key: str = ""


def is_conditional(spec: FieldSpec) -> bool:
    """Tell whether the field, or one within it, is required only under conditions."""
    inner = spec.properties
    if isinstance(spec.required, Conditions) or (spec.required and spec.depends_on is not None):
        return True
    return inner is not None and bool(inner.__compiled__.conditional)


def applies(spec: FieldSpec, scope: Scope) -> bool:
    """Tell whether what the field depends on holds."""
    return spec.depends_on is None or holds(spec.depends_on, scope)


def is_required(spec: FieldSpec, scope: Scope) -> bool:
    """Tell whether the field needs a value here: a field that does not apply never does."""
    wanted = holds(spec.required, scope) if isinstance(spec.required, Conditions) else spec.required
    return wanted and applies(spec, scope)


def absent_paths(scope: Scope, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the paths of values that conditions require and that are absent, at any depth."""
    for spec in scope.fields.__compiled__.conditional:
        here = (*path, spec.key)
        if spec.key not in scope.members:
            if not spec.always_required and is_required(spec, scope):
                yield here
        elif spec.properties is not None:
            yield from _inside(spec, scope, here)


def _inside(spec: FieldSpec, scope: Scope, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    value = scope.members[spec.key]
    items = enumerate(value) if isinstance(value, list) else [(None, value)]
    for index, item in items:
        if isinstance(item, dict) and spec.properties is not None:
            inner = Scope(spec.properties, item, scope.sync_mode, scope, spec.key)
            yield from absent_paths(inner, path if index is None else (*path, index))


def holds(condition: Conditions | Condition, scope: Scope) -> bool:
    """Evaluate a condition from within an object."""
    if isinstance(condition, Conditions):
        test = all if condition.match == "all" else any
        return test(holds(part, scope) for part in condition.parts)
    found = [value for value in _candidates(condition, scope) if value is not MISSING]
    nothing = all(value is None or value in ("", []) for value in found)
    if not condition.values:
        return nothing == (condition.operator == "is")
    hit = any(_meets(value, condition.values) for value in found) or (nothing and _among(None, condition.values))
    return hit if condition.operator == "is" else bool(found) and not hit


def _candidates(condition: Condition, scope: Scope) -> Iterator[Any]:
    if condition.field is None:
        yield MISSING if scope.sync_mode is None else scope.sync_mode
        return
    chain = list(_chain(scope))
    for depth, level in enumerate(chain):
        for head, rest in splits(condition.field):
            if (spec := level.fields.__compiled__.by_word.get(head)) is not None:
                entered = chain[depth - 1] if depth and chain[depth - 1].key == spec.key else None
                yield from _values(spec, level.members.get(spec.key, MISSING), rest, entered)
                return


def _values(spec: FieldSpec, value: Any, rest: str, entered: Scope | None) -> Iterator[Any]:
    """Give the values at the end of a path, coerced; through the same item where the path leads back inside."""
    if not rest:
        yield value
        return
    members = entered.members if entered else value
    for item in members if isinstance(members, list) else [members]:
        for head, tail in splits(rest):
            inner = spec.properties.__compiled__.by_word.get(head) if spec.properties else None
            if inner is not None and isinstance(item, dict):
                yield from _values(inner, item.get(inner.key, MISSING), tail, None)
                break


def _chain(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.outer


def splits(path: str) -> Iterator[tuple[str, str]]:
    """Give the ways to read a dotted path, the longest first key first: a key may have dots itself."""
    words = path.split(".")
    for cut in range(len(words), 0, -1):
        yield ".".join(words[:cut]), ".".join(words[cut:])


def _meets(value: Any, wanted: tuple[Any, ...]) -> bool:
    """Tell whether a value is one of these, or a list contains one."""
    return any(_among(item, wanted) for item in value) if isinstance(value, list) else _among(value, wanted)


def _among(value: Any, wanted: tuple[Any, ...]) -> bool:
    return any(_same(value, other) for other in wanted)


def _same(value: Any, other: Any) -> bool:
    """Compare as JSON does; a condition may write a number or a boolean as text, as forms do, and the reverse."""
    return any(
        isinstance(value, bool) is isinstance(form, bool)
        and isinstance(value, str) is isinstance(form, str)
        and bool(value == form)
        for form in forms(other)
    )
