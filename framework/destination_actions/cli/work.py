"""`destinations work`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, print_line
from destination_actions.cli.exits import INTERRUPTED, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.signals import Stops, on_hangup
from destination_actions.cli.tally import Tally
from destination_actions.errors import ConfigurationError

if TYPE_CHECKING:
    from destination_actions.config import Config
    from destination_actions.outcomes import Outcome
    from destination_actions.runtime.shift import Relay, Shift


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

    SIGTERM or SIGINT lets what is under way end and gives the rest back; a second one ends at once. SIGHUP reads the
    configuration anew.
    """
    tally = Tally()
    closed: list[BrokenPipeError] = []

    def told(outcome: Outcome) -> None:
        tally.add(outcome)
        if json and not closed:
            try:
                print_line(outcome.to_json())
            except BrokenPipeError as error:
                closed.append(error)
                signal.raise_signal(signal.SIGTERM)

    code = completed(_Work(config, store, concurrency, drain, told).whole())
    note(tally.line())
    if closed:
        raise closed[0]
    return code


@dataclass(frozen=True, slots=True)
class _Work:
    """What the command was told."""

    path: Path
    store: str | None
    concurrency: int
    drain: float
    told: Callable[[Outcome], None]

    async def whole(self) -> int:
        """Work under the configuration in force until stopped."""
        from destination_actions.ingest import log_to
        from destination_actions.runtime import AsyncRuntime
        from destination_actions.runtime.assemble import opened_stores, registry_for
        from destination_actions.runtime.shift import Relay, Shift
        from destination_actions.stores import SystemClock

        def built(config: Config) -> AsyncRuntime:
            return AsyncRuntime.from_config(config, stores=stores)

        def made(config: Config, runtime: AsyncRuntime) -> Shift:
            return Shift(config, runtime, drain=self.drain, concurrency=self.concurrency, told=self.told)

        config = self._loaded()
        plugins = registry_for(config, None, ()).plugins
        stores = opened_stores(config.stores, plugins, SystemClock(), config.times)
        relay: Relay[Shift] = Relay(self._loaded, built, made, self.drain)
        end_logs = log_to(sys.stderr, relay.redactor)
        try:
            relay.start(config)
            return await _until_stopped(relay)
        finally:
            await relay.close()
            await stores.close()
            end_logs()

    def _loaded(self) -> Config:
        from destination_actions.config import load_config

        config = load_config(self.path)
        stores = self.store or config.stores
        if stores == "memory:":
            hint = 'name the store that others put events into, such as "stores": "sqlite:deliveries.db"'
            raise ConfigurationError("a queue in memory is empty, and nobody else can fill it", hint=hint)
        return replace(config, stores=stores)


async def _until_stopped(relay: Relay[Shift]) -> int:
    """Reload at each SIGHUP; drain at the first SIGTERM or SIGINT, and break off at the second."""
    stops = Stops()
    on_hangup(relay.reload)
    note("delivering; end with Ctrl-C")
    await stops.stop.wait()
    return OK if await stops.finished(relay.stop()) else INTERRUPTED
