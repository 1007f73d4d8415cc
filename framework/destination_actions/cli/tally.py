"""Outcomes counted as they come, and the tables that say what became of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from rich.table import Table
from rich.text import Text

from destination_actions.cli.console import COLOURS, cell, table
from destination_actions.outcomes import Delivered, Outcome

KINDS: Final = ("delivered", "suppressed", "filtered", "invalid", "rejected", "unknown", "failed")
_WELL: Final = {"delivered", "suppressed", "filtered"}
_ROWS: Final = 40
"""Outcomes that a table lists one by one."""


@dataclass(slots=True)
class Tally:
    """Counts by subscription and kind; keeps the first outcomes that were not simply filtered or delivered."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    remarkable: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        kind = outcome.outcome
        self.counts[outcome.destination, outcome.subscription, kind] += 1
        self.kinds[kind] += 1
        if kind not in {"delivered", "filtered"} and len(self.remarkable) < _ROWS:
            self.remarkable.append(outcome)

    @property
    def well(self) -> bool:
        """Whether nothing was rejected, invalid, unknown or failed."""
        return set(self.kinds) <= _WELL

    def line(self) -> str:
        """All counts in one line."""
        present = [f"{self.kinds[kind]:,} {kind}" for kind in KINDS if self.kinds[kind]]
        return ", ".join(present) or "no outcomes"

    def summary(self) -> Table:
        """A row for each subscription with the counts of each kind that occurred."""
        kinds = [kind for kind in KINDS if self.kinds[kind]]
        shown = table("Destination", "Subscription", *(kind.capitalize() for kind in kinds))
        for at, kind in enumerate(kinds, 2):
            shown.columns[at].justify = "right"
            shown.columns[at].style = COLOURS[kind]
        for destination, subscription in dict.fromkeys(key[:2] for key in self.counts):
            numbers = [self.counts[destination, subscription, kind] for kind in kinds]
            shown.add_row(cell(destination), cell(subscription), *(f"{number:,}" for number in numbers))
        return shown

    def details(self) -> Table | None:
        """The outcomes worth a look, each with its reason; None when there is none."""
        return outcome_table(self.remarkable) if self.remarkable else None

    @property
    def left_out(self) -> int:
        """Outcomes worth a look that the details have no room for."""
        return sum(self.kinds[kind] for kind in KINDS[1:] if kind != "filtered") - len(self.remarkable)


def outcome_table(outcomes: list[Outcome]) -> Table:
    """One row for each outcome: what, which event, which subscription, why."""
    shown = table("Outcome", "Event", "Subscription", "Why")
    for outcome in outcomes:
        shown.add_row(*_row(outcome))
    return shown


def _row(outcome: Outcome) -> Iterator[Text]:
    yield cell(outcome.outcome)
    yield cell(outcome.message_id)
    yield cell(outcome.subscription)
    yield cell(reason(outcome), "default")


def reason(outcome: Outcome) -> str:
    """Why, in a line; of a delivery only the first of its data, usually the id of what was created."""
    if not isinstance(outcome, Delivered):
        return outcome.summary()
    first = next((f"{name} {value}" for name, value in outcome.data.items()), "")
    return f"{first} (delivered before; nothing was sent)".strip() if outcome.repeated else first
