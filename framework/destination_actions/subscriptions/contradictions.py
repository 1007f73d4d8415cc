"""Proof that a condition can never hold, whatever the event."""

from __future__ import annotations

import re
from typing import Final

from destination_actions.subscriptions.candidates import candidates, wanted_patterns
from destination_actions.subscriptions.demands import Alternatives, Demand, Demands, TooMany
from destination_actions.subscriptions.edits import Edit, applied
from destination_actions.subscriptions.expansion import at_item
from destination_actions.subscriptions.glob import Glob
from destination_actions.subscriptions.interpreted import Interpreter, reads
from destination_actions.subscriptions.limits import Budget
from destination_actions.subscriptions.nodes import (
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Operand,
    Path,
    Quantified,
    Truth,
    decimal,
    walk,
)
from destination_actions.subscriptions.types import ALL_TYPES, CONTAINERS, possible_types
from destination_actions.subscriptions.values import is_number

_ALTERNATIVES: Final = 256
_ANY_RUN: Final = "\uf8ff"
_WORDS: Final = {
    "snakecase": re.compile(r"(?:[a-z0-9]+(?:_[a-z0-9]+)*)?"),
    "kebabcase": re.compile(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?"),
    "titlecase": re.compile(r"(?:[A-Z0-9][A-Za-z0-9]*(?: [A-Z0-9][A-Za-z0-9]*)*)?"),
}


def unsatisfiable(condition: Condition) -> bool:
    """Tell whether no event can fulfil a condition. True is proven; false may mean that no proof was found."""
    try:
        lists = Alternatives(_ALTERNATIVES, len, whole=True).of(condition)
    except TooMany:
        return False
    return all(map(_contradictory, lists))


def _contradictory(demands: Demands) -> bool:
    if any(map(_impossible, demands)):
        return True
    own = _by_place(demands)
    return any(_no_type(path, own) or _no_value(path, own[path]) for path in own)


def _by_place(demands: Demands) -> dict[Path, Demands]:
    """Give for each place the demands on it alone."""
    own: dict[Path, set[Demand]] = {}
    for demand in demands:
        places = list(reads(demand.clause))
        if not isinstance(demand.clause, Quantified):
            own |= {path: own.get(path, set()) | ({demand} if len(places) == 1 else set()) for path in places}
    return {path: frozenset(found) for path, found in own.items()}


def _no_type(path: Path, own: dict[Path, Demands]) -> bool:
    """Tell whether the demands on a place, or on places inside it, leave it no type to have."""
    types = [possible_types(path, demand) for demand in own[path]]
    inside = any(_within(path, other) and not _fits(other, own[other], None) for other in own)
    return not frozenset.intersection(ALL_TYPES, *types, CONTAINERS if inside else ALL_TYPES)


def _within(outer: Path, inner: Path) -> bool:
    return len(outer.keys) < len(inner.keys) and inner.keys[: len(outer.keys)] == outer.keys


def _impossible(demand: Demand) -> bool:
    """Recognise one demand that nothing fulfils."""
    match demand.clause:
        case Quantified("any", _, inner) if demand.wanted:
            return unsatisfiable(at_item(inner, ("\0item",)))
        case Compare("=", Path() as left, right) if left == right:
            return not demand.wanted
        case Compare("=", Call(function, _), Literal(value)) if demand.wanted:
            return _never_gives(function, value)
        case Compare(sign, Call("length", _), Literal(value)) if demand.wanted and is_number(value):
            return (sign == "<" and value <= 0) or (sign == "<=" and value < 0)
        case clause if not any(isinstance(node, (Path, Quantified)) for node in walk(clause)):
            return Interpreter({}).clause(clause) != demand.wanted
        case _:
            return False


def _never_gives(function: str, value: object) -> bool:
    if value is None:
        return function in ("typeof", "length")
    match function:
        case "typeof":
            return value not in ALL_TYPES
        case "length":
            return not is_number(value) or value < 0 or value != int(value)
        case "number":
            return not is_number(value)
        case "bool" | "contains" | "match":
            return not isinstance(value, bool)
        case _:
            return not (isinstance(value, str) and _may_be(function, value))


def _may_be(function: str, text: str) -> bool:
    """Tell whether a function of texts may give a text; what words outside ASCII become is not looked at."""
    match function:
        case "lowercase":
            return text.lower() == text
        case "uppercase":
            return text.upper() == text
        case "string":
            return True
        case _:
            return not text.isascii() or _WORDS[function].fullmatch(text) is not None


def _no_value(path: Path, demands: Demands) -> bool:
    """Tell whether the demands on one place exclude each other; true only where the values tried are all there are."""
    allowed = _finite(path, demands)
    if allowed is None and all(_simple(path, demand) for demand in demands) and _must_be_number(path, demands):
        allowed = [value for value in candidates(path, demands, None) if is_number(value)]
    if allowed is None:
        return _texts_clash(path, demands)
    return not any(_fits(path, demands, value) for value in allowed)


def _fits(path: Path, demands: Demands, value: object) -> bool:
    event = applied({}, [Edit(path.keys, value)]) if path.keys else {}
    return all(Interpreter(event).clause(demand.clause) == demand.wanted for demand in demands)


def _finite(path: Path, demands: Demands) -> list[object] | None:
    """Give all values that a wanted equality or membership leaves, or None where there is none."""
    for demand in demands:
        if demand.wanted:
            match demand.clause:
                case Compare("=", left, right) if path in (left, right) and path.keys:
                    return _constants([right if left == path else left])
                case In(left, ListOf(items)) if left == path and path.keys:
                    return _constants(items)
                case Truth(operand) if operand == path and path.keys:
                    return [True]
                case Truth(Call("bool", (operand,))) if operand == path and path.keys:
                    return [True, 1, "true"]
                case Compare("=", Call("string", (operand,)), Literal(str() as text)) if operand == path and path.keys:
                    return [text, decimal(text), text == "true"]
    return None


def _constants(operands: list[Operand] | tuple[Operand, ...]) -> list[object] | None:
    values: list[object] = [operand.value for operand in operands if isinstance(operand, Literal)]
    return values if len(values) == len(operands) else None


def _simple(path: Path, demand: Demand) -> bool:
    """Tell a clause whose verdict on a number follows from the order of the constants alone."""
    match demand.clause:
        case Compare(_, left, right):
            return (left == path and isinstance(right, Literal)) or (right == path and isinstance(left, Literal))
        case In(left, ListOf(items)):
            return left == path and all(isinstance(item, Literal) for item in items)
        case Truth(Call("contains" | "match", (left, Literal()))) | Truth(left):
            return left == path
        case _:
            return False


def _must_be_number(path: Path, demands: Demands) -> bool:
    return any(
        demand.wanted and isinstance(demand.clause, Compare) and demand.clause.sign != "=" and _simple(path, demand)
        for demand in demands
    )


def _texts_clash(path: Path, demands: Demands) -> bool:
    """Compare wanted patterns with each other and with those that the text must not fit."""
    wanted = [glob for glob in wanted_patterns(path, demands) if glob.plain is not None]
    unwanted = [glob for glob in wanted_patterns(path, demands, wanted=False) if glob.plain is not None]
    if any(_implies(one, other) for one in wanted for other in unwanted):
        return True
    return any(_ends_differ(one, other) for one in wanted for other in wanted)


def _implies(one: Glob, other: Glob) -> bool:
    """Tell that every text fitting `one` fits `other`: it does if `other` takes the stars of `one` with its own."""
    runs = one.plain or ()
    return not any(_ANY_RUN in run for run in runs) and other.matches(_ANY_RUN.join(runs), Budget())


def _ends_differ(one: Glob, other: Glob) -> bool:
    first, second = one.plain or ("",), other.plain or ("",)
    heads = sorted((first[0], second[0]), key=len)
    tails = sorted((first[-1], second[-1]), key=len)
    return not heads[1].startswith(heads[0]) or not tails[1].endswith(tails[0])
