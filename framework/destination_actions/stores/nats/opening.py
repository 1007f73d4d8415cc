"""Opening a NATS store: connected, checked, and everything put together."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.error
import urllib.request
from typing import Any, Final

from destination_actions.errors import StoreError
from destination_actions.protocols import ClaimTimes, Clock, Stores
from destination_actions.stores.nats.address import Address, monitor_host, parse
from destination_actions.stores.nats.claims import NatsClaims
from destination_actions.stores.nats.consumers import ack_wait_of
from destination_actions.stores.nats.desk import NatsDesk
from destination_actions.stores.nats.ledger import NatsLedger
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.moments import StoreClock, server_time, warn_of_offset
from destination_actions.stores.nats.projection import Projection
from destination_actions.stores.nats.queue import NatsQueue
from destination_actions.stores.nats.shared import NatsRates, NatsTokens, install_secret
from destination_actions.stores.nats.streams import Names, found, refuse_old_server, refuse_unready

log = logging.getLogger("destination_actions")

ENABLED: Final = 3.0
"""Seconds that a server gets to have JetStream ready, before it is taken for one without."""

FOLLOW: Final = 60.0
"""Seconds between looks at the server's clock."""


def connected(address: Address) -> Link:
    """Connect, and refuse a server that is too old or has no JetStream."""
    link = Link(address)
    try:
        refuse_old_server(_version(link), str(address))
        link.wait(link.wire.api("INFO", absent=ENABLED))
    except BaseException as error:
        link.close()
        if isinstance(error, StoreError) and "nobody answers" in str(error):
            raise StoreError(
                f"{address} has no JetStream: start nats-server with -js, or enable it for this account"
            ) from error
        raise
    return link


def _version(link: Link) -> str:
    told = link.wire.client.connected_server_version
    return f"{told.major}.{told.minor}.{told.patch}"


def open_nats(url: str, clock: Clock, times: ClaimTimes) -> Stores:
    """Open `nats://host:port,.../NAME`. Raises `StoreError` for what is too old, missing, newer or out of reach."""
    address = parse(url)
    link = connected(address)
    try:
        return _opened(link, clock, times)
    except BaseException:
        link.close()
        raise


def _opened(link: Link, clock: Clock, times: ClaimTimes) -> Stores:
    address, names = link.address, Names(link.address.name)
    refuse_unready(link.wait(found(link.wire, names)), str(address))
    store_clock = StoreClock(clock, link.wait(server_time(link.wire, names.queue, clock)))
    warn_of_offset(store_clock.offset, str(address))
    if address.monitor is not None and (finding := sync_finding(address.monitor)):
        log.warning("%s", finding)
    queue = NatsQueue(link, names, store_clock, ack_wait=ack_wait_of(times))
    projection = Projection(link, names, clock, address.projection)
    following = link.submit(_followed(link, names, clock, store_clock))

    async def close() -> None:
        following.cancel()
        await projection.aclose()
        await link.aclose()

    return Stores(
        claims=NatsClaims(link, names, store_clock, times),
        queue=queue,
        rates=NatsRates(link, names, store_clock),
        tokens=NatsTokens(link, names),
        ledger=NatsLedger(link, names, projection),
        secret=address.secret or link.wait(install_secret(link, names)),
        close=close,
        desk=NatsDesk(link, names, store_clock, queue),
    )


async def _followed(link: Link, names: Names, clock: Clock, store_clock: StoreClock) -> None:
    """Follow the server's clock, as long as the store is open."""
    while True:
        await asyncio.sleep(FOLLOW)
        try:
            store_clock.adjust(await server_time(link.wire, names.queue, clock))
        except StoreError as error:
            log.debug("the server's clock could not be read: %s", error)


def sync_finding(monitor: str) -> str | None:
    """What a server's monitoring says against its durability: None when it syncs always, else what to change.

    `monitor` is the address of its monitoring, such as `http://nats-1:8222`.
    """
    host = monitor_host(monitor)
    try:
        with urllib.request.urlopen(f"{monitor.rstrip('/')}/varz", timeout=3) as answer:  # noqa: S310 - the operator's
            config: dict[str, Any] = json.load(answer).get("jetstream", {}).get("config", {})
    except (OSError, ValueError, urllib.error.URLError) as error:
        return f"the monitoring of NATS at {host} cannot be read, so sync_interval is not checked: {error}"
    if config.get("sync_always"):
        return None
    seconds = config.get("sync_interval", 0) / 1e9
    return (
        f"NATS at {host} syncs its files every {seconds:g} s: what it acknowledged since is lost in a power failure "
        "of all replicas; set sync_interval: always in its jetstream block"
    )
