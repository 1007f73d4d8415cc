"""`destinations work`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, print_line
from destination_actions.cli.exits import INTERRUPTED, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.tally import Tally

if TYPE_CHECKING:
    from destination_actions.outcomes import Outcome
    from destination_actions.runtime import AsyncRuntime


def work(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=10_000, help="Calls under way at most, for each destination and account.")
    ] = 64,
    drain: Annotated[float, typer.Option(min=0, help="Seconds for what is under way when stopped.")] = 25.0,
    json: Annotated[bool, typer.Option("--json", help="Print each outcome as a line of JSON.")] = False,
) -> int:
    """Deliver what the queue holds, until stopped.

    SIGTERM or SIGINT lets what is under way end and gives the rest back; a second one ends at once.
    """
    tally = Tally()

    def told(outcome: Outcome) -> None:
        tally.add(outcome)
        if json:
            print_line(outcome.to_json())

    code = completed(_worked(config, store, concurrency, drain, told))
    note(tally.line())
    return code


async def _worked(
    config: Path, store: str | None, concurrency: int, drain: float, told: Callable[[Outcome], None]
) -> int:
    from destination_actions.fields import secret_values
    from destination_actions.http import Redactor
    from destination_actions.ingest import log_to
    from destination_actions.runtime import AsyncRuntime

    async with AsyncRuntime.from_config(config, stores=store) as runtime:
        redactor = Redactor([secret for lane in runtime.plan.lanes for secret in secret_values(lane.settings)])
        end_logs = log_to(sys.stderr, lambda: redactor)
        try:
            return await _until_stopped(runtime, concurrency, drain, told)
        finally:
            end_logs()


async def _until_stopped(runtime: AsyncRuntime, concurrency: int, drain: float, told: Callable[[Outcome], None]) -> int:
    """Drain at the first signal; break off at the second."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def stopped() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped)
    working = asyncio.ensure_future(runtime.work(stop, concurrency=concurrency, drain=drain, told=told))
    hurried = asyncio.ensure_future(hurry.wait())
    note("delivering; end with Ctrl-C")
    await asyncio.wait({working, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if working.done():
        await working
        return OK
    working.cancel()
    await asyncio.wait({working}, timeout=1.0)
    return INTERRUPTED
