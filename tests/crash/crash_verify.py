"""Compares three ledgers: what was accepted, what was reported, and what the other side executed.

`python crash_verify.py FOLDER` reads `accepted.ndjson`, `reported-*.ndjson` and `executed.json` there, prints the
findings as JSON, and exits with 1 when there are any.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

TERMINAL = {"delivered", "suppressed", "invalid", "rejected", "unknown"}


@dataclass
class Findings:
    """What is wrong, as messageIds; `counts` is what happened."""

    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    window_violations: list[str] = field(default_factory=list)
    unjustified_suppressions: list[str] = field(default_factory=list)
    false_statuses: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def summary(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(value) for name, value in asdict(self).items() if name != "counts"}


def verify(
    accepted: Iterable[Mapping[str, Any]], reported: Iterable[Mapping[str, Any]], executed: Iterable[Mapping[str, Any]]
) -> Findings:
    """Find what no order of crashes excuses."""
    events = {event["messageId"]: event for event in accepted}
    status = _first_terminal(reported)
    times = _executions(executed)
    findings = Findings()
    findings.lost = [message for message in events if message not in status]
    findings.duplicates = [message for message, at in times.items() if len(at) > 1]
    findings.window_violations = list(_violations(events, times))
    for message, outcome in status.items():
        done = message in times
        if done != (outcome["outcome"] == "delivered"):
            findings.false_statuses.append(message)
        if outcome["outcome"] == "suppressed" and not _justified(events, times, message, outcome):
            findings.unjustified_suppressions.append(message)
    findings.false_statuses += [message for message in times if message not in status]
    kinds = [outcome["outcome"] for outcome in status.values()]
    findings.counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    findings.counts |= {"accepted": len(events), "executed": sum(len(at) for at in times.values())}
    return findings


def _first_terminal(reported: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The first terminal state stands; reports of one delivery come in the order in which they were written."""
    status: dict[str, Mapping[str, Any]] = {}
    for outcome in reported:
        if outcome["outcome"] in TERMINAL:
            status.setdefault(outcome["messageId"], outcome)
    return status


def _executions(executed: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for execution in executed:
        times[execution["messageId"]].append(execution["at"])
    return times


def _violations(events: Mapping[str, Any], times: Mapping[str, list[float]]) -> Iterable[str]:
    """Two different events of one person may not be executed within the period."""
    by_person: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for message, all_at in times.items():
        by_person[events[message]["userId"]] += [(at, message) for at in all_at]
    for happened in by_person.values():
        happened.sort()
        for (at, first), (then, second) in pairwise(happened):
            if first != second and then - at < events[second]["properties"]["period"]:
                yield second


def _justified(
    events: Mapping[str, Any], times: Mapping[str, list[float]], message: str, outcome: Mapping[str, Any]
) -> bool:
    by = outcome["by"]
    return by in times and by != message and events[by]["userId"] == events[message]["userId"]


def read(folder: Path) -> Findings:
    """Verify the ledgers in a folder."""
    reported = [line for path in sorted(folder.glob("reported-*.ndjson")) for line in _lines(path)]
    executed = json.loads((folder / "executed.json").read_text())
    return verify(_lines(folder / "accepted.ndjson"), reported, executed)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main() -> int:
    """Print the findings."""
    findings = read(Path(sys.argv[1]))
    sys.stdout.write(json.dumps({"counts": findings.counts, "findings": findings.summary}) + "\n")
    return 1 if any(findings.summary.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
