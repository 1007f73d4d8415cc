"""Why an event matches or misses, clause by clause, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from destination_actions.events import MISSING, Missing
from destination_actions.subscriptions.contradictions import unsatisfiable
from destination_actions.subscriptions.edits import Edit, applied, smallest_edits
from destination_actions.subscriptions.format import format_condition, format_path
from destination_actions.subscriptions.interpreted import Interpreter, found, reads
from destination_actions.subscriptions.limits import LimitExceeded
from destination_actions.subscriptions.nodes import And, Condition, Not, Or


@dataclass(frozen=True, slots=True)
class Read:
    """A path and the value found there; `MISSING` where nothing is."""

    path: str
    value: Any | Missing

    def to_json(self) -> dict[str, Any]:
        """Give `{"path", "value"}`, or `{"path", "missing": true}`."""
        return (
            {"path": self.path, "missing": True} if self.value is MISSING else {"path": self.path, "value": self.value}
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One clause of the expression with its negation, what it read and whether it holds."""

    clause: str
    holds: bool
    reads: tuple[Read, ...]

    def to_json(self) -> dict[str, Any]:
        """Give `{"clause", "holds", "reads"}`."""
        return {"clause": self.clause, "holds": self.holds, "reads": [read.to_json() for read in self.reads]}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on one event.

    `edits` are the fewest changes of the event found that make it match: none when it matches, when the expression is
    `unsatisfiable`, or when a limit was exceeded (`exceeded`, and then the expression is false whatever negates it).
    """

    matches: bool
    clauses: tuple[Verdict, ...]
    edits: tuple[Edit, ...] = ()
    unsatisfiable: bool = False
    exceeded: bool = False

    def apply(self, event: dict[str, Any]) -> dict[str, Any]:
        """Give a copy of an event with the edits made."""
        return deepcopy(applied(event, self.edits))

    def to_json(self) -> dict[str, Any]:
        """Give the explanation as plain JSON, provided that the event is."""
        return {
            "matches": self.matches,
            "clauses": [verdict.to_json() for verdict in self.clauses],
            "edits": [edit.to_json() for edit in self.edits],
            "unsatisfiable": self.unsatisfiable,
            "exceeded": self.exceeded,
        }

    def __str__(self) -> str:
        """Say it in lines: each clause, then what would have to change."""
        lines = ["matches" if self.matches else "does not match", *map(_line, self.clauses)]
        if self.unsatisfiable:
            lines.append("no event can match")
        if self.exceeded:
            lines.append("the event needs more steps than are allowed, so nothing matches")
        return "\n".join([*lines, *(f"to match: {edit}" for edit in self.edits)])


def _line(verdict: Verdict) -> str:
    values = ", ".join(f"{read.path} is {_shown(read.value)}" for read in verdict.reads)
    return f"  {'yes' if verdict.holds else 'no ':3} {verdict.clause}" + (f"  ({values})" if values else "")


def _shown(value: object) -> str:
    text = "missing" if value is MISSING else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def explanation(condition: Condition, event: dict[str, Any]) -> Explanation:
    """Explain a condition on one event."""
    try:
        holds = Interpreter(event).holds(condition)
        verdicts = tuple(_verdicts(condition, event))
    except (LimitExceeded, RecursionError):
        return Explanation(matches=False, clauses=(), exceeded=True)
    if holds:
        return Explanation(matches=True, clauses=verdicts)
    edits = smallest_edits(condition, event)
    never = not edits and unsatisfiable(condition)
    return Explanation(matches=False, clauses=verdicts, edits=edits, unsatisfiable=never)


def _verdicts(condition: Condition, event: dict[str, Any]) -> Iterator[Verdict]:
    match condition:
        case And(clauses) | Or(clauses) | Not(And(clauses) | Or(clauses)):
            for clause in clauses:
                yield from _verdicts(clause, event)
        case _:
            values = tuple(Read(format_path(path, in_item=False), found(event, path.keys)) for path in reads(condition))
            yield Verdict(format_condition(condition), Interpreter(event).holds(condition), values)
