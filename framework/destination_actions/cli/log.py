"""`destinations log`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from destination_actions.cli.console import note, output
from destination_actions.cli.loop import completed
from destination_actions.cli.records import Choice, attempt_json, entry_json, entry_table, print_record, records_of
from destination_actions.protocols import LedgerEntry


def log(  # noqa: PLR0913 - the options of the command
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    *,
    since: Annotated[str | None, typer.Option(help="From then on: 15m, 2h, 7d ago, or a time in ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option(help="Before then.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Ended like this; may be repeated.")] = None,
    reason: Annotated[str | None, typer.Option(help="For this reason.")] = None,
    user: Annotated[str | None, typer.Option(help="Of events that name this user id.")] = None,
    destination: Annotated[str | None, typer.Option(help="Of this configured destination.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="Print each entry with its attempts as a line of JSON.")] = False,
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
) -> None:
    """List how deliveries ended, the newest first."""
    choice = Choice(since, until, state or (), reason, destination, user, limit=limit)
    entries = completed(_entries(config, store, choice, json))
    if not json:
        output().print(entry_table(entries))
        note(f"{len(entries):,} entries" + (f"; --limit {limit} reached" if len(entries) == limit else ""))


async def _entries(config: Path, store: str | None, choice: Choice, as_json: bool) -> list[LedgerEntry]:
    async with records_of(config, store) as runtime:
        ledger = runtime.stores.ledger
        entries = list(await ledger.entries(choice.query(runtime.stores.secret, time.time())))
        for entry in entries if as_json else ():
            tries = [attempt_json(attempt) for attempt in await ledger.attempts(entry.key)]
            print_record(entry_json(entry) | {"tries": tries})
        return entries
