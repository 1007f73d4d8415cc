"""One change, and how serious it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Severity: TypeAlias = Literal["breaking", "risky", "compatible"]
"""Breaking: a configuration that worked does not load, or events that were valid are not. Risky: it works, and may do
something else. Compatible: whoever does not use it sees no difference."""

SEVERITIES: Final[tuple[Severity, ...]] = ("breaking", "risky", "compatible")


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, where (`actions.post.fields.text`), and a sentence about it."""

    code: str
    severity: Severity
    where: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"code": self.code, "severity": self.severity, "where": self.where, "message": self.message}


def worst(changes: Iterable[Change]) -> Severity | None:
    """The most serious of the changes; None where there are none."""
    found = {change.severity for change in changes}
    return next((severity for severity in SEVERITIES if severity in found), None)
