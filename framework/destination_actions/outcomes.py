"""What became of one delivery. Outcomes are values; they are returned and never raised.

::

    Outcome
    ├── Delivered    performed and confirmed
    ├── Filtered     the subscription's expression does not match
    ├── Suppressed   another event holds the cooldown window
    ├── Invalid      the mapping cannot be resolved or the payload is not valid
    ├── Rejected     the destination gave a definite no
    ├── Unknown      it may have been executed and nobody can tell; listed, never guessed
    └── Failed       not done yet; the only one that is not terminal: send the same event again

`to_json()` follows `schemas/outcome.schema.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from destination_actions.values import light


def iso(seconds: float) -> str:
    """Wall-clock seconds as RFC 3339 text in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@light
@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about a payload or a mapping: a JSON pointer, a stable code, the field's label, a sentence."""

    pointer: str
    code: str
    label: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """As in `schemas/outcome.schema.json`."""
        return {"pointer": self.pointer, "code": self.code, "label": self.label, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What every outcome says: which delivery it is about."""

    outcome: ClassVar[str] = ""
    terminal: ClassVar[bool] = True

    destination: str
    subscription: str
    action: str
    message_id: str

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON."""
        head = {
            "outcome": self.outcome,
            "destination": self.destination,
            "subscription": self.subscription,
            "action": self.action,
            "messageId": self.message_id,
        }
        return head | self._details()

    def summary(self) -> str:
        """One line for people."""
        return ""

    def _details(self) -> dict[str, Any]:
        return {}


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Outcome):
    """Performed and confirmed. `repeated`: it was delivered before, and nothing was sent this time.

    `unclaimed`: it was sent without a claim, because the claim store was out of order and `onStoreError` is open.
    """

    outcome: ClassVar[str] = "delivered"
    data: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False
    unclaimed: bool = False

    def summary(self) -> str:
        """The data, as `name value`."""
        text = ", ".join(f"{name} {value}" for name, value in self.data.items() if isinstance(value, str | int))
        return f"{text} (delivered before)".strip() if self.repeated else text

    def _details(self) -> dict[str, Any]:
        details = {"data": dict(self.data), "repeated": self.repeated}
        return details | ({"unclaimed": True} if self.unclaimed else {})


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered(Outcome):
    """The subscription's expression does not match this event."""

    outcome: ClassVar[str] = "filtered"

    def summary(self) -> str:
        """Why."""
        return "the subscription does not match"


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed(Outcome):
    """Held back by the cooldown: until when (wall-clock seconds), and by which event's messageId."""

    outcome: ClassVar[str] = "suppressed"
    until: float | None
    by: str | None

    def summary(self) -> str:
        """Until when and by which event."""
        until = f"cooling until {iso(self.until)}" if self.until is not None else "cooling"
        return f"{until}, by {self.by}" if self.by else until

    def _details(self) -> dict[str, Any]:
        return {"until": None if self.until is None else iso(self.until), "by": self.by}


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid(Outcome):
    """The mapping cannot be resolved, or the payload is not valid: every problem at once."""

    outcome: ClassVar[str] = "invalid"
    problems: Sequence[Problem]

    def summary(self) -> str:
        """Every problem's sentence."""
        return "; ".join(problem.message for problem in self.problems)

    def _details(self) -> dict[str, Any]:
        return {"problems": [problem.to_json() for problem in self.problems]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _WithReason(Outcome):
    reason: str
    message: str
    code: str | int | None = None
    status: int | None = None

    def summary(self) -> str:
        """The message."""
        return self.message

    def _details(self) -> dict[str, Any]:
        return {"reason": self.reason, "message": self.message, "code": self.code, "status": self.status}


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(_WithReason):
    """A definite no: sending the same event again would be refused again. Nothing was executed."""

    outcome: ClassVar[str] = "rejected"


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(_WithReason):
    """It may have been executed, nobody can tell, and by policy it is not sent again."""

    outcome: ClassVar[str] = "unknown"


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(_WithReason):
    """Not done yet. Send the same event again after `after` seconds.

    `reason` is a stable word: `busy`, `try_again`, `authentication`, `not_sent`, `unconfirmed` (it may have been
    executed; the same event will find out), `plugin_fault`, `store`, `cancelled`. `counts` is False when the try does
    not use up an attempt, and `lane` asks that everything of this destination and account wait as long.
    """

    outcome: ClassVar[str] = "failed"
    terminal: ClassVar[bool] = False
    after: float
    counts: bool = True
    lane: bool = False

    def summary(self) -> str:
        """The message, and when to try again."""
        return f"{self.message} (again in {self.after:g} s)"

    def _details(self) -> dict[str, Any]:
        details = super(Failed, self)._details()
        return details | {"after": self.after, "counts": self.counts, "lane": self.lane}
