"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from destination_actions.checking.fits import Fit
from destination_actions.checking.rules import Level, rule_of
from destination_actions.errors import ConfigurationError, Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be: its code, where it stands and what to do."""

    code: str
    message: str
    pointer: str = ""
    hint: str | None = None
    place: Place | None = None

    @property
    def level(self) -> Level:
        """How serious it is."""
        return rule_of(self.code).level

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON; what is not known is null."""
        place = self.place or Place("")
        return {
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "hint": self.hint,
            "pointer": self.pointer,
            "file": place.file or None,
            "line": place.line,
            "column": place.column,
        }

    def as_error(self) -> ConfigurationError:
        """Give it as what prints itself."""
        return ConfigurationError(self.message, pointer=self.pointer, hint=self.hint, place=self.place, code=self.code)


def found(error: ConfigurationError) -> list[Finding]:
    """Give the findings that an error is made of."""
    return [Finding(one.code, one.message, one.pointer, one.hint, one.place) for one in error.errors]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one field of a subscription."""

    destination: str
    subscription: str
    field: str
    fit: Fit

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "destination": self.destination,
            "subscription": self.subscription,
            "field": self.field,
            "verdict": self.fit.verdict,
            "doubts": [doubt.why for doubt in self.fit.doubts],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found in a file, in its order, and the verdict on every field that is mapped."""

    file: str
    findings: tuple[Finding, ...]
    fields: tuple[Judged, ...] = ()
    subscriptions: tuple[tuple[str, str, str, str, str], ...] = ()
    """Of each that can be understood: configured name, destination, id, action, expression."""

    def of(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    @property
    def ok(self) -> bool:
        """Whether the runtime starts with it."""
        return not self.of("error")

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON."""
        return {
            "file": self.file,
            "ok": self.ok,
            "findings": [finding.to_json() for finding in self.findings],
            "fields": [judged.to_json() for judged in self.fields],
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in the order of the file."""
    return tuple(sorted(dict.fromkeys(findings), key=_position))


def _position(finding: Finding) -> tuple[int, int]:
    place = finding.place
    return (place.line or 0, place.column or 0) if place else (0, 0)
