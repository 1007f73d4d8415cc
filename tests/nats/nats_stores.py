"""Parts of the NATS stores on a clock of the test, each with streams of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from destination_actions.protocols import Clock
from destination_actions.stores.nats.address import Address, parse
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.streams import Names, carry_out, found, steps


def set_up(link: Link, replicas: int | None = None) -> Names:
    """Make the streams."""
    names = Names(link.address.name)

    async def work() -> None:
        for step in steps(await found(link.wire, names), names, replicas=replicas):
            await carry_out(link.wire, step)

    link.wait(work())
    return names


def opened(url: str, name: str, replicas: int | None = None) -> tuple[Link, Names]:
    """A link, and streams under a name."""
    address: Address = parse(f"{url}/{name}")
    link = Link(address)
    return link, set_up(link, replicas)


def own_time(clock: Clock) -> StoreClock:
    """Store time that begins at a clock's wall-clock time, and then follows its monotonic one."""
    return StoreClock(clock, clock.now())


def run(work: Any) -> Any:
    """Run a coroutine on a new loop."""
    return asyncio.run(work)
