"""Claims over a key-value store that has nothing but compare-and-set, as a cluster's key-value bucket is.

The records of one key, its window and the entries of its deliveries, are one JSON value. Nothing is deleted, no store
keeps time. This shows that the protocol needs no transaction over several records.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from random import Random
from typing import Any, TypeVar

from destination_actions.events import Json
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes, Clock
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.clock import Instant, anchored, boot_of
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Transitions, Window

T = TypeVar("T")
Change = Callable[[Records, Instant], tuple[Records, T]]


class Bucket:
    """A fake bucket: `update` is refused unless the revision is the last one. Now and then another writer is first."""

    def __init__(self, contention: float = 0.0) -> None:
        self._values: dict[str, tuple[int, str]] = {}
        self._random = Random(1)
        self._contention = contention

    async def get(self, key: str) -> tuple[int, str]:
        """Give the revision and value of a key."""
        await asyncio.sleep(0)
        return self._values.get(key, (0, "{}"))

    async def update(self, key: str, value: str, last: int) -> bool:
        """Write if nobody else did."""
        await asyncio.sleep(0)
        revision, current = self._values.get(key, (0, "{}"))
        if self._random.random() < self._contention:
            self._values[key] = (revision + 1, current)
            return False
        if revision != last:
            return False
        self._values[key] = (revision + 1, value)
        return True


class CasClaims:
    """A `ClaimStore` on a bucket."""

    def __init__(
        self,
        clock: Clock,
        times: ClaimTimes,
        *,
        tokens: Callable[[], str] = new_token,
        bucket: Bucket | None = None,
    ) -> None:
        self._clock, self._anchor = clock, anchored(clock, boot_of(clock))
        self._protocol, self._tokens = Transitions(times), tokens
        self._bucket = bucket or Bucket()

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        token = self._tokens()
        return await self._change(request, lambda records, at: self._protocol.claim(records, request, at, token))

    async def mark_sent(self, claim: Claim) -> bool:
        return await self._change(claim, lambda records, at: self._protocol.mark_sent(records, claim, at))

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        await self._change(claim, lambda records, at: (self._protocol.confirm(records, claim, data, at), None))

    async def release(self, claim: Claim) -> None:
        await self._change(claim, lambda records, _: (self._protocol.release(records, claim), None))

    async def ambiguous(self, claim: Claim) -> None:
        await self._change(claim, lambda records, at: (self._protocol.ambiguous(records, claim, at), None))

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        await self._change(request, lambda records, at: (self._protocol.settle(records, data, at), None))

    async def aclose(self) -> None:
        """Hold nothing open."""

    async def records(self, key: str, delivery: str) -> Records:
        """Read the records, for comparison with other stores."""
        return _read(json.loads((await self._bucket.get(key))[1]), delivery)

    async def _change(self, of: Claim | ClaimRequest, change: Change[T]) -> T:
        while True:
            revision, text = await self._bucket.get(of.key)
            value = json.loads(text)
            records, answer = change(_read(value, of.delivery), self._anchor.instant(self._clock))
            if await self._bucket.update(of.key, _written(value, of.delivery, records), revision):
                return answer


def _read(value: dict[str, Any], delivery: str) -> Records:
    window, entry = value.get("window"), value.get("journal", {}).get(delivery)
    return Records(
        window and Window(**{**window, "stage": Stage(window["stage"])}),
        entry and Entry(**{**entry, "mark": Mark(entry["mark"])}),
    )


def _written(value: dict[str, Any], delivery: str, records: Records) -> str:
    journal = {**value.get("journal", {}), delivery: records.entry and asdict(records.entry)}
    return json.dumps({"window": records.window and asdict(records.window), "journal": journal})
