"""`destinations forget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from destination_actions.cli.console import note, say
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.records import records_of


def forget(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    user: Annotated[str, typer.Option(help="The user id, anonymous id or previous id to forget.")],
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
) -> int:
    """Remove everything kept about a person: from the queue, the dead deliveries and the ledger."""
    queued, entries = completed(_forgotten(config, store, user))
    if queued is None:
        note("this store cannot remove deliveries from its queue by user", "yellow")
        return DELIVERIES
    say(f"removed {queued:,} deliveries from the queue and {entries:,} entries from the ledger")
    return OK


async def _forgotten(config: Path, store: str | None, user: str) -> tuple[int | None, int]:
    """The queue comes first, so that nothing waiting can write into the ledger afterwards."""
    from destination_actions.runtime.ledger import person_key

    async with records_of(config, store) as runtime:
        stores = runtime.stores
        queued = await stores.desk.forget(user) if stores.desk is not None else None
        return queued, await stores.ledger.forget([person_key(stores.secret, user)])
