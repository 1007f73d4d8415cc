"""A document brought into the form that its fields declare: copied, cleaned, coerced, defaults filled in.

The rule for values that say nothing, the same everywhere:

* null is dropped, unless the field has `allow_null`; in a list the item is dropped
* an empty text is dropped where it cannot be the value (all types but string, text and password), and dropped as a
  top-level value of these too, unless the field has `allow_empty`: a template that found nothing gives an empty text
* an absent or dropped value is replaced by the field's default value
* an empty list and an empty object are values

A list of one stands for its item where a single number, text, boolean or moment is wanted, and a single value for a
list of one where a list is wanted. `_values` has the rule for types. Whatever then does not fit is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.errors import nearest
from destination_actions.events import MISSING
from destination_actions.fields._checked import Coercion, CoercionCode, FieldError, child
from destination_actions.fields._dates import is_number, parse_moment
from destination_actions.fields._json import NotJson, copied, is_object, is_text
from destination_actions.fields._names import is_reserved
from destination_actions.fields._secret import MASK
from destination_actions.fields._specs import FieldSpec
from destination_actions.fields._values import COERCIONS

_TEXT: Final = frozenset({str})
_EXACT: Final[dict[str, frozenset[type]]] = {
    "string": _TEXT,
    "text": _TEXT,
    "password": _TEXT,
    "number": frozenset({int, float}),
    "integer": frozenset({int}),
    "datetime": frozenset({str, int, float}),
    "boolean": frozenset({bool}),
    "object": frozenset(),
    "any": frozenset(),
}
_NO_TYPES: Final[frozenset[type]] = frozenset()


class Report:
    """What was changed and what was found while a document was cleaned.

    `moved` tells, for the pointer of a cleaned list from which items were dropped, where its items stood.
    """

    __slots__ = ("coercions", "errors", "moved", "strict")

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.coercions: list[Coercion] = []
        self.errors: list[FieldError] = []
        self.moved: dict[str, list[int]] = {}

    def changed(self, spec: FieldSpec, at: str, code: CoercionCode, before: Any, after: Any) -> None:
        """Note a change, without the value where it is not to be shown."""
        if spec.private or spec.properties is not None:
            before, after = MASK, after if after is MISSING else MASK
        self.coercions.append(Coercion(at, code, before, after))

    def not_json(self, spec: FieldSpec, at: str, why: NotJson) -> None:
        """Note a value that no JSON document can hold."""
        self.errors.append(FieldError(f"{at}{why.pointer}", "not_json", spec.label, f"{spec.label} {why}"))


@dataclass(frozen=True, slots=True)
class Row:
    """One field, prepared for cleaning: `exact` are the types that need nothing done, `step` its pointer token."""

    step: str
    exact: frozenset[type]
    spec: FieldSpec
    coerce: Callable[[Any], Any]
    nested: Plan | None
    default: Any
    scalar: bool
    textual: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of a FieldSet, ready to be walked."""

    rows: tuple[tuple[str, frozenset[type], Row], ...]
    keys: frozenset[str]
    additional: bool


def plan_of(specs: tuple[FieldSpec, ...], *, additional: bool) -> Plan:
    """Prepare the fields of a FieldSet; nested ones have their plans already."""
    rows = (_row(spec) for spec in specs)
    return Plan(
        tuple((row.spec.key, row.exact, row) for row in rows), frozenset(spec.key for spec in specs), additional
    )


def _row(spec: FieldSpec) -> Row:
    return Row(
        step=child("", spec.key),
        exact=_NO_TYPES if spec.multiple or spec.parsed else _EXACT[spec.type],
        spec=spec,
        coerce=COERCIONS[spec.type],
        nested=None if spec.properties is None else spec.properties.__compiled__.plan,
        default=spec.default,
        scalar=spec.type not in ("object", "any"),
        textual=spec.type in ("string", "text", "password", "any"),
    )


def clean(plan: Plan, document: Mapping[str, Any], at: str, report: Report) -> dict[str, Any]:
    """Give a new document in wire keys; what is wrong in a way that JSON Schema cannot see goes into the report."""
    out: dict[str, Any] = {}
    absent = 0
    for key, exact, row in plan.rows:
        value = document.get(key, MISSING)
        kind = value.__class__
        if kind in exact and value and (kind is not str or value.isascii()):
            out[key] = value
            continue
        if value is MISSING:
            absent += 1
            if row.default is MISSING:
                continue
        value = _take(row, value, at + row.step, report, top=not at)
        if value is not MISSING:
            out[key] = value
    if len(plan.rows) - absent != len(document):
        _rest(plan, document, at, report, out)
    return out


def _take(row: Row, value: Any, at: str, report: Report, *, top: bool) -> Any:
    """Give the value of a field, its default, or MISSING."""
    spec = row.spec
    if value is None and spec.allow_null:
        return None
    if value is not MISSING:
        if spec.multiple:
            value = _list(row, value, at, report)
        else:
            value = _one(row, value, at, report, keep_empty=spec.allow_empty or not top)
    if value is MISSING and spec.default is not MISSING:
        return copied(spec.default)
    return value


def _list(row: Row, value: Any, at: str, report: Report) -> Any:
    if value is None or value == "":
        return _dropped(row.spec, value, at, report)
    if not isinstance(value, list | tuple):
        report.changed(row.spec, at, "wrapped", value, [value])
        value = [value]
    items: list[Any] = []
    kept: list[int] = []
    for index, given in enumerate(value):
        item = _one(row, given, f"{at}/{index}", report, keep_empty=True)
        if item is not MISSING:
            items.append(item)
            kept.append(index)
    if len(kept) != len(value):
        report.moved[at] = kept
    return items


def _one(row: Row, value: Any, at: str, report: Report, *, keep_empty: bool) -> Any:
    """Give a single value of a field's type, or MISSING where it says nothing."""
    if is_object(value):
        return _copied(row, value, at, report) if row.nested is None else clean(row.nested, value, at, report)
    if isinstance(value, list | tuple):
        if not row.scalar or len(value) != 1 or isinstance(value[0], list | tuple) or is_object(value[0]):
            return _copied(row, value, at, report)
        report.changed(row.spec, at, "unwrapped", value, value[0])
        value = value[0]
    if value is None and row.spec.allow_null and not row.spec.multiple:
        return None
    if value is None or value is MISSING or (value == "" and not (row.textual and keep_empty)):
        return _dropped(row.spec, value, at, report)
    return _converted(row, value, at, report)


def _dropped(spec: FieldSpec, value: Any, at: str, report: Report) -> Any:
    if value is not MISSING:
        report.changed(spec, at, "dropped_null" if value is None else "dropped_empty", value, MISSING)
    return MISSING


def _converted(row: Row, value: Any, at: str, report: Report) -> Any:
    new = row.coerce(value)
    if new is not value and (new != value or isinstance(new, bool) is not isinstance(value, bool)):
        report.changed(row.spec, at, "converted", value, new)
    if row.spec.parsed and new.__class__ is not bool and is_number(new) and parse_moment(new) is None:
        report.errors.append(FieldError(at, "format", row.spec.label, f"{row.spec.label} is a time beyond year 9999"))
    if new.__class__ in (bool, int, float) or (new.__class__ is str and is_text(new)):
        return new
    return _copied(row, new, at, report)


def _copied(row: Row, value: Any, at: str, report: Report) -> Any:
    try:
        return copied(value)
    except NotJson as why:
        report.not_json(row.spec, at, why)
        return None


def _rest(plan: Plan, document: Mapping[str, Any], at: str, report: Report, out: dict[str, Any]) -> None:
    """Deal with the keys that no field has: keep them where any are allowed, else report them."""
    for key, value in document.items():
        if key in plan.keys or value is MISSING or (not at and is_reserved(key)):
            continue
        where = child(at, key)
        if plan.additional:
            _keep(key, value, at, report, out)
        elif report.strict:
            hint = nearest(str(key), plan.keys)
            message = f'there is no field "{key}"' + (f"; {hint}" if hint else "")
            report.errors.append(FieldError(where, "unknown", "", message))
        else:
            report.coercions.append(Coercion(where, "dropped_unknown", MASK, MISSING))


def _keep(key: str, value: Any, at: str, report: Report, out: dict[str, Any]) -> None:
    try:
        out.update(copied({key: value}))
    except NotJson as why:
        report.errors.append(FieldError(f"{at}{why.pointer}", "not_json", "", f"{key} {why}"))
