"""`destinations serve`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.exits import INTERRUPTED, OK
from destination_actions.cli.loop import completed

if TYPE_CHECKING:
    from destination_actions.ingest import Options, Service


def serve(
    config: Annotated[Path, typer.Argument(help="A configuration file with sources, YAML or JSON.")],
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    worker: Annotated[bool, typer.Option(help="Deliver too, or leave that to `destinations work`.")] = True,
    store: Annotated[str | None, typer.Option(help="memory: or sqlite:PATH; wins over the configuration.")] = None,
    drain: Annotated[float, typer.Option(min=0, help="Seconds for what is under way when stopped.")] = 25.0,
) -> int:
    """Take events in over HTTP, as Segment's SDKs send them, and deliver them.

    SIGTERM drains and ends, a second one ends at once; SIGHUP reads the configuration anew.
    """
    from destination_actions.ingest import Options

    return completed(_served(config, Options(host=host, port=port, store=store, worker=worker, drain=drain)))


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
    stop, hurry = asyncio.Event(), asyncio.Event()
    reloads: set[asyncio.Task[bool]] = set()

    def stopped() -> None:
        (hurry if stop.is_set() else stop).set()

    def reloaded() -> None:
        reloads.add(task := asyncio.ensure_future(service.reload()))
        task.add_done_callback(reloads.discard)

    _on(("SIGTERM", "SIGINT"), stopped)
    _on(("SIGHUP",), reloaded)
    await stop.wait()
    draining, hurried = asyncio.ensure_future(service.stop()), asyncio.ensure_future(hurry.wait())
    await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if draining.done():
        await draining
        return OK
    draining.cancel()
    return INTERRUPTED


def _on(names: tuple[str, ...], act: Callable[[], None]) -> None:
    """Act on signals, where the system has them."""
    for name in names:
        if number := getattr(signal, name, None):
            with suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, act)
