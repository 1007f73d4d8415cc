"""Quantifiers as conditions on the items that an event has, and on one that may be added."""

from __future__ import annotations

from typing import Any, Final

from destination_actions.subscriptions.interpreted import found
from destination_actions.subscriptions.nodes import (
    And,
    Call,
    Clause,
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
    conjunction,
    disjunction,
    negation,
)

_MOST: Final = 8


def expanded(clause: Clause, wanted: bool, event: dict[str, Any]) -> Condition | None:
    """Give what a wanted or unwanted quantifier over a list of the event comes to; None for any other clause."""
    match clause:
        case Quantified(quantifier, Path("event", keys) as source, inner):
            value = found(event, keys)
            items = value if isinstance(value, list) else []
            return _expanded(quantifier, source, inner, len(items), wanted)
        case _:
            return None


def _expanded(quantifier: str, source: Path, inner: Condition, count: int, wanted: bool) -> Condition:
    """Show that a list has an item for which `inner` (for `all`: its negation) holds, or that it has none."""
    is_list = Compare("=", Call("typeof", (source,)), Literal("list"))
    empty = Compare("=", Call("length", (source,)), Literal(0))
    wished = inner if quantifier == "any" else negation(inner)
    items = [at_item(wished, (*source.keys, str(place))) for place in range(min(count, _MOST))]
    longer = Compare(">", Call("length", (source,)), Literal(count))
    added = conjunction([is_list, longer, at_item(wished, (*source.keys, str(count)))])
    none = [conjunction([is_list, empty]), conjunction([is_list, *map(negation, items)])]
    if wanted == (quantifier == "any"):
        some = disjunction([*items, added])
        return some if quantifier == "any" else disjunction([negation(is_list), some])
    without = disjunction(none if count <= _MOST else none[:1])
    return disjunction([negation(is_list), without]) if quantifier == "any" else without


def at_item(condition: Condition, keys: tuple[str, ...]) -> Condition:
    """Rewrite a condition on an item into one on the place of the event where the item stands."""
    match condition:
        case And(clauses):
            return And(tuple(at_item(clause, keys) for clause in clauses))
        case Or(clauses):
            return Or(tuple(at_item(clause, keys) for clause in clauses))
        case Not(clause):
            return Not(at_item(clause, keys))
        case _:
            return _clause_at(condition, keys)


def _clause_at(clause: Clause, keys: tuple[str, ...]) -> Clause:
    match clause:
        case Compare(sign, left, right):
            return Compare(sign, _operand_at(left, keys), _operand_at(right, keys))
        case In(left, right):
            return In(_operand_at(left, keys), _operand_at(right, keys))
        case Truth(operand):
            return Truth(_operand_at(operand, keys))
        case Quantified(quantifier, source, inner):
            return Quantified(quantifier, _operand_at(source, keys), inner)


def _operand_at(operand: Operand, keys: tuple[str, ...]) -> Operand:
    match operand:
        case Path("item", inside):
            return Path("event", (*keys, *inside))
        case ListOf(items):
            return ListOf(tuple(_operand_at(item, keys) for item in items))
        case Call(function, arguments):
            return Call(function, tuple(_operand_at(argument, keys) for argument in arguments))
        case _:
            return operand
