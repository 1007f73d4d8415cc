"""Balances four ledgers: what ingest accepted, how deliveries ended, what the other side was asked, what it executed.

`python crash_balance.py FOLDER` reads `accepted-*.ndjson`, the ledger in `state.db`, `requests.ndjson` and
`executions.ndjson` there, prints counts and findings as JSON, and exits with 1 when there is any finding.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from crash_world import NAME, SUBSCRIPTION, SURVEY, SURVEY_FLOWS, wanted_of

Record = Mapping[str, Any]
Name = tuple[str, str]
"""A delivery: messageId and subscription."""

STATES = {"delivered", "suppressed", "invalid"}
"""How deliveries end here: nothing is ever refused for good, and every unknown outcome can be read back."""


@dataclass
class Findings:
    """What is wrong, as names of deliveries or messageIds.

    `lost` were accepted and have no end; `stuck` still wait in the queue when all is over; `invented` ended and were
    never accepted; `duplicates` were executed twice; `window_violations` within another's window;
    `unjustified_suppressions` name nobody who was executed; `false_statuses` say delivered and were not executed, or
    something else and were; `wrong_ends` ended in a state that cannot be; `unasked` were executed without a request;
    `asked_afterwards` had a request after their end was recorded; `tallies` do not add up to the entries.
    """

    lost: list[Any] = field(default_factory=list)
    stuck: list[Any] = field(default_factory=list)
    invented: list[Any] = field(default_factory=list)
    duplicates: list[Any] = field(default_factory=list)
    window_violations: list[Any] = field(default_factory=list)
    unjustified_suppressions: list[Any] = field(default_factory=list)
    false_statuses: list[Any] = field(default_factory=list)
    wrong_ends: list[Any] = field(default_factory=list)
    unasked: list[Any] = field(default_factory=list)
    asked_afterwards: list[Any] = field(default_factory=list)
    tallies: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Ledgers:
    """The four, and what the store says besides: its tallies, and the keys that its queue still holds.

    `accepted` are events; `ended` has key, messageId, subscription, state, by, at; `requests` deliveryKey and at;
    `executions` flow, at and data (messageId, deliveryKey, userId).
    """

    accepted: Sequence[Record]
    ended: Sequence[Record]
    requests: Sequence[Record]
    executions: Sequence[Record]
    tallies: Mapping[str, int]
    waiting: Sequence[str] = ()


def balanced(ledgers: Ledgers) -> Findings:
    """Compare each with each."""
    events = {event["messageId"]: event for event in ledgers.accepted}
    wanted = {(message, one): event for message, event in events.items() for one in wanted_of(event)}
    ends = {(one["messageId"], one["subscription"]): one for one in ledgers.ended}
    executed = _by_name(ledgers.executions)
    found = Findings()
    found.lost = [name for name in wanted if name not in ends]
    found.stuck = list(ledgers.waiting)
    found.invented = [name for name in [*ends, *executed] if name not in wanted]
    found.duplicates = [name for name, times in executed.items() if len(times) > 1]
    found.window_violations = list(_violations(events, executed))
    found.false_statuses = [name for name, end in ends.items() if (end["state"] == "delivered") != (name in executed)]
    found.false_statuses += [name for name in executed if name in wanted and name not in ends]
    found.unjustified_suppressions = [name for name, end in ends.items() if not _justified(name, end, events, executed)]
    found.wrong_ends = [name for name, end in ends.items() if not _possible(name, end, events)]
    found.unasked, found.asked_afterwards = _requests(ledgers)
    states = Counter(end["state"] for end in ledgers.ended)
    found.tallies = [state for state in states | ledgers.tallies if states[state] != ledgers.tallies.get(state, 0)]
    return found


def _by_name(executions: Iterable[Record]) -> dict[Name, list[float]]:
    times: dict[Name, list[float]] = defaultdict(list)
    for one in executions:
        times[one["data"]["messageId"], SURVEY if one["flow"] in SURVEY_FLOWS else SUBSCRIPTION].append(one["at"])
    return times


def _violations(events: Mapping[str, Record], executed: Mapping[Name, Sequence[float]]) -> Iterator[Name]:
    """Two different events of one person may not be executed within the period."""
    by_person: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (message, subscription), times in executed.items():
        if subscription == SUBSCRIPTION and message in events:
            by_person[events[message]["userId"]] += [(at, message) for at in times]
    for happened in by_person.values():
        happened.sort()
        for (at, first), (then, second) in pairwise(happened):
            if first != second and then - at < events[second]["properties"]["period"]:
                yield second, SUBSCRIPTION


def _justified(name: Name, end: Record, events: Mapping[str, Record], executed: Mapping[Name, Any]) -> bool:
    if end["state"] != "suppressed":
        return True
    other = (end["by"], name[1])
    same = events.get(end["by"], {}).get("userId") == events.get(name[0], {}).get("userId")
    return other != name and other in executed and same


def _possible(name: Name, end: Record, events: Mapping[str, Record]) -> bool:
    period = events.get(name[0], {}).get("properties", {}).get("period", 0)
    invalid = name[1] == SUBSCRIPTION and period < 0
    return end["state"] in STATES and (end["state"] == "invalid") == invalid


def _requests(ledgers: Ledgers) -> tuple[list[Any], list[Any]]:
    """Executions that nobody asked for, and requests that came after a delivery's end was recorded."""
    asked = Counter(one["deliveryKey"] for one in ledgers.requests)
    executed = Counter(one["data"]["deliveryKey"] for one in ledgers.executions)
    ended = {one["key"]: one["at"] for one in ledgers.ended}
    late = [one["deliveryKey"] for one in ledgers.requests if one["at"] > ended.get(one["deliveryKey"], one["at"])]
    return [key for key, count in executed.items() if count > asked[key]], late


# --- reading them ----------------------------------------------------------------------------------------------------


def read(folder: Path) -> Ledgers:
    """The ledgers of a run; rows that were old before it began are left out."""
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        rows = connection.execute("SELECT key, message, subscription, state, at, details FROM ledger").fetchall()
        counted = connection.execute("SELECT state, sum(count) FROM tallies WHERE destination = ? GROUP BY 1", (NAME,))
        tallies = {state: count for state, count in counted if state != "filtered"}
        waiting = [row[0] for row in connection.execute("SELECT key FROM queue UNION ALL SELECT key FROM dead")]
    ended = [_ended(row) for row in rows if not row[0].startswith("old-")]
    files = sorted(folder.glob("accepted-*.ndjson"))
    accepted = [event for path in files for event in lines(path)]
    return Ledgers(
        accepted, ended, lines(folder / "requests.ndjson"), lines(folder / "executions.ndjson"), tallies, waiting
    )


def _ended(row: Sequence[Any]) -> Record:
    key, message, subscription, state, at, details = row
    by = json.loads(details).get("by")
    return {"key": key, "messageId": message, "subscription": subscription, "state": state, "at": at, "by": by}


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON, if it exists."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def counts(ledgers: Ledgers) -> dict[str, int]:
    """What happened."""
    states = Counter(end["state"] for end in ledgers.ended)
    return {
        "accepted": len({event["messageId"] for event in ledgers.accepted}),
        "accepted again": len(ledgers.accepted) - len({event["messageId"] for event in ledgers.accepted}),
        "ended": len(ledgers.ended),
        **dict(sorted(states.items())),
        "requests": len(ledgers.requests),
        "executed": len(ledgers.executions),
    }


def main() -> int:
    """Print counts and findings."""
    ledgers = read(Path(sys.argv[1]))
    found = asdict(balanced(ledgers))
    summary = {name: len(value) for name, value in found.items()}
    examples = {name: value[:5] for name, value in found.items() if value}
    sys.stdout.write(json.dumps({"counts": counts(ledgers), "findings": summary, "examples": examples}) + "\n")
    return 1 if any(summary.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
