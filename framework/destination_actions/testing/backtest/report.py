"""What a backtest found, as values, JSON and markdown; the same inputs give the same bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.events import MISSING
from destination_actions.testing.backtest.side import FIRES, Name
from destination_actions.testing.recording.detectors import hits

EXAMPLES: Final = 3
"""Message ids that are kept of each kind of difference."""
_LONGEST: Final = 80


@dataclass(slots=True)
class Path:
    """One field of the requests: in how many deliveries it differs, and one of them."""

    count: int = 0
    added: int = 0
    removed: int = 0
    example: tuple[str, Any, Any] = ("", MISSING, MISSING)

    def add(self, message_id: str, before: Any, after: Any) -> None:
        """Count one delivery."""
        if not self.count:
            self.example = (message_id, before, after)
        self.count += 1
        self.added += before is MISSING
        self.removed += after is MISSING

    def to_json(self, path: str) -> dict[str, Any]:
        """The field as JSON; what a detector finds in the example is masked."""
        message_id, before, after = self.example
        example = {"messageId": message_id} | {
            name: masked(value) for name, value in (("before", before), ("after", after)) if value is not MISSING
        }
        counts = {"count": self.count, "added": self.added, "removed": self.removed}
        return {"path": path, **counts, "example": example}


@dataclass(slots=True)
class SubscriptionReport:
    """One subscription: how often it fires on both sides, and every kind of difference.

    `moved` counts what was one thing before and is another after, such as `("filtered", "fires")`.
    """

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    changed: int = 0
    paths: dict[str, Path] = field(default_factory=dict)

    def move(self, before: str, after: str, message_id: str) -> None:
        """Count a delivery that comes out otherwise."""
        self.moved[before, after] += 1
        kept = self.examples.setdefault((before, after), [])
        if len(kept) < EXAMPLES:
            kept.append(message_id)

    def change(self, message_id: str, found: list[tuple[str, Any, Any]]) -> None:
        """Count a delivery whose requests differ."""
        self.changed += 1
        first = {path: (before, after) for path, before, after in reversed(found)}
        for path, (before, after) in sorted(first.items()):
            self.paths.setdefault(path, Path()).add(message_id, before, after)

    @property
    def newly_fired(self) -> int:
        """Deliveries that did not fire before."""
        return sum(count for (_, after), count in self.moved.items() if after == FIRES)

    def no_longer(self, kind: str | None = None) -> int:
        """Deliveries that fired before and do not now: of one kind, or all of them."""
        return sum(n for (before, after), n in self.moved.items() if before == FIRES and kind in {None, after})

    @property
    def differs(self) -> bool:
        """Whether anything is otherwise."""
        return bool(self.moved or self.changed)

    def to_json(self, name: Name) -> dict[str, Any]:
        """The report of one subscription as JSON."""
        moved = [
            {"before": before, "after": after, "count": count, "examples": self.examples[before, after]}
            for (before, after), count in sorted(self.moved.items())
        ]
        ordered = sorted(self.paths.items(), key=lambda item: (-item[1].count, item[0]))
        return {
            "destination": name[0],
            "subscription": name[1],
            "before": dict(sorted(self.before.items())),
            "after": dict(sorted(self.after.items())),
            "moved": moved,
            "changed": self.changed,
            "paths": [one.to_json(path) for path, one in ordered],
        }


@dataclass(slots=True)
class Report:
    """Everything that a backtest found, by configured destination and subscription."""

    before: str
    after: str
    events: int = 0
    subscriptions: dict[Name, SubscriptionReport] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether the two configurations do anything otherwise with these events."""
        return any(one.differs for one in self.subscriptions.values())

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "events": self.events,
            "differs": self.differs,
            "subscriptions": [one.to_json(name) for name, one in self.subscriptions.items()],
        }

    def to_markdown(self) -> str:
        """The report for a pull request."""
        return "\n".join(_markdown(self)) + "\n"


COLUMNS: Final = (
    *("Destination", "Subscription", "Fires before", "after", "Newly fired", "Newly suppressed", "Newly filtered"),
    *("Newly invalid", "No longer there", "Other", "Changed requests"),
)


def row(name: Name, one: SubscriptionReport) -> list[str]:
    """A subscription's row of the summary."""
    known = [one.no_longer(kind) for kind in ("suppressed", "filtered", "invalid", "absent")]
    other = sum(one.moved.values()) - one.newly_fired - sum(known)
    numbers = [one.before[FIRES], one.after[FIRES], one.newly_fired, *known, other, one.changed]
    return [*name, *(f"{number:,}" for number in numbers)]


def _markdown(report: Report) -> Iterator[str]:
    yield f"### Backtest: `{report.before}` to `{report.after}`"
    yield ""
    what = "some are handled otherwise" if report.differs else "no difference"
    yield f"{report.events:,} events, {what}."
    yield ""
    yield from _table(COLUMNS, [row(name, one) for name, one in report.subscriptions.items()])
    rows = [list(cells) for cells in path_rows(report)]
    if rows:
        yield ""
        yield from _table(PATH_COLUMNS, rows)
    moved = list(moved_lines(report))
    if moved:
        yield ""
        yield from (f"- {_plain(line)}" for line in moved)


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(map(_plain, cells))} |" for cells in rows)


def _plain(text: str) -> str:
    """Text that stays text in a cell of a table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


PATH_COLUMNS: Final = ("Subscription", "Field of the requests", "Deliveries", "Such as", "Before", "After")


def path_rows(report: Report) -> Iterator[list[str]]:
    """A row for each field that differs, the most frequent first."""
    for (destination, subscription), one in report.subscriptions.items():
        for path, found in sorted(one.paths.items(), key=lambda item: (-item[1].count, item[0])):
            message_id, before, after = found.example
            yield [f"{destination}/{subscription}", path, f"{found.count:,}", message_id, shown(before), shown(after)]


def path_lines(report: Report) -> Iterator[str]:
    """The same as lines: `shop/orders: POST api.example.com json.total differs in 4 (m1: nothing, now 42.5)`."""
    for where, path, count, message_id, before, after in path_rows(report):
        yield f"{where}: {path} differs in {count} ({message_id}: {before}, now {after})"


def moved_lines(report: Report) -> Iterator[str]:
    """A line for each way in which deliveries come out otherwise: `shop/orders: 3 filtered before, fire now (m1)`."""
    for (destination, subscription), one in report.subscriptions.items():
        for (before, after), count in sorted(one.moved.items()):
            examples = ", ".join(one.examples[before, after])
            yield f"{destination}/{subscription}: {count:,} {_WAS[before]}, {_IS[after]} ({examples})"


_KINDS: Final = ("filtered", "invalid", "suppressed", "rejected", "failed", "repeated")
_WAS: Final[Mapping[str, str]] = {FIRES: "fired before", "absent": "had no such subscription before"} | {
    kind: f"{kind} before" for kind in _KINDS
}
_IS: Final[Mapping[str, str]] = {FIRES: "fire now", "absent": "have no such subscription now"} | {
    kind: f"are {kind} now" for kind in _KINDS
}


def masked(value: Any) -> Any:
    """A value as it may be shown to others: what detectors find in it is masked."""
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    found = hits(text)
    if not found:
        return value
    pieces, at = [], 0
    for hit in found:
        pieces += [text[at : hit.start], f"[{hit.kind}]"]
        at = hit.end
    return "".join([*pieces, text[at:]])


def shown(value: Any) -> str:
    """A value in a cell."""
    if value is MISSING:
        return "nothing"
    text = json.dumps(masked(value), ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
