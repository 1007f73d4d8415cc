"""Nodes evaluated one by one: slower than the compiled form, and able to say what each clause read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from destination_actions.events import MISSING
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.limits import Budget
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
    walk,
)
from destination_actions.subscriptions.values import Value, among, equal, every, ordered, read, some


class Interpreter:
    """Evaluates conditions on one event; raises `LimitExceeded` when the budget is spent."""

    def __init__(self, event: dict[str, Any], budget: Budget | None = None) -> None:
        self.event = event
        self.budget = budget or Budget()

    def holds(self, condition: Condition, item: Value = None) -> bool:
        """Tell whether a condition holds; `item` is what its relative paths begin at."""
        match condition:
            case And(clauses):
                return all(self.holds(clause, item) for clause in clauses)
            case Or(clauses):
                return any(self.holds(clause, item) for clause in clauses)
            case Not(clause):
                return not self.holds(clause, item)
            case _:
                return self.clause(condition, item)

    def clause(self, clause: Clause, item: Value = None) -> bool:
        """Tell whether one clause holds."""
        match clause:
            case Compare("=", left, right):
                return equal(self.value(left, item), self.value(right, item), self.budget)
            case Compare(sign, left, right):
                return ordered(sign, self.value(left, item), self.value(right, item))
            case In(left, right):
                return among(self.value(left, item), self.value(right, item), self.budget)
            case Truth(operand):
                return self.value(operand, item) is True
            case Quantified(quantifier, source, inner):
                test: Callable[[Value], bool] = lambda each: self.holds(inner, each)  # noqa: E731 - one line says it
                return (some if quantifier == "any" else every)(self.value(source, item), test, self.budget)

    def value(self, operand: Operand, item: Value = None) -> Value:
        """Give the value of an operand; null for what is missing."""
        match operand:
            case Path(root, keys):
                return read(self.event if root == "event" else item, keys)
            case Literal(value):
                return value
            case ListOf(items):
                return [self.value(part, item) for part in items]
            case Call(function, arguments):
                return FUNCTIONS[function].apply(*(self.value(part, item) for part in arguments), self.budget)


def reads(clause: Condition | Operand) -> Iterator[Path]:
    """Give the paths of the event that a clause reads, each once; those that begin at an item are left out."""
    seen = set[Path]()
    for node in walk(clause):
        if isinstance(node, Path) and node.root == "event" and node not in seen:
            seen.add(node)
            yield node


def found(event: object, keys: tuple[str, ...]) -> Value:
    """Read a path and tell missing from null."""
    for key in keys:
        if isinstance(event, dict) and key in event:
            event = event[key]
        elif isinstance(event, list) and key.isdigit() and key.isascii() and len(key) < 10 and int(key) < len(event):
            event = event[int(key)]
        else:
            return MISSING
    return event
