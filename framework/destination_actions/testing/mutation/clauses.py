"""One small change of an expression at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from destination_actions.subscriptions import Expression
from destination_actions.subscriptions.format import format_condition
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
    Quantified,
    Sign,
    Truth,
    conjunction,
    disjunction,
    negation,
)
from destination_actions.testing.mutation.changes import other_constant

Variant: TypeAlias = "tuple[Condition, str]"
"""A changed condition, and what changed, for people."""

_EDGES: Final[dict[str, Sign]] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def expression_variants(expression: Expression) -> Iterator[tuple[Expression, str]]:
    """Every change of an expression: clauses negated and dropped, `and` for `or`, bounds moved, constants changed."""
    for condition, what in _variants(expression.condition):
        yield Expression(condition), what


def never() -> Expression:
    """The expression that no event meets."""
    return Expression(Truth(Literal(value=False)))


def always() -> Expression:
    """The expression that every event meets."""
    return Expression(Truth(Literal(value=True)))


def _variants(condition: Condition, *, in_item: bool = False) -> Iterator[Variant]:
    text = format_condition(condition, in_item=in_item)
    match condition:
        case And(clauses):
            yield disjunction(clauses), '"and" becomes "or"'
            yield from _group(clauses, conjunction, in_item)
        case Or(clauses):
            yield conjunction(clauses), '"or" becomes "and"'
            yield from _group(clauses, disjunction, in_item)
        case Not(clause):
            yield clause, f"{text} is negated"
            inner = _variants(clause, in_item=in_item)
            yield from ((negation(changed), what) for changed, what in inner if changed != condition)
        case _:
            yield Not(condition), f"{text} is negated"
            for changed in _changed(condition):
                yield changed, f"{text} becomes {format_condition(changed, in_item=in_item)}"


def _group(clauses: tuple[Condition, ...], join: Callable[..., Condition], in_item: bool) -> Iterator[Variant]:
    for at, clause in enumerate(clauses):
        rest = [*clauses[:at], *clauses[at + 1 :]]
        yield join(rest), f"{format_condition(clause, in_item=in_item)} is left out"
        for changed, what in _variants(clause, in_item=in_item):
            yield join([*clauses[:at], changed, *clauses[at + 1 :]]), what


def _changed(clause: Compare | In | Truth | Quantified) -> Iterator[Condition]:
    match clause:
        case Compare(sign, left, right):
            if sign in _EDGES:
                yield Compare(_EDGES[sign], left, right)
            yield from (Compare(sign, one, right) for one in _operands(left))
            yield from (Compare(sign, left, one) for one in _operands(right))
        case In(left, right):
            yield from (In(left, one) for one in _operands(right))
        case Truth(operand):
            if not isinstance(operand, Literal):
                yield from (Truth(one) for one in _operands(operand))
        case Quantified(quantifier, source, condition):
            yield Quantified("all" if quantifier == "any" else "any", source, condition)
            yield from (Quantified(quantifier, source, one) for one, _ in _variants(condition, in_item=True))


def _operands(operand: Operand) -> Iterator[Operand]:
    """The operand with one constant in it changed, or an item of a list left out."""
    match operand:
        case Literal(value):
            yield Literal(other_constant(value))
        case ListOf(items):
            for at in range(len(items)):
                yield ListOf(items[:at] + items[at + 1 :])
        case Call(function, arguments):
            for at, argument in enumerate(arguments):
                for changed in _operands(argument):
                    yield Call(function, (*arguments[:at], changed, *arguments[at + 1 :]))
        case _:
            return
