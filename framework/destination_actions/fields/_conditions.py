"""Conditions on other fields: when a field is required, and when it applies at all.

One rule: `is_` holds when the other field has that value (or one of a list of values; a list field: when it contains
one); `is_not` holds when the other field is there, be it null, and is none of these. `None` stands for "nothing
there": absent, null, an empty text or an empty list. So `is_=None` holds for an absent field and `is_not=None` for one
with a value. A number or a boolean may be written as text, as forms do, and the reverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from destination_actions.errors import DefinitionError
from destination_actions.events import MISSING
from destination_actions.fields._values import to_boolean, to_number, to_text

Operator: TypeAlias = Literal["is", "is_not"]
_OPERATORS = ("is", "is_not")
_SYNC_MODE = "__segment_internal_sync_mode"
_UNSET: Any = object()


@dataclass(frozen=True, slots=True)
class Condition:
    """One test on another field, or on the sync mode when `field` is None.

    `field` is a wire key or an attribute name, with dots to reach into an object. It is looked up from the inside
    outwards: first beside the field that has the condition, then in the objects around it. Inside a list of objects
    it means the same item. `values` are the values to compare with; empty stands for "nothing there".
    """

    field: str | None
    operator: Operator
    values: tuple[Any, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the form in which Segment writes it."""
        value = self.values[0] if len(self.values) == 1 else list(self.values)
        subject = {"type": "syncMode"} if self.field is None else {"fieldKey": self.field}
        return {**subject, "operator": self.operator, **({"value": value} if self.values else {})}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions of which all, or any, must hold."""

    match: Literal["all", "any"]
    parts: tuple[Condition | Conditions, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the form in which Segment writes it."""
        return {"match": self.match, "conditions": [part.to_json() for part in self.parts]}


def when(field: str, *, is_: Any = _UNSET, is_not: Any = _UNSET) -> Conditions:
    """Hold while another field is, or is not, this value or one of these values; None means nothing is there."""
    return Conditions("all", (_condition(field, is_, is_not),))


def when_sync_mode(*, is_: Any = _UNSET, is_not: Any = _UNSET) -> Conditions:
    """Hold while the subscription's sync mode (add, update, upsert, delete, mirror) is, or is not, one of these."""
    return Conditions("all", (_condition(None, is_, is_not),))


def all_of(*parts: Conditions) -> Conditions:
    """Hold while every part holds."""
    return Conditions("all", parts)


def any_of(*parts: Conditions) -> Conditions:
    """Hold while at least one part holds."""
    return Conditions("any", parts)


def conditions_from_json(data: Any) -> Conditions:
    """Read `{"match": "all" | "any", "conditions": [...]}` as Segment writes it; raise DefinitionError otherwise."""
    if not isinstance(data, Mapping) or not isinstance(data.get("conditions"), list):
        raise DefinitionError(f'conditions must be an object with a list "conditions", not {data!r}')
    match = data.get("match") or "all"
    if match not in ("all", "any"):
        raise DefinitionError(f'"match" must be "all" or "any", not {match!r}')
    return Conditions("any" if match == "any" else "all", tuple(_part_from_json(part) for part in data["conditions"]))


def forms(value: Any) -> tuple[Any, ...]:
    """Give a condition's value as fields of each type would have it: a number or a boolean as text, and the reverse."""
    if isinstance(value, str):
        return (value, *(form for form in (to_number(value), to_boolean(value)) if form is not value))
    return (value, to_text(value)) if isinstance(value, bool | int | float) else (value,)


def _part_from_json(data: Any) -> Condition | Conditions:
    if isinstance(data, Mapping) and "conditions" in data:
        return conditions_from_json(data)
    if not isinstance(data, Mapping) or data.get("operator") not in _OPERATORS:
        raise DefinitionError(f'a condition needs "operator": "is" or "is_not", not {data!r}')
    if data.get("type") == "syncMode" or data.get("fieldKey") == _SYNC_MODE:
        return Condition(None, data["operator"], _values(data.get("value")))
    if not isinstance(data.get("fieldKey"), str):
        raise DefinitionError(f'a condition needs a text "fieldKey", not {data!r}')
    return Condition(data["fieldKey"], data["operator"], _values(data.get("value")))


def _condition(field: str | None, is_: Any, is_not: Any) -> Condition:
    if (is_ is _UNSET) == (is_not is _UNSET):
        raise DefinitionError("a condition needs exactly one of is_ and is_not")
    return Condition(field, "is", _values(is_)) if is_not is _UNSET else Condition(field, "is_not", _values(is_not))


def _values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (list, tuple, set, frozenset)):
        several = tuple(None if one == "" else one for one in value)
        return () if set(map(type, several)) == {type(None)} else several
    return () if value is None or value is MISSING or value == "" else (value,)
