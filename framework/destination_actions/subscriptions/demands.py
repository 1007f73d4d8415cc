"""What must be true for a condition to hold: lists of demands, any one of which is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from destination_actions.subscriptions.nodes import And, Clause, Condition, Not, Or

Expansion: TypeAlias = "Callable[[Clause, bool], Condition | None]"
"""Gives a condition that may stand for a wanted or unwanted clause, or None for the clause itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """A clause that must hold, or must not; `Alternatives` makes one value of equal ones, so identity is equality."""

    clause: Clause
    wanted: bool


Demands: TypeAlias = frozenset[Demand]


class TooMany(Exception):  # noqa: N818 - a fact that ends a proof
    """A condition has more demand lists than are looked at."""


@dataclass
class Alternatives:
    """Collects the demand lists of a condition, the cheapest `limit`; raises `TooMany` if `whole` and some are lost."""

    limit: int
    cost: Callable[[Demands], int]
    expand: Expansion = lambda _clause, _wanted: None
    whole: bool = False
    _known: dict[tuple[Clause, bool], Demand] = field(default_factory=dict, init=False)

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
        if expanded is not None:
            return self.of(expanded)
        return [frozenset({self._known.setdefault((clause, wanted), Demand(clause, wanted))})]

    def _every(self, parts: Iterable[list[Demands]]) -> list[Demands]:
        joined: list[Demands] = [frozenset()]
        for part in parts:
            joined = self._best(first | second for first, second in product(joined, part))
        return joined

    def _best(self, demands: Iterable[Demands]) -> list[Demands]:
        distinct = sorted(dict.fromkeys(demands), key=self.cost)
        if self.whole and len(distinct) > self.limit:
            raise TooMany
        return distinct[: self.limit]
