"""Whether what a mapping can give is what a field takes: proven, possible, impossible or unknown.

Constants are tried on the field itself. Of kinds of values, the rules of `destination_actions.fields` are applied:
what is converted on the way counts as what it becomes. Conditions on other fields, and validators of a class, are not
looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from destination_actions.checking.doubts import Cause, Doubt
from destination_actions.checking.scalars import TEXTS, number_doubts, text_doubts
from destination_actions.checking.shapes import (
    EVERYTHING,
    ListOf,
    Number,
    ObjectOf,
    Scalar,
    Shape,
    Text,
)
from destination_actions.events import MISSING
from destination_actions.fields import Conditions, FieldSet, FieldSpec
from destination_actions.fields._fieldset import made

Verdict: TypeAlias = Literal["proven", "possible", "impossible", "unknown"]

_KIND_NAMES: Final = {Text: "text", Number: "a number", ListOf: "a list", ObjectOf: "an object"}


@dataclass(frozen=True, slots=True)
class Fit:
    """The verdict on one field, with every doubt."""

    verdict: Verdict
    doubts: tuple[Doubt, ...] = ()

    @property
    def causes(self) -> frozenset[Cause]:
        """What the doubts are about."""
        return frozenset(doubt.cause for doubt in self.doubts)


def fit_of(shape: Shape, spec: FieldSpec) -> Fit:
    """Judge all values of a shape as values of a field, at the top of a document.

    Impossible is a field of which every value that is there is refused, whatever becomes of it where there is none; an
    empty text counts as none, as it does at the top of a document.
    """
    given, all_parts = list(_judged(shape.given, spec, top=True)), list(_judged(shape, spec, top=True))
    found = _summed(all_parts)
    return replace(found, verdict="impossible") if given and _is_refused(given) else found


def joined(fits: Iterable[Fit]) -> Fit:
    """Judge several sets of values together."""
    listed = list(fits)
    doubts = tuple(dict.fromkeys(doubt for fit in listed for doubt in fit.doubts))
    verdicts = {fit.verdict for fit in listed}
    if len(verdicts) == 1:
        return Fit(verdicts.pop(), doubts)
    return Fit("unknown" if verdicts <= {"unknown", "proven"} else "possible", doubts)


def _summed(parts: list[tuple[Doubt, ...]]) -> Fit:
    """One verdict of the doubts on each kind of value."""
    doubts = tuple(dict.fromkeys(doubt for part in parts for doubt in part))
    if not doubts:
        return Fit("proven")
    if _is_refused(parts):
        return Fit("impossible", doubts)
    known = {doubt.cause for doubt in doubts} - {"unknown"}
    return Fit("possible" if known else "unknown", doubts)


def _is_refused(parts: list[tuple[Doubt, ...]]) -> bool:
    return all(any(doubt.certain for doubt in part) for part in parts)


def _judged(shape: Shape, spec: FieldSpec, *, top: bool) -> Iterator[tuple[Doubt, ...]]:
    """Give the doubts on each kind of value; an empty tuple for one that fits."""
    if shape.missing:
        yield tuple(_absent(spec))
    if shape.unknown:
        if spec.type == "any" and not spec.choices and not spec.multiple and not spec.always_required:
            yield ()
        else:
            yield (Doubt("unknown", "nothing is known of its type"),)
        return
    for part in shape.parts():
        yield tuple(_doubts(part, spec, top=top))


def _absent(spec: FieldSpec) -> Iterator[Doubt]:
    if spec.default is not MISSING:
        return
    if spec.always_required:
        yield Doubt("missing", "nothing may be there, and the field is required", certain=True)
    elif isinstance(spec.required, Conditions) or spec.required:
        yield Doubt("condition", "nothing may be there, and the field is required sometimes")


def _doubts(part: Any, spec: FieldSpec, *, top: bool) -> Iterator[Doubt]:
    if isinstance(part, Text) and part.low == 0:
        yield from _empty(spec, top=top)
        part = replace(part, low=1)
        if part.high == 0:
            return
    if spec.multiple:
        yield from _in_list(part, spec)
    elif isinstance(part, ListOf):
        yield from _unwrapped(part, spec)
    elif isinstance(part, Text | Number | ObjectOf):
        yield from _single(part, spec)
    else:
        yield from _tried(part, spec)


def _tried(value: Scalar, spec: FieldSpec) -> Iterator[Doubt]:
    """Try a constant on the field itself."""
    for error in _alone(spec).check({spec.key: value}).errors:
        cause: Cause = "missing" if error.code == "required" else "kind" if error.code == "type" else "form"
        yield Doubt(cause, error.message, certain=True)


def _alone(spec: FieldSpec) -> type[FieldSet]:
    """A field without what it asks of others, and without its mapping, on which nothing depends here."""
    plain = replace(spec, required=spec.always_required, depends_on=None, mapping=MISSING)
    try:
        return _made(plain)
    except TypeError:  # a default that cannot be hashed
        return made("Field", (plain,), additional=False)


@lru_cache(512)
def _made(spec: FieldSpec) -> type[FieldSet]:
    return made("Field", (spec,), additional=False)


def _empty(spec: FieldSpec, *, top: bool) -> Iterator[Doubt]:
    """An empty text says nothing at the top of a document, and within it only where the type is no text."""
    if top:
        wrong = bool(list(_tried("", spec)))
    elif spec.type in TEXTS:
        wrong = bool(spec.minimum or spec.pattern or spec.format or spec.choices)
    else:
        wrong = spec.always_required
    if wrong:
        yield Doubt("empty", "the text may be empty")


# --- lists -----------------------------------------------------------------------------------------------------------


def _in_list(part: Any, spec: FieldSpec) -> Iterator[Doubt]:
    """A list field takes a list, and anything else as a list of one."""
    if not isinstance(part, ListOf):
        if not isinstance(part, Text | Number | ObjectOf):
            yield from _tried(part, spec)
            return
        part = ListOf(_shape(part), 1, 1)
    one = replace(
        spec, multiple=False, required=False, depends_on=None, default=MISSING, min_items=None, max_items=None
    )
    items = list(_judged(EVERYTHING if part.each is None else part.each, one, top=False))
    for doubt in _together(items, "an item: "):
        yield replace(doubt, certain=doubt.certain and part.low > 0)
    yield from _counted(part, spec)


def _shape(part: Text | Number | ObjectOf) -> Shape:
    match part:
        case Text():
            return Shape(text=part)
        case Number():
            return Shape(number=part)
        case ObjectOf():
            return Shape(members=part)


def _counted(part: ListOf, spec: FieldSpec) -> Iterator[Doubt]:
    low = 0 if part.each is None or _may_be_dropped(part.each, spec) else part.low
    least, most = spec.min_items or 0, spec.max_items
    if low < least:
        short = part.high is not None and part.high < least
        yield Doubt("form", f"the list may have fewer than {least} items", certain=short)
    if most is not None and (part.high is None or part.high > most):
        yield Doubt("form", f"the list may have more than {most} items", certain=low > most)


def _may_be_dropped(each: Shape, spec: FieldSpec) -> bool:
    empty = (each.text is not None and each.text.low == 0) or "" in each.constants
    return each.absent or (empty and spec.type not in TEXTS)


def _unwrapped(part: ListOf, spec: FieldSpec) -> Iterator[Doubt]:
    """A single field takes a list of one, unless it takes any list."""
    if spec.type == "any" and not spec.choices:
        return
    can = part.low <= 1 and (part.high is None or part.high >= 1) and spec.type not in ("object", "any")
    if not can:
        yield Doubt("kind", "a list is not taken", certain=True)
    elif (part.low, part.high) == (1, 1) and part.each is not None:
        rest = replace(part.each, items=None)
        if part.each.items is not None:
            yield Doubt("kind", "a list in a list is not taken", certain=rest.nothing)
        yield from _together(list(_judged(rest, spec, top=True)), "its one item: ")
    else:
        yield Doubt("kind", "a list is only taken if it has one item")


# --- single values ---------------------------------------------------------------------------------------------------


def _single(part: Text | Number | ObjectOf, spec: FieldSpec) -> Iterator[Doubt]:
    if spec.type == "any":
        if spec.choices:
            yield Doubt("form", "it may be none of the choices")
    elif isinstance(part, ObjectOf):
        yield from _object(part, spec)
    elif spec.type == "object":
        yield Doubt("kind", f"{_KIND_NAMES[type(part)]} is no object", certain=True)
    elif isinstance(part, Text):
        yield from text_doubts(part, spec)
    else:
        yield from number_doubts(part, spec)


def _object(part: ObjectOf, spec: FieldSpec) -> Iterator[Doubt]:
    if spec.type != "object":
        yield Doubt("kind", "an object is not taken", certain=True)
        return
    for inner in spec.properties.fields() if spec.properties else ():
        yield from _together(list(_judged(part.member(inner.key), inner, top=False)), f"{inner.key}: ")


def _together(parts: list[tuple[Doubt, ...]], what: str) -> Iterator[Doubt]:
    """The doubts on values within another; they are certain where each of the values is refused."""
    certain = bool(parts) and _is_refused(parts)
    for doubt in dict.fromkeys(doubt for part in parts for doubt in part):
        yield replace(doubt, why=f"{what}{doubt.why}", certain=certain)
