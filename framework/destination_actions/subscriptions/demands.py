"""What must be true for a condition to hold: lists of demands, any one of which is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from destination_actions.subscriptions.nodes import And, Clause, Condition, Not, Or

Expansion: TypeAlias = "Callable[[Clause, bool], Condition | None]"
"""Gives a condition that may stand for a wanted or unwanted clause, or None for the clause itself."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A clause that must hold, or must not."""

    clause: Clause
    wanted: bool


Demands: TypeAlias = frozenset[Demand]


@dataclass
class Alternatives:
    """Collects the demand lists of a condition, the cheapest `limit` of them; `complete` is false if some are lost."""

    limit: int
    cost: Callable[[Demands], int]
    expand: Expansion = lambda _clause, _wanted: None
    complete: bool = field(default=True, init=False)

    def of(self, condition: Condition, wanted: bool = True) -> list[Demands]:
        """Give the lists, cheapest first."""
        match condition:
            case Not(clause):
                return self.of(clause, not wanted)
            case And(clauses) if wanted:
                return self._every(self.of(clause) for clause in clauses)
            case Or(clauses) if not wanted:
                return self._every(self.of(clause, wanted=False) for clause in clauses)
            case And(clauses) | Or(clauses):
                return self._best(demands for clause in clauses for demands in self.of(clause, wanted))
            case _:
                return self._leaf(condition, wanted)

    def _leaf(self, clause: Clause, wanted: bool) -> list[Demands]:
        expanded = self.expand(clause, wanted)
        return [frozenset({Demand(clause, wanted)})] if expanded is None else self.of(expanded)

    def _every(self, parts: Iterable[list[Demands]]) -> list[Demands]:
        joined: list[Demands] = [frozenset()]
        for part in parts:
            joined = self._best(first | second for first, second in product(joined, part))
        return joined

    def _best(self, demands: Iterable[Demands]) -> list[Demands]:
        distinct = sorted(dict.fromkeys(demands), key=self.cost)
        self.complete = self.complete and len(distinct) <= self.limit
        return distinct[: self.limit]
