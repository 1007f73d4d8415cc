"""`destinations serve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.exits import INTERRUPTED, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.signals import Stops, on_hangup

if TYPE_CHECKING:
    from destination_actions.ingest import Options, Service


def serve(  # noqa: PLR0913, PLR0917 - options of a command
    config: Annotated[Path, typer.Argument(help="A configuration file with sources, YAML or JSON.")],
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    worker: Annotated[bool, typer.Option(help="Deliver too, or leave that to `destinations work`.")] = True,
    store: Annotated[str | None, typer.Option(help="memory: or sqlite:PATH; wins over the configuration.")] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=10_000, help="Calls under way at most, for each destination and account.")
    ] = 64,
    drain: Annotated[float, typer.Option(min=0, help="Seconds for what is under way when stopped.")] = 25.0,
    max_waiting: Annotated[
        int, typer.Option(min=0, help="Deliveries in the queue over which calls are answered 503; 0 for no bound.")
    ] = 1_000_000,
) -> int:
    """Take events in over HTTP, as Segment's SDKs send them, and deliver them.

    SIGTERM drains and ends, a second one ends at once; SIGHUP reads the configuration anew.
    """
    from destination_actions.ingest import Limits, Options

    options = Options(
        host=host,
        port=port,
        store=store,
        worker=worker,
        concurrency=concurrency,
        drain=drain,
        limits=Limits(waiting=max_waiting),
    )
    return completed(_served(config, options))


async def _served(config: Path, options: Options) -> int:
    from destination_actions.ingest import Service, log_to

    service = Service(config, options)
    end_logs = log_to(sys.stderr, service.redactor)
    try:
        async with service:
            return await _until_stopped(service)
    finally:
        end_logs()


async def _until_stopped(service: Service) -> int:
    """Reload at each SIGHUP; drain at SIGTERM or SIGINT, and do not wait for that at the next."""
    stops = Stops()
    on_hangup(service.reload)
    await stops.stop.wait()
    return OK if await stops.finished(service.stop()) else INTERRUPTED
