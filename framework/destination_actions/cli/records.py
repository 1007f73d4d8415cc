"""Entries of the ledger for people and programs: chosen by options, printed as rows or as lines of JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from destination_actions.cli.console import cell, table
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import iso
from destination_actions.protocols import AttemptEntry, LedgerEntry, LedgerQuery

if TYPE_CHECKING:
    from destination_actions.runtime import AsyncRuntime

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 24 * 3600.0}
_SHORT: Final = 8
"""Digits of a delivery's key that tables show; commands take any unambiguous beginning."""
_LONGEST: Final = 120
"""Characters of a reason that tables show; `dead show` and `--json` have all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the options of a command ask for."""

    since: str | None = None
    until: str | None = None
    states: Sequence[str] = ()
    reason: str | None = None
    destination: str | None = None
    user: str | None = None
    key: str | None = None
    limit: int = 100

    def query(self, secret: bytes, now: float) -> LedgerQuery:
        """As the ledger takes it. Raises `ConfigurationError` for what cannot be read."""
        from destination_actions.runtime.facts import person_key

        return LedgerQuery(
            since=None if self.since is None else moment(self.since, now),
            until=None if self.until is None else moment(self.until, now),
            states=tuple(self.states),
            reason=self.reason,
            destination=self.destination,
            person=None if self.user is None else person_key(secret, self.user),
            key=self.key,
            limit=self.limit,
        )


def moment(text: str, now: float) -> float:
    """Read a time: so long ago (`90s`, `15m`, `2h`, `7d`), or a date with or without a time, in UTC unless it says."""
    ago = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if ago:
        return now - float(ago[1]) * _UNITS[ago[2]]
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        hint = "write how long ago, such as 2h or 7d, or a time such as 2026-03-01T08:00Z"
        raise ConfigurationError(f'"{text}" is not a time', hint=hint) from None
    return date.replace(tzinfo=date.tzinfo or UTC).timestamp()


@asynccontextmanager
async def records_of(config: Path, store: str | None = None) -> AsyncIterator[AsyncRuntime]:
    """A runtime over stores that last. Raises `ConfigurationError` for stores that keep nothing."""
    from destination_actions.config import load_config
    from destination_actions.runtime import AsyncRuntime

    loaded = load_config(config)
    if (store or loaded.stores) == "memory:":
        hint = 'keep the records in a file: "stores": "sqlite:deliveries.db", or name one with --store'
        raise ConfigurationError(f"{config}: stores in memory keep no records between two commands", hint=hint)
    async with AsyncRuntime.from_config(loaded, stores=store, watchdog=None) as runtime:
        yield runtime


def entry_json(entry: LedgerEntry, *, event: bool = False) -> dict[str, Any]:
    """An entry as `schemas/ledger.schema.json` says; its event only if asked for."""
    one = {
        "key": entry.key,
        "state": entry.state,
        "reason": entry.reason,
        "destination": entry.destination,
        "subscription": entry.subscription,
        "action": entry.action,
        "messageId": entry.message_id,
        "at": iso(entry.at),
        "accepted": iso(entry.accepted),
        "seconds": entry.seconds,
        "generation": entry.generation,
        "attempts": entry.attempts,
        "pin": entry.pin,
        "replayed": entry.replayed,
        "replayable": entry.event is not None,
        "details": dict(entry.details),
    }
    return one | {"event": dict(entry.event)} if event and entry.event is not None else one


def attempt_json(attempt: AttemptEntry) -> dict[str, Any]:
    """An attempt as `schemas/ledger.schema.json` says."""
    return {
        "at": iso(attempt.at),
        "seconds": attempt.seconds,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "pin": attempt.pin,
        "exchanges": [dict(exchange) | {"at": iso(exchange["at"])} for exchange in attempt.exchanges],
    }


def print_record(value: Any) -> None:
    """Print one line of JSON in ASCII: whatever an event or an API says, a record stays one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def entry_table(entries: Iterable[LedgerEntry]) -> Table:
    """A row for each entry: its key's beginning, when, how it ended, which event, why."""
    shown = table("Id", "Ended (UTC)", "State", "Event", "Subscription", "Why")
    for column in shown.columns[:2]:
        column.no_wrap = True
    for entry in entries:
        again = f" (replay {entry.generation})" if entry.generation else ""
        shown.add_row(
            cell(entry.key[:_SHORT]),
            cell(iso(entry.at).replace("T", " ")[5:19]),
            cell(entry.state + again, _colour(entry.state)),
            cell(entry.message_id),
            cell(f"{entry.destination}/{entry.subscription}"),
            cell(_cut(f"{entry.reason}: {why(entry)}"), "default"),
        )
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def why(entry: LedgerEntry) -> str:
    """The details in a line."""
    details = entry.details
    if problems := details.get("problems"):
        return "; ".join(str(problem.get("message", "")) for problem in problems)
    if "message" in details:
        return str(details["message"])
    if entry.state == "suppressed":
        return f"cooling until {details.get('until')}, by {details.get('by')}"
    return ", ".join(f"{name} {value}" for name, value in (details.get("data") or {}).items())


def age(seconds: float) -> str:
    """A length of time for people: `2:05:00`, `3 days, 1:00:00`."""
    return str(timedelta(seconds=round(max(0.0, seconds))))


def _colour(state: str) -> str:
    return {"delivered": "green", "suppressed": "yellow", "unknown": "magenta"}.get(state, "red")
