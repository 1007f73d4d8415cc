"""Records that the writer remembers: read once while nobody else writes, and read anew whenever somebody has."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from destination_actions.errors import StoreError
from destination_actions.protocols import Claim, ClaimRequest, Verdict
from destination_actions.stores import Database, SqliteClaims
from destination_actions.testing.clock import ManualClock

Opener = Callable[..., Database]

REQUEST = ClaimRequest("key", "delivery", 60.0, "message")


async def claimed(claims: SqliteClaims) -> Claim:
    """A claim in hand."""
    claim = (await claims.claim(REQUEST)).claim
    assert claim is not None
    return claim


async def traced(one: Database) -> list[str]:
    """The statements from now on."""
    statements: list[str] = []
    await one.run(lambda connection, _: connection.set_trace_callback(statements.append))
    statements.clear()
    return statements


def reads(statements: list[str]) -> int:
    """How many of them read a claim."""
    return sum("data FROM windows WHERE key" in statement for statement in statements)


def test_marking_and_confirming_read_nothing_again(database: Opener) -> None:
    """What this opening has written of a claim is known, from the claim to its confirmation."""
    one = database(ManualClock())
    claims = SqliteClaims(one)

    async def course() -> list[str]:
        statements = await traced(one)
        claim = await claimed(claims)
        assert await claims.mark_sent(claim)
        await claims.confirm(claim, {"sid": "FN1"})
        return statements

    assert reads(asyncio.run(course())) == 1


@pytest.mark.parametrize("openings", [1, 2])
def test_what_another_store_wrote_is_seen(database: Opener, openings: int) -> None:
    """A claim that another store released, on this opening or on one of its own, cannot be marked here."""
    clock = ManualClock()
    opened = [database(clock) for _ in range(openings)]
    here, there = SqliteClaims(opened[0]), SqliteClaims(opened[-1])

    async def course() -> bool:
        claim = await claimed(here)
        await there.release(claim)
        return await here.mark_sent(claim)

    assert asyncio.run(course()) is False


def test_what_another_claim_took_here_is_seen(database: Opener) -> None:
    """A key that went to another delivery of this very opening is not the first one's any more."""
    clock = ManualClock()
    claims = SqliteClaims(database(clock))

    async def course() -> tuple[bool, bool]:
        first = await claimed(claims)
        clock.advance(3600.0)
        second = (await claims.claim(ClaimRequest("key", "other", 60.0, "message"))).claim
        assert second is not None
        return await claims.mark_sent(first), await claims.mark_sent(second)

    assert asyncio.run(course()) == (False, True)


def test_what_was_undone_is_read_anew(database: Opener) -> None:
    """After a transaction that was rolled back nothing counts as written."""
    one = database(ManualClock())
    claims = SqliteClaims(one)

    async def course() -> list[str]:
        claim = await claimed(claims)
        with pytest.raises(ZeroDivisionError):
            await one.run(lambda *_: 1 // 0)
        statements = await traced(one)
        assert await claims.mark_sent(claim)
        return statements

    assert reads(asyncio.run(course())) == 1


class FailingCommit:
    """A connection whose next commit fails, as one does that finds the file busy."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self.armed = connection, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *values: Any) -> Any:
        """As the connection does."""
        if self.armed and statement == "COMMIT":
            self.armed = False
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return self._connection.execute(statement, *values)


@pytest.mark.parametrize("taken", [True, False])
def test_a_commit_that_fails_gives_nobody_a_yes(database: Opener, taken: bool) -> None:
    """Everybody in that transaction is told, nothing of it is in the file or remembered: a key that somebody else has
    taken meanwhile cannot be marked, and one that is still held can."""
    clock = ManualClock()
    one = database(clock)
    here, there = SqliteClaims(one), SqliteClaims(database(clock))
    two, other = (ClaimRequest(f"key {n}", f"delivery {n}", 60.0, "message") for n in (2, 3))

    async def course() -> tuple[list[type], Verdict, bool]:
        claim = await claimed(here)
        one._connection = FailingCommit(one._connection)
        failed = await asyncio.gather(here.mark_sent(claim), here.claim(two), return_exceptions=True)
        if taken:
            await there.release(claim)
        free = await there.claim(ClaimRequest(two.key, other.delivery, 60.0, "message"))
        return [type(error) for error in failed], free.verdict, await here.mark_sent(claim)

    assert ([StoreError, StoreError], Verdict.GRANTED, not taken) == asyncio.run(course())
