"""What a trigger makes of events of which only the shape is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from destination_actions.checking.shapes import (
    EVERYTHING,
    MISSING_SHAPE,
    NOTHING,
    Number,
    Scalar,
    Shape,
    Text,
    constant,
    meet,
    same,
    union,
    with_member,
)
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.limits import Budget
from destination_actions.subscriptions.nodes import (
    And,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    Operand,
    Or,
    Path,
    Quantified,
    Truth,
)
from destination_actions.subscriptions.values import COMPARERS, WRONG, is_number

_MOST_COMBINATIONS: Final = 64


@dataclass(frozen=True, slots=True)
class Can:
    """Which verdicts a condition can have."""

    hold: bool
    fail: bool

    def negated(self) -> Can:
        """The verdicts of the opposite."""
        return Can(self.fail, self.hold)


MAYBE: Final = Can(hold=True, fail=True)


def verdicts(condition: Condition, event: Shape, item: Shape = NOTHING) -> Can:
    """Give the verdicts that a condition can have on events of a shape, or one more."""
    match condition:
        case And(clauses):
            return _all(verdicts(clause, event, item) for clause in clauses)
        case Or(clauses):
            return _any(verdicts(clause, event, item) for clause in clauses)
        case Not(clause):
            return verdicts(clause, event, item).negated()
        case Quantified(quantifier, source, inner):
            return _quantified(quantifier, _operand(source, event, item), inner, event)
        case _:
            return _clause(condition, event, item)


def _clause(clause: Compare | In | Truth, event: Shape, item: Shape) -> Can:
    match clause:
        case Compare("=", left, right):
            return _equal(_operand(left, event, item), _operand(right, event, item))
        case Compare(sign, left, right):
            return _ordered(sign, _operand(left, event, item), _operand(right, event, item))
        case In(left, ListOf(items)):
            value = _operand(left, event, item)
            return _any(_equal(value, _operand(one, event, item)) for one in items)
        case In(_, right):
            return Can(_operand(right, event, item).items is not None, fail=True)
        case Truth(operand):
            return _equal(_operand(operand, event, item), constant(value=True))


def _all(found: Iterable[Can]) -> Can:
    listed = list(found)
    return Can(all(one.hold for one in listed), any(one.fail for one in listed))


def _any(found: Iterable[Can]) -> Can:
    listed = list(found)
    return Can(any(one.hold for one in listed), all(one.fail for one in listed))


def _quantified(quantifier: str, source: Shape, inner: Condition, event: Shape) -> Can:
    if source.items is None:
        return Can(hold=False, fail=True)
    one = verdicts(inner, event, EVERYTHING if source.items.each is None else source.items.each)
    if quantifier == "any":
        return Can(hold=one.hold, fail=True)
    return Can(hold=True, fail=True)


def value_of(path: Path, event: Shape) -> Shape:
    """Give what may stand at a path; null where nothing does."""
    return _operand(path, event, NOTHING)


def can_equal(left: Shape, right: Shape) -> bool:
    """Whether two values may be the same."""
    return _equal(left, right).hold


def _operand(operand: Operand, event: Shape, item: Shape) -> Shape:
    """Give what an operand may be; what is missing is null, and `WRONG` is missing."""
    match operand:
        case Path(root, keys):
            return _read(event if root == "event" else item, keys)
        case Literal(value):
            return constant(value)
        case Call(function, arguments):
            return _called(function, [_operand(argument, event, item) for argument in arguments])
        case _:
            return EVERYTHING


def _read(shape: Shape, keys: Iterable[str]) -> Shape:
    for key in keys:
        found = [shape.members.member(key)] if shape.members else []
        if shape.items and key.isdigit():
            found.append((EVERYTHING if shape.items.each is None else shape.items.each).or_missing())
        has_none = replace(shape, members=None) != NOTHING
        shape = union([*found, *([MISSING_SHAPE] if has_none else [])])
    return union([shape.present, constant(None)]) if shape.missing else shape


def _called(function: str, arguments: list[Shape]) -> Shape:
    if function == "typeof":
        return union(constant(kind) for kind in _kinds(arguments[0]))
    finite = [one.constants for one in arguments if _is_finite(one)]
    size = 1
    for values in finite:
        size *= len(values)
    if len(finite) < len(arguments) or size > _MOST_COMBINATIONS:
        return EVERYTHING.or_missing()
    found = [FUNCTIONS[function].apply(*values, Budget()) for values in product(*finite)]
    return union(MISSING_SHAPE if value is WRONG else constant(value) for value in found)


def _is_finite(shape: Shape) -> bool:
    return shape == Shape(constants=shape.constants)


def _kinds(shape: Shape) -> set[str]:
    kinds = {str(FUNCTIONS["typeof"].apply(value, Budget())) for value in shape.constants}
    kinds |= {"string"} if shape.text else set()
    kinds |= {"number"} if shape.number else set()
    kinds |= {"list"} if shape.items else set()
    kinds |= {"object"} if shape.members else set()
    return kinds | ({"null"} if shape.missing else set())


def _equal(left: Shape, right: Shape) -> Can:
    one, other = left.present, right.present
    both = meet(one, other)
    single = len(one.constants) == 1 and len(other.constants) == 1 and _is_finite(left) and _is_finite(right)
    return Can(not both.nothing, not (single and same(one.constants[0], other.constants[0])))


def _ordered(sign: str, left: Shape, right: Shape) -> Can:
    """Look at the bounds of both sides; where both are finite, at every pair."""
    if _is_finite(left) and _is_finite(right):
        found = [_in_order(sign, one, other) for one, other in product(left.constants, right.constants)]
        return Can(any(found), not all(found))
    low, high = _range(left), _range(right)
    if low is None or high is None:
        return Can(hold=False, fail=True)
    if sign in ("<", "<="):
        return Can(COMPARERS[sign](low[0], high[1]), fail=True)
    return Can(COMPARERS[sign](low[1], high[0]), fail=True)


def _in_order(sign: str, one: Scalar, other: Scalar) -> bool:
    return is_number(one) and is_number(other) and bool(COMPARERS[sign](one, other))


def _range(shape: Shape) -> tuple[float, float] | None:
    """The smallest and the largest number of a shape."""
    lows: list[float] = [value for value in shape.constants if is_number(value)]
    highs = list(lows)
    if shape.number is not None:
        lows.append(float("-inf") if shape.number.low is None else shape.number.low)
        highs.append(float("inf") if shape.number.high is None else shape.number.high)
    return (min(lows), max(highs)) if lows else None


# --- what a match tells ----------------------------------------------------------------------------------------------


def matching(condition: Condition, event: Shape, *, wanted: bool = True) -> Shape:
    """Give the events of a shape that match, or a few more; with `wanted` off, those that do not."""
    match condition:
        case Not(clause):
            return matching(clause, event, wanted=not wanted)
        case And(clauses) if wanted:
            return _each(clauses, event, wanted=True)
        case Or(clauses) if not wanted:
            return _each(clauses, event, wanted=False)
        case And(clauses) | Or(clauses):
            return union(matching(clause, event, wanted=wanted) for clause in clauses)
        case _:
            can = verdicts(condition, event)
            if not (can.hold if wanted else can.fail):
                return NOTHING
            narrow = _demand(condition) if wanted else _refusal(condition)
            return event if narrow is None else with_member(event, *narrow)


def _each(clauses: Iterable[Condition], event: Shape, *, wanted: bool) -> Shape:
    for clause in clauses:
        if event.nothing:
            break
        event = matching(clause, event, wanted=wanted)
    return event


def _demand(clause: Condition) -> tuple[tuple[str, ...], Shape] | None:
    """Where a clause holds, what it tells about one place."""
    found = _about(clause)
    return found if found is not None and _plain(found[0]) else None


def _about(clause: Condition) -> tuple[tuple[str, ...], Shape] | None:
    match clause:
        case Compare("=", Path("event", keys), Literal(value)):
            return keys, _null_is_missing(constant(value))
        case Compare(sign, Path("event", keys), Literal(value)) if is_number(value):
            return keys, Shape(number=Number(high=value) if sign in ("<", "<=") else Number(low=value))
        case In(Path("event", keys), ListOf(items)) if all(isinstance(one, Literal) for one in items):
            return keys, _null_is_missing(union(constant(one.value) for one in items if isinstance(one, Literal)))
        case Truth(Path("event", keys)):
            return keys, constant(value=True)
        case _:
            return _about_call(clause)


def _about_call(clause: Condition) -> tuple[tuple[str, ...], Shape] | None:
    match clause:
        case Truth(Call("contains" | "match", (Path("event", keys), Literal(str() as part)))):
            return keys, Shape(text=Text(low=1 if part.strip("*") else 0))
        case Compare("=", Call("typeof", (Path("event", keys),)), Literal(str() as kind)):
            return keys, _BY_NAME.get(kind, NOTHING)
        case _:
            return None


def _null_is_missing(shape: Shape) -> Shape:
    return shape.or_missing() if shape.absent else shape


def _refusal(clause: Condition) -> tuple[tuple[str, ...], Shape] | None:
    """Where a clause does not hold, what it tells: only that something else than null is there."""
    match clause:
        case Compare("=", Path("event", keys), Literal(None)) if _plain(keys):
            return keys, replace(EVERYTHING, constants=(False, True))
        case Compare("=", Path("event", keys), Literal(value)) if _plain(keys) and isinstance(value, bool):
            left: tuple[Any, ...] = (None, not value)
            return keys, replace(EVERYTHING.or_missing(), constants=left)
        case _:
            return None


def _plain(keys: tuple[str, ...]) -> bool:
    """Whether a path leads through objects alone."""
    return bool(keys) and not any(key.isdigit() for key in keys)


_BY_NAME: Final = {
    "string": Shape(text=Text()),
    "number": Shape(number=Number()),
    "bool": Shape(constants=(False, True)),
    "list": Shape(items=EVERYTHING.items),
    "object": Shape(members=EVERYTHING.members),
    "null": constant(None).or_missing(),
}
