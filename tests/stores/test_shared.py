"""Rates, tokens, the memory stores' bounds, and opening stores by URL."""

import asyncio
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import ConfigurationError
from destination_actions.protocols import ClaimRequest, ClaimStore, ClaimTimes, Queue, RateStore, TokenStore, Verdict
from destination_actions.stores import (
    BUILTIN_STORES,
    Database,
    MemoryClaims,
    MemoryRates,
    MemoryTokens,
    SqliteRates,
    SqliteTokens,
    SystemClock,
    open_stores,
)
from destination_actions.stores.rates import Lane, paused, taken
from destination_actions.testing.clock import ManualClock
from hypothesis import given
from hypothesis import strategies as st

KINDS = ["memory", "sqlite"]


def run(call: Any) -> Any:
    """Run a coroutine on a new loop."""
    return asyncio.run(call)


@pytest.fixture(params=KINDS)
def rates(request: pytest.FixtureRequest, database: Callable[..., Database]) -> tuple[RateStore, ManualClock]:
    """A rate store of each kind, with its clock."""
    clock = ManualClock()
    return (MemoryRates(clock) if request.param == "memory" else SqliteRates(database(clock))), clock


@pytest.fixture(params=KINDS)
def tokens(request: pytest.FixtureRequest, database: Callable[..., Database]) -> TokenStore:
    """A token store of each kind."""
    return MemoryTokens() if request.param == "memory" else SqliteTokens(database(ManualClock()))


def test_blocks_follow_each_other(rates: tuple[RateStore, ManualClock]) -> None:
    """Each block waits for the blocks before it; quiet time gives no burst; lanes do not meet."""
    store, clock = rates
    waits = [run(store.take_rate("a", 5, per_second=20.0)) for _ in range(3)]
    assert waits == pytest.approx([0.0, 0.25, 0.5], abs=1e-5)
    assert run(store.take_rate("b", 1, per_second=20.0)) == 0.0
    clock.advance(100.0)
    assert [run(store.take_rate("a", 1, per_second=20.0)) for _ in range(2)] == pytest.approx([0.0, 0.05], abs=1e-5)


def test_what_a_commit_takes_is_taken_off_the_wait(database: Callable[..., Database]) -> None:
    """The seconds to wait count from the answer, so that a turn that passed while the store wrote it down is known to
    be past; what was not leased is not nearer for that."""
    clock = ManualClock()
    one = database(clock)
    rates = SqliteRates(one)

    async def stalled(n: int, within: float) -> float:
        leased = rates.take_rate("a", n, per_second=1.0, within=within)
        return (await asyncio.gather(leased, one.run(lambda *_: clock.advance(2.0))))[0]  # in one commit

    waits = [run(stalled(3, 9.0)), run(stalled(5, 9.0)), run(stalled(1, 2.9))]
    assert pytest.approx([-2.0, -1.0, 4.0], abs=1e-5) == waits


def test_a_pause_holds_the_lane(rates: tuple[RateStore, ManualClock]) -> None:
    """No permit of a paused lane comes before the pause is over, and a shorter pause does not shorten it."""
    store, clock = rates
    run(store.pause("a", 30.0))
    run(store.pause("a", 1.0))
    assert run(store.paused("a")) == pytest.approx(30.0)
    assert run(store.paused("b")) == 0.0
    assert run(store.take_rate("a", 1, per_second=10.0)) == pytest.approx(30.0)
    assert run(store.take_rate("b", 1, per_second=10.0)) == 0.0
    clock.advance(30.0)
    assert run(store.paused("a")) == pytest.approx(0.0, abs=1e-5)
    assert run(store.take_rate("a", 1, per_second=10.0)) == pytest.approx(0.1, abs=1e-5)


@pytest.mark.parametrize(("n", "rate"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -1.0), (1, math.inf), (1, math.nan)])
def test_what_is_no_block(n: int, rate: float, rates: tuple[RateStore, ManualClock]) -> None:
    """A block of nothing, and a rate that is none, are errors."""
    with pytest.raises(ValueError, match="a block is one permit or more"):
        run(rates[0].take_rate("a", n, per_second=rate))


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 3), st.floats(0, 2)), max_size=30))
def test_the_rate_is_never_exceeded(blocks: list[tuple[int, float, float]]) -> None:
    """However blocks and pauses come, no two permits are closer than the rate allows and none is in a pause."""
    lane, now, permits = Lane(), 100.0, [0.0]
    for n, passed, pause in blocks:
        now += passed
        lane = paused(lane, pause, now) if pause < 0.5 else lane
        lane, wait = taken(lane, n, 4.0, now)
        assert now + wait >= lane.paused
        permits += [now + wait + k / 4.0 for k in range(n)]
    assert all(later - earlier >= 0.25 - 1e-9 for earlier, later in pairwise(permits))


def test_tokens_are_compared_and_set(tokens: TokenStore) -> None:
    """The first writer of a revision wins; others are told and can read what won."""

    async def campaign() -> None:
        assert await tokens.get("t") is None
        assert await tokens.put("t", {"access": "1"}, revision=1) is False
        assert await tokens.put("t", {"access": "1"}, revision=0) is True
        assert await tokens.put("t", {"access": "2"}, revision=0) is False
        assert await tokens.get("t") == (1, {"access": "1"})
        wins = await asyncio.gather(*(tokens.put("t", {"access": str(n)}, revision=1) for n in range(10)))
        assert sorted(wins) == [False] * 9 + [True]
        assert await tokens.get("t") == (2, {"access": str(wins.index(True))})

    run(campaign())


def test_the_memory_journal_is_bounded_by_size() -> None:
    """A full journal gives up its oldest entries, and windows that are over; never one that is open."""
    clock = ManualClock()
    claims = MemoryClaims(clock, ClaimTimes(), size=100)

    async def done(name: str, seconds: float) -> None:
        claim = (await claims.claim(ClaimRequest(f"key {name}", name, seconds, "m"))).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        await claims.confirm(claim)

    async def campaign() -> tuple[Verdict, Verdict]:
        await done("open", 1e6)
        for n in range(3000):
            await done(str(n), 1.0)
            clock.advance(2.0)
        open_window = await claims.claim(ClaimRequest("key open", "another", 60.0, "m"))
        return open_window.verdict, (await claims.claim(ClaimRequest("key 2999", "2999", 1.0, "m"))).verdict

    assert run(campaign()) == (Verdict.COOLING, Verdict.ALREADY_DONE)
    assert len(claims._journal) <= 101
    assert len(claims._windows) < 1100


@pytest.mark.parametrize("scheme", sorted(BUILTIN_STORES.keys() - {"nats", "tls"}))  # those are opened in tests/nats
def test_stores_are_opened_by_url(scheme: str, tmp_path: Path) -> None:
    """A URL gives every store, with a secret of 32 bytes that is not printed, on any clock."""
    url = {"memory": "memory:", "sqlite": f"sqlite:{tmp_path / 'state.db'}"}[scheme]
    stores = open_stores(url, clock=ManualClock(), times=ClaimTimes(lease=1.0))
    kinds = (ClaimStore, Queue, RateStore, TokenStore)
    parts = (stores.claims, stores.queue, stores.rates, stores.tokens)
    assert all(isinstance(part, kind) for part, kind in zip(parts, kinds, strict=True))
    assert len(stores.secret) == 32
    assert "secret" not in repr(stores)
    assert run(stores.claims.claim(ClaimRequest("k", "d", 1.0, "m"))).verdict is Verdict.GRANTED
    run(stores.close())


def test_two_openings_share_one_file(tmp_path: Path) -> None:
    """Stores opened twice on one file share windows and secret; the system's clock is the default."""
    one, two = open_stores(f"sqlite:{tmp_path / 'state.db'}"), open_stores(f"sqlite:{tmp_path / 'state.db'}")
    assert run(one.claims.claim(ClaimRequest("k", "a", 1.0, "m"))).verdict is Verdict.GRANTED
    assert run(two.claims.claim(ClaimRequest("k", "b", 1.0, "m"))).verdict is Verdict.BUSY
    assert one.secret == two.secret
    run(one.close())
    run(two.close())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqllite:x.db", 'did you mean "sqlite"?'),
        ("state.db", 'write "memory:" or "sqlite:PATH"'),
        ("memory:x", 'write just "memory:"'),
        ("redis://user:hunter2@host/0", "redis://...@host/0"),
    ],
)
def test_an_unknown_url_is_refused(url: str, words: str) -> None:
    """A URL that names no store is refused with a hint, and without its password."""
    with pytest.raises(ConfigurationError) as refused:
        open_stores(url)
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_system_clock() -> None:
    """The system's clock runs forwards, names its boot on Linux, and sleeps."""
    clock = SystemClock()
    before = (clock.now(), clock.monotonic())
    run(clock.sleep(0.001))
    assert before[0] <= clock.now()
    assert before[1] + 0.001 <= clock.monotonic()
    assert clock.boot == SystemClock().boot


def test_the_manual_clock_wakes_sleepers() -> None:
    """A sleeper wakes when the clock has moved far enough, and not when it is set."""
    clock = ManualClock()

    async def campaign() -> list[str]:
        woken: list[str] = []

        async def sleeper(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(name)

        tasks = [asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("long", 9.0), ("short", 3.0))]
        await asyncio.sleep(0)
        assert clock.sleeping == 2
        clock.jump(100.0)
        clock.advance(3.0)
        await tasks[1]
        assert woken == ["short"]
        clock.advance(6.0)
        await tasks[0]
        return woken

    assert run(campaign()) == ["short", "long"]
    with pytest.raises(ValueError, match="time passes forwards"):
        clock.advance(-1.0)


def test_an_automatic_clock_moves_itself() -> None:
    """With auto a sleep moves both clocks and returns."""
    clock = ManualClock(now=50.0, monotonic=5.0, auto=True)
    run(clock.sleep(10.0))
    assert (clock.now(), clock.monotonic()) == (60.0, 15.0)
