"""Every store decides alike: in memory, in a file, and with nothing but compare-and-set."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cas_claims import Bucket, CasClaims
from claims_world import TIMES, digest, records_of
from destination_actions.protocols import Claim, ClaimRequest, ClaimStore
from destination_actions.stores import Database, MemoryClaims, SqliteClaims
from destination_actions.testing.clock import ManualClock
from destination_actions.testing.stores import ClaimStoreSuite

SEQUENCES, OPERATIONS = 120, 100
SECONDS = (0.0, 1.0, 5.0, 20.0, 100.0)
TICKS = (0.0, 0.0, 1.0, 3.0, 4.0, 5.0, 20.0, 100.0)


class TestCasClaims(ClaimStoreSuite):
    """Claims with nothing but compare-and-set pass the suite as well."""

    make = staticmethod(CasClaims)


class TestContendedCasClaims(ClaimStoreSuite):
    """And so they do while other writers are first every third time."""

    make = staticmethod(lambda clock, times: CasClaims(clock, times, bucket=Bucket(contention=0.3)))


def counted() -> Callable[[], str]:
    """Give tokens that are the same in every store."""
    numbers = count()
    return lambda: f"token {next(numbers)}"


class Script:
    """A random sequence of operations that knows the claims handed out so far, stale ones included."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.requests = [
            ClaimRequest(
                digest(f"{seed} key {n % 2}"), digest(f"{seed} {n}"), self.random.choice(SECONDS), f"message {n}"
            )
            for n in range(5)
        ]
        self.claims: list[Claim] = []

    def operation(self) -> tuple[str, tuple[Any, ...]]:
        """Choose the next operation and its arguments."""
        request, name = self.random.choice(self.requests), self.random.choice(NAMES)
        if name == "claim" or not self.claims:
            checked = self.random.random() < 0.3
            return "claim", (ClaimRequest(request.key, request.delivery, request.seconds, request.message, checked),)
        if name == "settle":
            return name, (request, {"found": [self.random.random()]})
        claim = self.claims[-1] if self.random.random() < 0.6 else self.random.choice(self.claims)
        return name, (claim, self.random.choice([None, "text", {"sid": "FN"}])) if name == "confirm" else (claim,)


NAMES = ("claim",) * 6 + ("mark_sent",) * 3 + ("confirm", "confirm", "release", "ambiguous", "settle")


async def agree(stores: list[ClaimStore], clock: ManualClock, seed: int) -> None:
    """Run one script on every store; answers and final records are equal."""
    script = Script(seed)
    for _ in range(OPERATIONS):
        name, arguments = script.operation()
        answers = [await getattr(store, name)(*arguments) for store in stores]
        assert answers == answers[:1] * len(stores), (seed, name, arguments)
        script.claims += [answers[0].claim] if name == "claim" and answers[0].claim else []
        clock.advance(script.random.choice(TICKS))
    for request in script.requests:
        final = [await records_of(store, request.key, request.delivery) for store in stores]
        assert final == final[:1] * len(stores), (seed, request)


async def agreeing(folder: Path, seeds: Iterable[int]) -> None:
    """Run a script for each seed on every kind of store."""
    clock = ManualClock()
    database = Database(folder / "store.db", clock)
    stores: list[ClaimStore] = [
        MemoryClaims(clock, TIMES, tokens=counted()),
        SqliteClaims(database, TIMES, tokens=counted()),
        CasClaims(clock, TIMES, tokens=counted(), bucket=Bucket(contention=0.1)),
    ]
    try:
        for seed in seeds:
            await agree(stores, clock, seed)
    finally:
        await database.aclose()


@pytest.mark.parametrize("part", range(2))
def test_all_stores_agree(part: int, tmp_path: Path) -> None:
    """12,000 random operations get the same answers from every store, and leave the same records."""
    asyncio.run(agreeing(tmp_path, range(part, SEQUENCES, 2)))
