"""What the checks found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["passed", "failed", "not_applicable", "excused"]


class Level(IntEnum):
    """How far a destination conforms: each level includes those below it."""

    BRONZE = 1
    """Its definition, and that it is safe to run."""
    SILVER = 2
    """Failures: of the API, of the network, of time."""
    GOLD = 3
    """Cooldown, batch, reading back, and the last detail."""

    def __str__(self) -> str:
        """The word for people."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Result:
    """One check of the destination, or (with `action`) of one action. `complaints` say what is wrong, `reason` why a
    check was left out."""

    check: str
    level: Level
    fact: str
    status: Status
    action: str = ""
    complaints: Sequence[str] = ()
    reason: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Check and action."""
        return f"{self.check}[{self.action}]" if self.action else self.check

    def to_json(self) -> dict[str, Any]:
        """Everything but the time."""
        return {
            "check": self.check,
            "action": self.action or None,
            "level": str(self.level),
            "fact": self.fact,
            "status": self.status,
            "complaints": list(self.complaints),
            "reason": self.reason or None,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The results for one destination, in the order of the checks."""

    destination: str
    results: Sequence[Result]

    @property
    def failures(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if result.status == "failed"]

    @property
    def reached(self) -> Level | None:
        """The highest level that was checked of which, and of all below it, no check failed; else None."""
        worst = min((result.level for result in self.failures), default=None)
        if worst is None:
            return max((result.level for result in self.results), default=None)
        return Level(worst - 1) if worst > Level.BRONZE else None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(result.seconds for result in self.results)

    def counts(self) -> dict[Level, Counter[str]]:
        """How many checks of each level have which status."""
        return {level: Counter(one.status for one in self.results if one.level is level) for level in Level}

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "destination": self.destination,
            "level": None if self.reached is None else str(self.reached),
            "counts": {str(level): dict(counter) for level, counter in self.counts().items()},
            "results": [result.to_json() for result in self.results],
        }
