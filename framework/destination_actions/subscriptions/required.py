"""What an expression demands of the event before anything else: the keys by which a runtime indexes subscriptions."""

from __future__ import annotations

from destination_actions.subscriptions.nodes import (
    And,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Operand,
    Or,
    Path,
    Quantified,
    Truth,
)

Texts = frozenset[str]


def required_texts(condition: Condition, field: str) -> Texts | None:
    """Give the texts of which a top-level field must be one for the condition to hold, or None for any value.

    The answer never excludes an event that matches; an empty set says that none does.
    """
    return _required(condition, Path("event", (field,)))


def _required(condition: Condition, path: Path) -> Texts | None:
    match condition:
        case And(clauses):
            return _intersection([_required(clause, path) for clause in clauses])
        case Or(clauses):
            return _union([_required(clause, path) for clause in clauses])
        case Quantified("any", _, inner):
            return _required(inner, path)
        case _:
            return _clause(condition, path)


def _clause(clause: Condition, path: Path) -> Texts | None:
    match clause:
        case Truth(Literal(False)):
            return frozenset()
        case Compare("=", left, right) if path in (left, right):
            return _texts([right if left == path else left])
        case In(left, ListOf(items)) if left == path:
            return _texts(items)
        case _:
            return None


def _texts(operands: list[Operand] | tuple[Operand, ...]) -> Texts | None:
    texts = [operand.value for operand in operands if isinstance(operand, Literal) and isinstance(operand.value, str)]
    return frozenset(texts) if len(texts) == len(operands) else None


def _intersection(bounds: list[Texts | None]) -> Texts | None:
    known = [bound for bound in bounds if bound is not None]
    return frozenset.intersection(*known) if known else None


def _union(bounds: list[Texts | None]) -> Texts | None:
    known = [bound for bound in bounds if bound is not None]
    return frozenset.union(*known) if len(known) == len(bounds) else None
