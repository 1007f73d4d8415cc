"""`destinations run`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, output, print_line
from destination_actions.cli.exits import DELIVERIES, INPUT, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.progress import progress
from destination_actions.cli.tally import Tally
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import Outcome

if TYPE_CHECKING:
    from destination_actions.cli.source import Events


def run(  # noqa: PLR0913 - the options of the command
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    events: Annotated[str, typer.Argument(help="Events as NDJSON or JSON: a file, or - for standard input.")] = "-",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print each outcome as a line of JSON.")] = False,
    retry_for: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds to go on retrying: 60, or with --durable what the retry rule says."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=10_000, help="Calls under way at most, of each destination and account.")
    ] = 64,
    store: Annotated[str | None, typer.Option(help="memory: or sqlite:PATH; wins over the configuration.")] = None,
    durable: Annotated[
        bool, typer.Option("--durable", help="Keep every event on disk first, and go on where an earlier run ended.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="What the source is known by; by default its path.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="With --durable: read from the beginning again.")] = False,
) -> int:
    """Send events through their subscriptions and report what became of each delivery."""
    from destination_actions.cli.durable import Durable
    from destination_actions.cli.source import Events

    if restart and not durable:
        raise ConfigurationError("--restart says where a durable run begins", hint="add --durable, or leave it out")
    tally = Tally()
    source = Events(events, name)
    if events == "-" and sys.stdin.isatty():
        note("reading events from standard input, one JSON object a line; end with Ctrl-D")
    with progress(source, tally) as advance:

        def each(outcome: Outcome) -> None:
            tally.add(outcome)
            advance()
            if json:
                print_line(outcome.to_json())

        try:
            if durable:
                completed(Durable(config, source, store, retry_for, concurrency, restart).run(each))
            else:
                completed(_deliver(config, source, store, 60.0 if retry_for is None else retry_for, concurrency, each))
        except KeyboardInterrupt:
            note(f"interrupted; so far {tally.line()}")
            raise
    if not json:
        _report(tally)
    note(f"{source.read:,} events read, {source.bad:,} not events; {tally.line()}")
    return INPUT if source.bad else OK if tally.well else DELIVERIES


async def _deliver(
    config: Path,
    source: Events,
    store: str | None,
    retry_for: float,
    concurrency: int,
    each: Callable[[Outcome], None],
) -> None:
    from destination_actions.runtime import AsyncRuntime

    async with AsyncRuntime.from_config(config, stores=store) as runtime:
        arriving = source.arriving()
        async with aclosing(runtime.run(arriving, retry_for=retry_for, concurrency=concurrency)) as outcomes:
            async for outcome in outcomes:
                each(outcome)


def _report(tally: Tally) -> None:
    out = output()
    if details := tally.details():
        out.print(details)
        if tally.left_out:
            out.print(f"... and {tally.left_out:,} more; --json prints all")
        out.print()
    if tally.counts:
        out.print(tally.summary())
