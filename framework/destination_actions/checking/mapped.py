"""The fields of a subscription against what its mapping can give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from destination_actions.checking.doubts import Doubt
from destination_actions.checking.fits import Fit, fit_of, joined
from destination_actions.checking.parts import Part
from destination_actions.checking.plans import EventPlan
from destination_actions.checking.report import Finding, Judged
from destination_actions.checking.resolve import Scope, resolved
from destination_actions.checking.shapes import MISSING_SHAPE, Shape
from destination_actions.fields import FieldSpec

_CODES: Final = (
    ("kind", "type-possible"),
    ("missing", "required-may-be-missing"),
    ("form", "form-unproven"),
    ("empty", "form-unproven"),
)
"""Which finding a doubt becomes; the first that applies. What is unknown, or depends on other fields, is none."""


def judged_fields(part: Part, shapes: Sequence[Shape]) -> Iterator[tuple[FieldSpec, Judged]]:
    """Judge every field for the events that trigger the subscription."""
    if not part.plain or not shapes:
        return
    documents = [resolved(dict(part.mapping), Scope(shape, shape, part.directives)) for shape in shapes]
    for spec in part.action.payload.fields():
        values = [one.members.member(spec.key) if one.members else MISSING_SHAPE for one in documents]
        fit = joined(fit_of(value, spec) for value in values)
        yield spec, Judged(part.lane.name, part.id, spec.key, fit)


def misfits(part: Part, judged: Sequence[tuple[FieldSpec, Judged]], plan: EventPlan) -> Iterator[Finding]:
    """Say of which fields the values never fit and, where a plan says what events have, of which they may not."""
    for spec, one in judged:
        pointer = part.field_pointer(spec.key)
        if one.fit.verdict == "impossible":
            yield _finding(part, spec, "type-impossible", "never fits", _first(one.fit, certain=True), pointer)
        elif one.fit.verdict == "possible" and plan.source != "none":
            cause, code = next(((c, code) for c, code in _CODES if c in one.fit.causes), ("", ""))
            doubt = next((doubt for doubt in one.fit.doubts if doubt.cause == cause), None)
            if doubt is not None:
                yield _finding(part, spec, code, "may not fit", doubt, pointer)


def _first(fit: Fit, *, certain: bool) -> Doubt:
    return next((doubt for doubt in fit.doubts if doubt.certain == certain), fit.doubts[0])


def _finding(part: Part, spec: FieldSpec, code: str, verdict: str, doubt: Doubt, pointer: str) -> Finding:
    kind = f"list of {spec.type}" if spec.multiple else spec.type
    message = f"{part.name}: what {spec.key} ({kind}) is given {verdict}: {doubt.why}"
    return Finding(code, message, pointer, place=part.place(pointer))
