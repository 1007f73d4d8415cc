"""`destinations nats`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from destination_actions.cli.console import cell, note, output, say, table
from destination_actions.cli.exits import OK
from destination_actions.errors import ConfigurationError

if TYPE_CHECKING:
    from destination_actions.config import Config
    from destination_actions.stores.nats.address import Address
    from destination_actions.stores.nats.streams import Step

_DAY = 24 * 3600.0
_NANO = 1e9


def setup(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    replicas: Annotated[
        int | None, typer.Option(help="Copies of each stream: 1, or 3 in a cluster. By default as it is, or 1.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    store: Annotated[str | None, typer.Option(help="nats://HOST:PORT/NAME; wins over the configuration.")] = None,
) -> int:
    """Make the streams of a NATS store, or bring them up to date. Doing it again changes nothing."""
    if replicas not in (None, 1, 3, 5):
        raise ConfigurationError(f"--replicas is 1, 3 or 5, not {replicas}", hint="an even number survives no more")
    loaded, address = _address(config, store)
    from destination_actions.stores.nats.opening import connected, sync_finding
    from destination_actions.stores.nats.streams import Names, carry_out, found, steps

    link = connected(address)
    try:
        names = Names(address.name)
        infos = link.wait(found(link.wire, names))
        planned = steps(infos, names, replicas=replicas, keep=loaded.ledger.keep_days * _DAY)
        _print(planned, dry_run=dry_run)
        for step in () if dry_run else planned:
            link.wait(carry_out(link.wire, step))
        if not dry_run:
            say(f"{address} is ready" + (f": {len(planned)} streams made or changed" if planned else ": nothing to do"))
        _warn(link.wait(link.wire.api(f"STREAM.INFO.{names.queue}")) if not dry_run else infos[names.queue])
    finally:
        link.close()
    if address.monitor is None:
        note("sync_interval was not checked: name a server's monitoring as `monitor` of `stores`", "yellow")
    elif finding := sync_finding(address.monitor):
        note(f"warning: {finding}", "yellow")
    return OK


def _address(config: Path, store: str | None) -> tuple[Config, Address]:
    """The configuration, and the NATS store that it or the option names."""
    from destination_actions.config import load_config
    from destination_actions.stores.nats import refuse_without_nats

    loaded = load_config(config)
    url = store or loaded.stores
    scheme = url.partition(":")[0]
    if scheme not in ("nats", "tls"):
        hint = '"stores": "nats://host:4222/NAME"'
        raise ConfigurationError(f'{config}: its stores are on "{scheme}:", not on NATS', hint=hint)
    refuse_without_nats()
    from destination_actions.stores.nats.address import parse

    return loaded, parse(url)


def _print(planned: Sequence[Step], *, dry_run: bool) -> None:
    if not planned:
        if dry_run:
            say("nothing to do: every stream is as it has to be")
        return
    shown = table("Stream", "Step", "Setting", "Now", "Then")
    for step in planned:
        for number, (key, now, then) in enumerate(step.changes):
            head = (step.stream, step.action) if number == 0 else ("", "")
            shown.add_row(*map(cell, (*head, key, _readable(key, now), _readable(key, then))))
    output().print(shown)


def _readable(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key in ("max_age", "duplicate_window"):
        seconds = value / _NANO
        return f"{seconds / _DAY:g} d" if seconds >= _DAY else f"{seconds:g} s"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items() if not name.startswith("_nats")) or "-"
    return str(value)


def _warn(info: Any) -> None:
    """Say when a cluster keeps one copy of everything."""
    peers = (info or {}).get("cluster", {}).get("name")
    if peers and (info["config"]["num_replicas"]) == 1:
        note("warning: the streams have one copy in a cluster: with --replicas 3 they survive a server", "yellow")
