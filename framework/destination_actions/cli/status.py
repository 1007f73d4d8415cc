"""`destinations status`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from destination_actions.cli.console import cell, output, print_json, table
from destination_actions.cli.loop import completed
from destination_actions.cli.records import age, records_of
from destination_actions.protocols import FAILED_STATES, TERMINAL_STATES, LaneRate, Tally, Waiting

if TYPE_CHECKING:
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.runtime.notices import Notice


def status(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
) -> None:
    """Show how deliveries ended so far, what waits and since when, which breakers are open and which lanes paused."""
    found = completed(_status(config, store))
    if json:
        print_json(found.to_json())
        return
    out = output()
    out.print(_tallies(found))
    out.print()
    out.print(_waiting(found))
    for name, notice in found.breakers.items():
        out.print(cell(_breaker(name, notice, found.now), "red"))
    for lane in found.lanes:
        if lane.paused_for > 0:
            out.print(cell(f"{lane.lane} is paused for another {age(lane.paused_for)}", "yellow"))


@dataclass(frozen=True, slots=True)
class Status:
    """What the stores show, at a wall-clock time."""

    now: float
    tallies: Sequence[Tally]
    waiting: Sequence[Waiting]
    lanes: Sequence[LaneRate]
    breakers: Mapping[str, Notice]

    @property
    def states(self) -> Counter[str]:
        """How many ended in each state; filtered ones too."""
        counts: Counter[str] = Counter()
        for one in self.tallies:
            counts[one.state] += one.count
        return counts

    @property
    def oldest(self) -> float | None:
        """Seconds since the oldest that waits was accepted."""
        return max((self.now - one.oldest for one in self.waiting), default=None)

    def to_json(self) -> dict[str, Any]:
        """As `status --json` prints it."""
        states = self.states
        oldest = self.oldest
        return {
            "states": {state: states[state] for state in (*TERMINAL_STATES, "filtered")},
            "pending": {
                "count": sum(one.count for one in self.waiting),
                "oldestSeconds": None if oldest is None else round(oldest, 3),
                "subscriptions": [_pending(one, self.now) for one in self.waiting],
            },
            "tallies": [_tally(one) for one in self.tallies],
            "lanes": [
                {"lane": one.lane, "freeIn": round(one.free_in, 3), "pausedFor": round(one.paused_for, 3)}
                for one in self.lanes
            ],
            "breakers": [_notice(name, one, self.now) for name, one in self.breakers.items()],
        }


def _notice(name: str, one: Notice, now: float) -> dict[str, Any]:
    return {
        "lane": name,
        "why": one.why,
        "message": one.message,
        "openForSeconds": round(now - one.since, 3),
        "probeIn": round(max(0.0, one.probe - now), 3),
    }


def _breaker(name: str, one: Notice, now: float) -> str:
    why = "its credentials are refused" if one.why == "authentication" else "most of its requests fail"
    return f"{name}: the breaker has been open for {age(now - one.since)}, because {why}: {one.message}"


def _pending(one: Waiting, now: float) -> dict[str, Any]:
    return {
        "destination": one.destination,
        "subscription": one.subscription,
        "count": one.count,
        "tried": one.tried,
        "oldestSeconds": round(now - one.oldest, 3),
    }


def _tally(one: Tally) -> dict[str, Any]:
    return {
        "destination": one.destination,
        "subscription": one.subscription,
        "state": one.state,
        "reason": one.reason,
        "count": one.count,
    }


async def _status(config: Path, store: str | None) -> Status:
    async with records_of(config, store) as runtime:
        stores = runtime.stores
        desk = stores.desk
        return Status(
            time.time(),
            await stores.ledger.tallies(),
            await desk.waiting() if desk else (),
            _named(runtime, await desk.lanes() if desk else ()),
            await _breakers(runtime),
        )


async def _breakers(runtime: AsyncRuntime) -> Mapping[str, Notice]:
    """Open breakers, under the configured names of all destinations of their account."""
    from destination_actions.runtime.lanes import lane_key
    from destination_actions.runtime.notices import open_breakers

    names: dict[str, list[str]] = {}
    for lane in runtime.plan.lanes:
        names.setdefault(lane_key(lane), []).append(lane.name)
    found = await open_breakers(runtime.stores.tokens, names, time.time())
    return {", ".join(names[key]): notice for key, notice in found.items()}


def _named(runtime: AsyncRuntime, lanes: Sequence[LaneRate]) -> Sequence[LaneRate]:
    """Lanes under the names of the configuration, instead of their digests."""
    from destination_actions.runtime.lanes import lane_key

    names = {lane_key(lane): lane.name for lane in runtime.plan.lanes}
    return [LaneRate(_name(one.lane, names), one.free_in, one.paused_for) for one in lanes]


def _name(lane: str, names: dict[str, str]) -> str:
    return next((name + lane.removeprefix(key) for key, name in names.items() if lane.startswith(key)), lane)


def _tallies(found: Status) -> Any:
    shown = table("Destination", "Subscription", "State", "Reason", "Count")
    shown.columns[4].justify = "right"
    for one in found.tallies:
        style = "red" if one.state in FAILED_STATES else ""
        name = (cell(one.destination), cell(one.subscription))
        shown.add_row(*name, cell(one.state, style), cell(one.reason, "default"), f"{one.count:,}")
    return shown if found.tallies else "nothing has ended yet"


def _waiting(found: Status) -> Any:
    shown = table("Destination", "Subscription", "Waiting", "Tried", "Oldest")
    for one in found.waiting:
        name = (cell(one.destination), cell(one.subscription))
        shown.add_row(*name, f"{one.count:,}", f"{one.tried:,}", age(found.now - one.oldest))
    return shown if found.waiting else "nothing is waiting"
