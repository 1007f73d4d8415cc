"""`destinations forget`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from destination_actions.cli.console import note, say
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.records import records_of
from destination_actions.outcomes import Outcome


def forget(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    user: Annotated[str, typer.Option(help="The user id, anonymous id or previous id to forget.")],
    at_destinations: Annotated[
        bool, typer.Option("--at-destinations", help="Also ask every destination that can to forget this user id.")
    ] = False,
    store: Annotated[str | None, typer.Option(help="sqlite:PATH; wins over the configuration.")] = None,
) -> int:
    """Remove everything kept about a person: from the queue, the dead deliveries and the ledger."""
    found = completed(_forgotten(config, store, user, at_destinations))
    if found.queued is None:
        note("this store cannot remove deliveries from its queue by user", "yellow")
        return DELIVERIES
    say(f"removed {found.queued:,} deliveries from the queue and {found.entries:,} entries from the ledger")
    for outcome in found.asked:
        say(f"{outcome.destination}: {outcome.outcome}{_why(outcome)}")
    if at_destinations and not found.asked:
        note("no configured destination can be asked to forget a person")
    return OK if all(outcome.outcome == "delivered" for outcome in found.asked) else DELIVERIES


def _why(outcome: Outcome) -> str:
    message = getattr(outcome, "message", "")
    return f", {message}" if message else ""


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """What was removed (`queued` None: the store cannot), and what the destinations answered."""

    queued: int | None
    entries: int
    asked: Sequence[Outcome] = ()


async def _forgotten(config: Path, store: str | None, user: str, at_destinations: bool) -> _Forgotten:
    """The queue comes first, so that nothing waiting can write into the ledger afterwards, or send once more."""
    from destination_actions.runtime.facts import person_key

    async with records_of(config, store) as runtime:
        stores = runtime.stores
        queued = await stores.desk.forget(user) if stores.desk is not None else None
        entries = await stores.ledger.forget([person_key(stores.secret, user)])
        asked = await runtime.delete({"type": "delete", "userId": user}) if at_destinations else ()
        return _Forgotten(queued, entries, asked)
