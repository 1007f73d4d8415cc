"""Values that a place of the event might take to fulfil demands on it: guesses, each tried before it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from destination_actions.events import MISSING
from destination_actions.subscriptions.demands import Demands
from destination_actions.subscriptions.glob import AnyCharacter, Glob, OneOf, Test, glob
from destination_actions.subscriptions.nodes import (
    Call,
    Clause,
    Compare,
    In,
    ListOf,
    Literal,
    Path,
    Scalar,
    Truth,
    walk,
)
from destination_actions.subscriptions.values import is_number

_FRESH: Final = ("other", "x", "-", "", "another one", "0", "Z9_", "é")
_LONGEST: Final = 1_000


def candidates(path: Path, demands: Demands, now: Any) -> Iterator[Any]:
    """Give values to try for a path, the present one (`MISSING` if there is none) and its neighbours first."""
    constants = list(_constants(demands))
    yield now
    yield from (value for value in constants if value is not None)
    yield MISSING
    yield from _numbers(constants)
    yield from _texts(path, demands, now)
    yield from (True, False)
    yield from _lists(path, demands, now)
    yield from _sized(demands)
    yield from _FRESH
    yield from ({}, None)


def _constants(demands: Demands) -> Iterator[Scalar]:
    values = [demand for demand in demands if not _is_match(demand.clause)]
    for demand in sorted(values, key=lambda demand: not demand.wanted):
        yield from (node.value for node in walk(demand.clause) if isinstance(node, Literal))


def _is_match(clause: Clause) -> bool:
    return isinstance(clause, Truth) and isinstance(clause.operand, Call) and clause.operand.function == "match"


def _numbers(constants: Iterable[Scalar]) -> Iterator[float]:
    known = sorted({value for value in constants if is_number(value)})
    for value in known:
        yield value + 1
        yield value - 1
    yield from (low + (high - low) / 2 for low, high in pairwise(known))
    yield from (0, 1, 2**60)


def _texts(path: Path, demands: Demands, now: Any) -> Iterator[str]:
    """Join what the wanted patterns and parts need: beginnings, the present text, parts, endings."""
    first, middle, last = "", list[str](), ""
    for pattern in wanted_patterns(path, demands):
        head, *parts = map(_example, pattern.runs)
        tail = parts.pop() if parts else ""
        yield "".join((head, *parts, tail))
        first, last = max(first, head, key=len), max(last, tail, key=len)
        middle += parts
    kept = now if isinstance(now, str) else ""
    yield from (f"{first}{kept}{gap}{gap.join(middle)}{gap}{last}" for gap in ("", " ", "/"))
    yield from (f"{first}{gap}{gap.join(middle)}{gap}{last}" for gap in ("", " ", "/", "q"))
    for count in range(1, min(len(first), len(last)) + 1):
        if first.endswith(last[:count]):
            yield first + last[count:]


def wanted_patterns(path: Path, demands: Demands, wanted: bool = True) -> Iterator[Glob]:
    """Give the patterns that the text at a path must fit, or must not; `contains` is a pattern too."""
    for demand in demands:
        match demand.clause:
            case Truth(Call("match", (subject, Literal(str() as pattern)))) if subject == path:
                if demand.wanted == wanted:
                    yield glob(pattern)
            case Truth(Call("contains", (subject, Literal(str() as part)))) if subject == path:
                if demand.wanted == wanted:
                    yield Glob(((), tuple(part), ())) if part else Glob(((), ()))


def _example(run: tuple[Test, ...]) -> str:
    return "".join(map(_character, run))


def _character(test: Test) -> str:
    match test:
        case AnyCharacter():
            return "x"
        case OneOf(ranges, negated):
            return next(c for c in "x0-é" if not any(a <= c <= b for a, b in ranges)) if negated else ranges[0][0]
        case _:
            return test


def _lists(path: Path, demands: Demands, now: Any) -> Iterator[list[Any]]:
    """Give lists with what must be in them and without what must not."""
    must, must_not = list[Scalar](), list[Scalar]()
    for demand in demands:
        match demand.clause:
            case In(Literal(value), right) if right == path:
                (must if demand.wanted else must_not).append(value)
            case Compare("=", left, ListOf(items)) if left == path:
                yield [item.value for item in items if isinstance(item, Literal)]
    present = now if isinstance(now, list) else []
    yield [item for item in present if item not in must_not] + [value for value in must if value not in present]
    yield must
    yield []


def _sized(demands: Demands) -> Iterator[Any]:
    """Give texts and lists of the lengths around every number compared with."""
    numbers = {int(value) for value in _constants(demands) if is_number(value) and 0 <= value <= _LONGEST}
    for size in sorted({near for number in numbers for near in (number, number + 1, number - 1) if near >= 0}):
        yield "x" * size
        yield [None] * size
