"""`destinations dead list`, `show` and `replay`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from destination_actions.cli.console import note, output, print_json, print_line, say
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.records import (
    Choice,
    attempt_json,
    entry_json,
    entry_table,
    print_record,
    records_of,
)
from destination_actions.cli.tally import Tally
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import Outcome
from destination_actions.protocols import FAILED_STATES, LedgerEntry

if TYPE_CHECKING:
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.runtime.replay import Candidate

Config = Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")]
Since = Annotated[str | None, typer.Option(help="Ended from then on: 15m, 2h, 7d ago, or a time in ISO 8601.")]
Until = Annotated[str | None, typer.Option(help="Ended before then.")]
States = Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(FAILED_STATES)}; may be repeated.")]
Reason = Annotated[str | None, typer.Option(help="For this reason, as the list shows it.")]
User = Annotated[str | None, typer.Option(help="Of events that name this user id.")]
Destination = Annotated[str | None, typer.Option(help="Of this configured destination.")]
Store = Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")]


def list_dead(  # noqa: PLR0913 - the options of the command
    config: Config,
    *,
    since: Since = None,
    until: Until = None,
    state: States = None,
    reason: Reason = None,
    user: User = None,
    destination: Destination = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 1000,
    json: Annotated[bool, typer.Option("--json", help="Print each entry as a line of JSON.")] = False,
    store: Store = None,
) -> None:
    """List deliveries that ended without success and were not replayed since, the oldest first."""
    choice = Choice(since, until, _failed_states(state), reason, destination, user)

    async def listed() -> list[LedgerEntry]:
        async with records_of(config, store) as runtime:
            return (await _found(runtime, choice))[-limit:]

    entries = completed(listed())
    if json:
        for entry in entries:
            print_record(entry_json(entry))
        return
    output().print(entry_table(entries))
    counts = Counter(entry.reason for entry in entries)
    reasons = ", ".join(f"{number:,} {name}" for name, number in counts.most_common())
    note(f"{len(entries):,} failed deliveries" + (f": {reasons}" if reasons else ""))


def show(
    config: Config,
    id: Annotated[str, typer.Argument(help="The delivery's id, or its beginning.")],  # noqa: A002 - its name
    event: Annotated[bool, typer.Option("--event", help="Show the event too, with personal data.")] = False,
    store: Store = None,
) -> None:
    """Show one delivery with its attempts, requests and answers, as JSON."""

    async def shown() -> dict[str, Any]:
        async with records_of(config, store) as runtime:
            entry = await _one(runtime, id)
            tries = [attempt_json(attempt) for attempt in await runtime.stores.ledger.attempts(entry.key)]
            return entry_json(entry, event=event) | {"tries": tries}

    print_json(completed(shown()))


def replay(  # noqa: PLR0913 - the options of the command
    config: Config,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of deliveries, or their beginnings.")] = None,
    *,
    since: Since = None,
    until: Until = None,
    state: States = None,
    reason: Reason = None,
    user: User = None,
    destination: Destination = None,
    all_: Annotated[bool, typer.Option("--all", help="Replay every failed delivery.")] = False,
    original: Annotated[
        bool, typer.Option("--original/--current", help="Only under the configuration of then, or under this one.")
    ] = False,
    may_repeat: Annotated[
        bool, typer.Option("--may-repeat", help="Also what may have been executed, though nothing can find out.")
    ] = False,
    rate: Annotated[float, typer.Option(min=0.001, help="Replays a second at most.")] = 10.0,
    retry_for: Annotated[float, typer.Option(min=0, help="Seconds to go on retrying a delivery.")] = 60.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be replayed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print each outcome as a line of JSON.")] = False,
    store: Store = None,
) -> int:
    """Try failed deliveries again: only those that failed, under the cooldown, at a limited rate."""
    choice = Choice(since, until, _failed_states(state), reason, destination, user)
    if not (ids or all_ or choice != Choice(states=choice.states) or state):
        raise ConfigurationError("nothing to replay was named", hint="give ids, or --reason, --since, --user, or --all")

    async def replayed() -> int:
        async with records_of(config, store) as runtime:
            replays = runtime.replays(retry_for=retry_for)
            entries = [await _one(runtime, one) for one in ids] if ids else await _found(runtime, choice)
            candidates = await replays.examined(entries, original=original, may_repeat=may_repeat)
            well = not any(candidate.obstacle for candidate in candidates)
            if _announced(candidates) and not dry_run and _agreed(yes):
                well = await _replayed(replays.run(candidates, rate=rate), json) and well
            return OK if well else DELIVERIES

    return completed(replayed())


async def _replayed(outcomes: AsyncIterable[Outcome], as_json: bool) -> bool:
    """Print what becomes of replays; whether all went well."""
    tally = Tally()
    async for outcome in outcomes:
        tally.add(outcome)
        if as_json:
            print_line(outcome.to_json())
    if not as_json and (details := tally.details()):
        output().print(details)
    note(tally.line())
    return tally.well


def _failed_states(states: Sequence[str] | None) -> Sequence[str]:
    for state in states or ():
        if state not in FAILED_STATES:
            raise ConfigurationError(f'"{state}" is not a state of failed deliveries: {", ".join(FAILED_STATES)}')
    return tuple(states or FAILED_STATES)


async def _found(runtime: AsyncRuntime, choice: Choice) -> list[LedgerEntry]:
    return await runtime.replays().failed(choice.query(runtime.stores.secret, time.time()))


async def _one(runtime: AsyncRuntime, beginning: str) -> LedgerEntry:
    query = Choice(key=beginning, states=FAILED_STATES, limit=2).query(runtime.stores.secret, time.time())
    entries = await runtime.stores.ledger.entries(query)
    if len(entries) == 1:
        return entries[0]
    hint = "see: destinations dead list" if not entries else "give more of its digits"
    found = "no failed delivery has" if not entries else "several failed deliveries have"
    raise ConfigurationError(f'{found} an id that begins with "{beginning}"', hint=hint)


def _announced(candidates: Sequence[Candidate]) -> int:
    """Say what stands in the way, and what has changed, before anything happens; gives how many can be replayed."""
    for message, count in Counter(one.obstacle for one in candidates if one.obstacle).items():
        note(f"{count:,} not replayed: {message}", "yellow")
    ready = [one for one in candidates if not one.obstacle]
    for changes, count in Counter(tuple(one.changes) for one in ready).items():
        note(f"{count:,} with the configuration {'of then' if not changes else 'changed since:'}")
        for change in changes:
            note(f"  {change}")
    if not ready:
        say("nothing to replay")
    return len(ready)


def _agreed(yes: bool) -> bool:
    return yes or not sys.stdin.isatty() or typer.confirm("Replay them?", err=True)
