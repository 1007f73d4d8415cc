"""Constants of a trigger that no event of the plan can equal, where the trigger matches all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from destination_actions.checking.parts import Part
from destination_actions.checking.plans import EventPlan
from destination_actions.checking.report import Finding
from destination_actions.checking.shapes import Scalar, Shape, constant, union
from destination_actions.checking.triggers import can_equal, value_of, verdicts
from destination_actions.errors import nearest
from destination_actions.subscriptions.nodes import And, Compare, Condition, In, ListOf, Literal, Not, Or, Path


def unmatched(part: Part, plan: EventPlan) -> Iterator[Finding]:
    """Find what a trigger compares with in vain: in a list, or in one of several alternatives. Only a plan says so."""
    if plan.source != "plan":
        return
    condition = part.expression.condition
    kinds = [kind.shape for kind in plan.kinds if verdicts(condition, kind.shape).hold]
    for path, value in _compared(condition):
        found = union(value_of(path, kind) for kind in kinds)
        if not found.unknown and not can_equal(found, constant(value)):
            yield _finding(part, path, value, found)


def _compared(condition: Condition) -> Iterator[tuple[Path, Scalar]]:
    """Every place in an event and a constant that it is to equal; a test for null may well be there to be safe."""
    match condition:
        case And(clauses) | Or(clauses):
            for clause in clauses:
                yield from _compared(clause)
        case Not(clause):
            yield from _compared(clause)
        case Compare("=", Path("event", _) as path, Literal(value)) if value is not None:
            yield path, value
        case In(Path("event", _) as path, ListOf(items)):
            yield from ((path, item.value) for item in items if isinstance(item, Literal))


def _finding(part: Part, path: Path, value: Scalar, found: Shape) -> Finding:
    text = json.dumps(value, ensure_ascii=False)
    message = f"{part.name}: no event of the tracking plan has {'.'.join(path.keys)} = {text}"
    pointer = part.trigger_pointer
    return Finding("value-impossible", message, pointer, _hint(value, found.constants), part.place(pointer))


def _hint(value: Scalar, known: Sequence[Scalar]) -> str | None:
    texts = [one for one in known if isinstance(one, str)]
    shown = ", ".join(json.dumps(one, ensure_ascii=False) for one in known)
    return nearest(str(value), texts) or (f"there are {shown}" if shown and len(known) <= 12 else None)
