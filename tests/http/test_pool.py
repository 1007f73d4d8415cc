"""Who gets what is free: places and idle connections are handed on in the order in which they were asked for."""

from __future__ import annotations

import asyncio
from typing import Any

from destination_actions.http._pool import Pool


class Wire:
    """A connection as the pool sees one."""

    usable, dead, idle_since = True, False, 0.0

    def abort(self) -> None:
        """Be of no use any more."""
        self.dead, self.usable = True, False


def pool(connections: int, per_origin: int) -> Any:
    """A pool on the running loop."""
    return Pool(connections, per_origin, 60.0, asyncio.get_running_loop())


async def waiting(of: Any, *origins: str) -> list[asyncio.Task[Any]]:
    """Tasks that have asked for a connection each, one after the other."""
    tasks = []
    for origin in origins:
        tasks.append(asyncio.ensure_future(of.place(origin)))
        await asyncio.sleep(0)
    return tasks


def served(tasks: list[asyncio.Task[Any]]) -> list[bool]:
    """Which of them have something."""
    return [task.done() for task in tasks]


async def test_an_idle_connection_goes_to_whoever_has_waited_longest() -> None:
    """One after the other, and never to somebody who waits for another origin."""
    it, wire = pool(8, 1), Wire()
    assert await it.place("a") is None
    first, second = await waiting(it, "a", "a")
    it.give_back("a", wire)
    assert wire is await first
    assert [False] == served([second])
    it.give_back("a", wire)
    assert wire is await second


async def test_whoever_waits_for_another_origin_is_held_up_by_nobody() -> None:
    """The limit of one origin says nothing about the next."""
    it = pool(8, 1)
    assert await it.place("a") is None
    tasks = await waiting(it, "a", "b", "a")
    await asyncio.sleep(0)
    assert [False, True, False] == served(tasks)


async def test_a_place_of_all_goes_to_whoever_has_waited_longest_whatever_the_origin() -> None:
    """Two origins wait for the one place; it is handed on in turn."""
    it = pool(1, 1)
    assert await it.place("a") is None
    tasks = await waiting(it, "b", "a", "b")
    for done, origin in enumerate(["a", "b", "a"], 1):
        it.gone(origin)
        await asyncio.sleep(0)
        assert [at < done for at in range(3)] == served(tasks)


async def test_an_idle_connection_of_another_origin_makes_way() -> None:
    """It is closed, and its place is taken."""
    it, wire = pool(1, 1), Wire()
    assert await it.place("a") is None
    it.opened("a", wire)
    (task,) = await waiting(it, "b")
    it.give_back("a", wire)
    assert await task is None
    assert wire.dead


async def test_whoever_gives_up_is_passed_over_and_leaves_nothing() -> None:
    """In the middle of the queue, at its head, and as the last of an origin."""
    it, wire = pool(8, 1), Wire()
    assert await it.place("a") is None
    tasks = await waiting(it, "a", "a", "a", "a")
    tasks[1].cancel()
    await asyncio.sleep(0)
    tasks[0].cancel()  # and before it can forget itself, a connection is free
    it.give_back("a", wire)
    assert wire is await tasks[2]
    tasks[3].cancel()
    await asyncio.wait(tasks)
    assert {} == it._waiting


async def test_what_was_given_to_somebody_who_gave_up_goes_to_the_next() -> None:
    """A connection that was handed over is not lost with its task."""
    it, wire = pool(8, 1), Wire()
    assert await it.place("a") is None
    first, second = await waiting(it, "a", "a")
    it.give_back("a", wire)
    first.cancel()
    assert wire is await second
