"""Claims in a key-value bucket: the protocol's own functions, written by compare-and-set."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from destination_actions.events import Json
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.clock import Instant
from destination_actions.stores.nats.compare import Cell, pause
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.moments import StoreClock
from destination_actions.stores.nats.records import Value
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.transitions import Records, Transitions, check_seconds

T = TypeVar("T")
Change = Callable[[Records, Instant], tuple[Records, T]]

REMEMBERED: Final = 4_096
"""Values that a process remembers, to spare the read before the next write."""


class NatsClaims:
    """A `ClaimStore` in a NATS bucket. `tokens` and `transitions` are replaced by tests alone."""

    def __init__(
        self,
        link: Link,
        names: Names,
        clock: StoreClock,
        times: ClaimTimes | None = None,
        *,
        tokens: Callable[[], str] = new_token,
        transitions: Transitions | None = None,
    ) -> None:
        self._link = link
        self._names = names
        self._clock = clock
        self._protocol = transitions or Transitions(times or ClaimTimes())
        self._tokens = tokens
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """As `ClaimStore` says; raises `ValueError` for a period that is none."""
        check_seconds(request.seconds)
        fresh = self._tokens()

        def change(records: Records, at: Instant) -> tuple[Records, ClaimAnswer]:
            after, answer = self._protocol.claim(records, request, at, fresh)
            return after, answer

        return await self._link.run(self._change(request, change))

    async def mark_sent(self, claim: Claim) -> bool:
        """As `ClaimStore` says."""

        def change(records: Records, at: Instant) -> tuple[Records, bool]:
            after, ok = self._protocol.mark_sent(records, claim, at)
            return after, ok

        return await self._link.run(self._change(claim, change))

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._link.run(
            self._change(claim, lambda records, at: (self._protocol.confirm(records, claim, data, at), None))
        )

    async def release(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._link.run(self._change(claim, lambda records, _: (self._protocol.release(records, claim), None)))

    async def ambiguous(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        await self._link.run(
            self._change(claim, lambda records, at: (self._protocol.ambiguous(records, claim, at), None))
        )

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """As `ClaimStore` says."""
        await self._link.run(
            self._change(request, lambda records, at: (self._protocol.settle(records, data, at), None))
        )

    async def aclose(self) -> None:
        """Leave the connection open: it belongs to whoever opened it."""

    # --- on the link's loop ------------------------------------------------------------------------------------------

    async def _change(self, of: Claim | ClaimRequest, change: Change[T]) -> T:
        """Change the value of a key. Operations of this process on one key take turns: they would only make each other
        lose."""
        lock, users = self._locks.get(of.key, (asyncio.Lock(), 0))
        self._locks[of.key] = (lock, users + 1)
        try:
            async with lock:
                return await self._changed(of, change)
        finally:
            lock, users = self._locks[of.key]
            if users == 1:
                del self._locks[of.key]
            else:
                self._locks[of.key] = (lock, users - 1)

    async def _changed(self, of: Claim | ClaimRequest, change: Change[T]) -> T:
        cell = Cell(self._link.wire, self._names.claims, self._names.claim(token(of.key)))
        value = self._values.get(of.key, Value())  # a guess: what is written on it is compared, nothing else is used
        fresh, lost = False, 0
        written: dict[bytes, T] = {}
        while True:
            at = self._clock.instant()
            before = value.records(of.delivery)
            records, answer = change(before, at)
            if records != before:
                after = value.changed(of.delivery, records, at.now - self._protocol.times.journal)
                seconds = after.lives(at.now, self._protocol.times.journal)
                revision = await cell.write(after.data, value.revision, seconds)
                if revision is not None:
                    self._remember(of.key, Value(revision, after.data, after.window, after.journal))
                    return answer
                written[after.data] = answer
                if fresh:
                    lost += 1
                    await pause(lost, cell.subject)
            elif fresh:
                return answer
            value = await self._read(of.key, cell)
            fresh = True
            if value.data in written:  # it was stored after all, later than its answer was waited for
                return written[value.data]

    async def _read(self, key: str, cell: Cell) -> Value:
        revision, data = await cell.read()
        value = Value.read(revision, data) if revision else Value()
        self._remember(key, value)
        return value

    def _remember(self, key: str, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > REMEMBERED:
            self._values.popitem(last=False)
