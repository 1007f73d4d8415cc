"""`destinations record`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, say
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.records import Choice, records_of
from destination_actions.errors import ConfigurationError

if TYPE_CHECKING:
    from destination_actions.config import Config
    from destination_actions.events import Event
    from destination_actions.testing.recording import Chosen, Sample, Written

_ENTRIES = 100_000
"""Entries of a ledger that are looked at."""


def record(  # noqa: PLR0913 - the options of the command
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    events: Annotated[
        str | None, typer.Argument(help="Events to send FOR REAL and record; else the ledger's are taken.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The folder for the case files.")] = Path("recorded"),
    limit: Annotated[int, typer.Option(min=1, help="Cases at most; those that add most are taken.")] = 200,
    since: Annotated[str | None, typer.Option(help="From the ledger: from then on, such as 2h or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="From the ledger: before then.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="From the ledger: ended like this.")] = None,
    destination: Annotated[str | None, typer.Option(help="From the ledger: of this configured destination.")] = None,
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> int:
    """Turn real events and exchanges into case files, without anything personal or secret in them."""
    from destination_actions.config import load_config
    from destination_actions.testing.recording import chosen

    loaded = load_config(config)
    if events is None:
        samples, without = completed(_from_ledger(config, store, Choice(since, until, state or (), None, destination)))
    else:
        samples, without = _from_run(loaded, events, store), 0
    if without:
        hint = "the ledger keeps them with: ledger: {deliveredEvents: true}"
        note(f"{without:,} deliveries whose events are not kept were passed over; {hint}", "yellow")
    selection = chosen(samples, limit)
    written = _written(loaded, selection)
    return _saved(written, selection, out, force=force)


async def _from_ledger(config: Path, store: str | None, choice: Choice) -> tuple[list[Sample], int]:
    from destination_actions.testing.recording import Sample, ledger_samples

    choice = Choice(choice.since, choice.until, choice.states, destination=choice.destination, limit=_ENTRIES)
    async with records_of(config, store) as runtime:
        query = choice.query(runtime.stores.secret, time.time())
        found = [one async for one in ledger_samples(runtime.stores.ledger, query)]
    samples = [one for one in found if isinstance(one, Sample)]
    return samples[::-1], len(found) - len(samples)


def _from_run(config: Config, events: str, store: str | None) -> list[Sample]:
    from destination_actions.cli.source import Events

    source = Events(events)
    return completed(_sent(config, source, store))


async def _sent(config: Config, events: Iterable[Event], store: str | None) -> list[Sample]:
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.stores import SystemClock
    from destination_actions.testing.recording import live_samples

    async with AsyncRuntime.from_config(config, stores=store, watchdog=None) as runtime:
        lanes, stores = runtime.plan.lanes, runtime.stores
        return [one async for one in live_samples(config, lanes, events, stores, SystemClock().now)]


def _written(config: Config, selection: Chosen) -> list[Written]:
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.testing.recording import case_files, given_of, redaction_for

    plan = AsyncRuntime.from_config(config, stores="memory:").plan
    lanes = {lane.name: lane for lane in plan.lanes}
    redaction = redaction_for(config, plan)
    redaction.learn_all(selection.samples)
    written = []
    for part in config.destinations:
        samples = [one for one in selection.samples if one.destination == part.name]
        if samples and part.name in lanes:
            written.append(case_files(given_of(part, lanes[part.name], redaction), samples, redaction))
    return written


def _saved(written: Sequence[Written], selection: Chosen, out: Path, *, force: bool) -> int:
    """Write the files, or none of them; say what was written and what was left out, and why."""
    from destination_actions.testing.recording import file_names

    files = list(file_names(written, out))
    there = [str(path) for path, _ in files if path.exists()]
    if there and not force:
        hint = "name another folder with --out, or add --force"
        raise ConfigurationError(f'"{there[0]}" is there already', hint=hint)
    out.mkdir(parents=True, exist_ok=True)
    for path, text in files:
        path.write_text(text, encoding="utf-8")
        say(f"wrote {path}", "green")
    for reason, count in sorted(Counter(reason for one in written for _, reason in one.left).items()):
        note(f"left out {count}: {reason}", "yellow")
    cases = sum(one.cases for one in written)
    say(
        f"{cases} case{'s' * (cases != 1)} for {selection.shapes:,} shapes of {selection.deliveries:,} deliveries",
        "bold",
    )
    return OK if cases else DELIVERIES
