"""Virtual time: nothing waits, and everything happens in the order in which it would."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from destination_actions.errors import ConfigurationError
from destination_actions.testing import VirtualClock, VirtualLoop
from destination_actions.testing.virtual import instant


def virtually(work: Coroutine[Any, Any, Any]) -> tuple[Any, float]:
    """Run a coroutine on a virtual loop; its result, and the virtual seconds that it took."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        begun = runner.get_loop().time()
        return runner.run(work), round(runner.get_loop().time() - begun, 6)


def test_sleeping_takes_no_time() -> None:
    """A year passes at once."""
    started = time.perf_counter()
    assert (None, 365 * 86400.0) == virtually(asyncio.sleep(365 * 86400))
    assert 5 > time.perf_counter() - started


def test_sleepers_wake_in_order_and_at_their_time() -> None:
    """Concurrent sleeps overlap."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, asyncio.get_running_loop().time()))

    async def all_of_them() -> float:
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(sleeper("b", 20), sleeper("a", 10), sleeper("c", 30))
        return begun

    begun, took = virtually(all_of_them())
    assert (30, [("a", 10), ("b", 20), ("c", 30)]) == (took, [(name, round(at - begun, 6)) for name, at in woken])


def test_timeouts_fire() -> None:
    """`asyncio.timeout` runs on the same time."""

    async def silence() -> None:
        async with asyncio.timeout(10):
            await asyncio.Event().wait()

    async def caught() -> bool:
        with pytest.raises(TimeoutError):
            await silence()
        return True

    assert (True, 10) == virtually(caught())


def test_time_stands_still_while_a_thread_computes() -> None:
    """A thread that works for a moment does not let an hour pass, though a timer for it waits."""

    async def work() -> str:
        go = threading.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(3600, go.clear)
        job = loop.run_in_executor(None, go.wait, 5)
        await asyncio.sleep(0)
        loop.call_soon(go.set)
        return "done" if await job else "never"

    assert ("done", 0) == virtually(work())


def test_time_moves_while_a_thread_waits_for_the_loop() -> None:
    """A thread that waits for a coroutine's sleep does not hold time up; a lock that another one holds neither."""

    async def work() -> list[float]:
        loop = asyncio.get_running_loop()
        lock = asyncio.Lock()

        async def one(seconds: float) -> float:
            async with lock:
                await asyncio.sleep(seconds)
            return seconds

        def thread(seconds: float) -> float:
            return asyncio.run_coroutine_threadsafe(one(seconds), loop).result()

        return list(await asyncio.gather(*(loop.run_in_executor(None, thread, 100.0) for _ in range(3))))

    assert ([100.0] * 3, 300) == virtually(work())


def test_the_clock_reads_the_loop() -> None:
    """It starts where it is told, and counts the loop's seconds."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        clock = VirtualClock(loop, "2026-03-02T09:30:00Z")
        start, monotonic = clock.now(), clock.monotonic()
        runner.run(clock.sleep(90))
        assert (1772443800.0, 90, 90) == (start, round(clock.now() - start, 3), round(clock.monotonic() - monotonic, 6))


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02T09:30:00", ""])
def test_a_moment_needs_a_time_zone(text: str) -> None:
    """What is no moment is refused with an example."""
    with pytest.raises(ConfigurationError, match="not a moment with a time zone"):
        instant(text)
