"""Rates, OAuth tokens and the install secret in a bucket that all workers share."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.nats.codec import packed, unpacked
from destination_actions.stores.nats.compare import Cell, pause
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.rates import Lane, left_of, paused, taken

T = TypeVar("T")


class NatsRates:
    """A `RateStore` in a NATS bucket: all workers share each lane's rate."""

    def __init__(self, link: Link, names: Names, clock: StoreClock) -> None:
        self._link = link
        self._names = names
        self._clock = clock

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """As `RateStore` says; the permits of a block come one every `1 / per_second` seconds."""
        taken(Lane(), n, per_second, 0.0, within)  # what is no rate is refused before anything is asked

        def change(record: Lane, now: float) -> tuple[Lane, tuple[float, float]]:
            after, wait = taken(record, n, per_second, now, within)
            return after, (wait, now)

        wait, then = await self._link.run(self._change(lane, change))
        return wait if wait > within else wait - (self._clock.now() - then)

    async def pause(self, lane: str, seconds: float) -> None:
        """As `RateStore` says; a pause is never cut short by a shorter one."""
        await self._link.run(self._change(lane, lambda record, now: (paused(record, seconds, now), None)))

    async def paused(self, lane: str) -> float:
        """As `RateStore` says."""
        return await self._link.run(self._paused(lane))

    async def _paused(self, lane: str) -> float:
        _, data = await self._cell(lane).read()
        return left_of(_lane(data), self._clock.now())

    async def _change(self, lane: str, change: Callable[[Lane, float], tuple[Lane, T]]) -> T:
        cell, lost = self._cell(lane), 0
        while True:
            revision, data = await cell.read()
            before = _lane(data)
            after, answer = change(before, self._clock.now())
            # The token makes this write differ from every other, so that one without an answer can be recognised.
            written = packed({"lane": lane, "free": after.free, "paused": after.paused, "by": new_token()})
            if after == before or await cell.write(written, revision) is not None:
                return answer
            lost += 1
            await pause(lost, cell.subject)

    def _cell(self, lane: str) -> Cell:
        return Cell(self._link.wire, self._names.shared, self._names.share("lane", token(lane)))


def _lane(data: bytes) -> Lane:
    if not data:
        return Lane()
    document = unpacked(data)
    return Lane(document["free"], document["paused"])


class NatsTokens:
    """A `TokenStore` in a NATS bucket. Whoever may read the bucket can read the tokens."""

    def __init__(self, link: Link, names: Names) -> None:
        self._link = link
        self._names = names

    async def get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """As `TokenStore` says."""
        return await self._link.run(self._get(name))

    async def put(self, name: str, value: Mapping[str, Any], *, revision: int) -> bool:
        """As `TokenStore` says."""
        return await self._link.run(self._put(name, value, revision))

    async def _get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        _, data = await self._cell(name).read()
        if not data:
            return None
        document = unpacked(data)
        return document["revision"], document["value"]

    async def _put(self, name: str, value: Mapping[str, Any], revision: int) -> bool:
        cell = self._cell(name)
        sequence, data = await cell.read()
        if (unpacked(data)["revision"] if data else 0) != revision:
            return False
        written = packed({"name": name, "revision": revision + 1, "value": value, "by": new_token()})
        return await cell.write(written, sequence) is not None

    def _cell(self, name: str) -> Cell:
        return Cell(self._link.wire, self._names.shared, self._names.share("token", token(name)))


async def install_secret(link: Link, names: Names) -> bytes:
    """Read the install secret of this store, or make it. 32 bytes, the same for every worker."""
    cell, lost = Cell(link.wire, names.shared, names.share("install", "secret")), 0
    while True:
        _, data = await cell.read()
        if data:
            return bytes.fromhex(unpacked(data)["secret"])
        if await cell.write(packed({"secret": secrets.token_hex(32)}), 0) is None:
            lost += 1  # somebody else's is on its way, and cannot be read yet
            await pause(lost, cell.subject)
