"""The connections of the direct engine: kept by origin, bounded as a whole and for each origin."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from itertools import count
from typing import TypeAlias

from destination_actions.http._connection import Connection

_Waiter: TypeAlias = "tuple[int, asyncio.Future[Connection | None]]"
"""Who waits, with a number that says since when."""


class Pool:
    """Gives connections that are idle, and places for new ones. Whoever comes first gets the next that is free.

    `keepalive` is how many seconds an idle connection is kept.
    """

    def __init__(self, connections: int, per_origin: int, keepalive: float, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._limit = connections
        self._per_origin = per_origin
        self._keepalive = keepalive
        self._idle: dict[str, list[Connection]] = {}
        self._places: Counter[str] = Counter()
        self._taken = 0
        self._waiting: dict[str, deque[_Waiter]] = {}  # by origin, none of them empty
        self._numbers = count()
        self._open: dict[Connection, str] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def idle(self, origin: str) -> Connection | None:
        """Take the idle connection that was used last, if there is one."""
        kept = self._idle.get(origin)
        now = self._loop.time()
        while kept:
            connection = kept.pop()
            if connection.usable and now - connection.idle_since < self._keepalive:
                return connection
            connection.abort()
        return None

    async def place(self, origin: str) -> Connection | None:
        """Wait for a connection that becomes idle, or (None) for a place for a new one, which `gone` gives back."""
        if not self._waiting and self._reserve(origin):
            return None
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiting.setdefault(origin, deque()).append((next(self._numbers), waiter))
        self._hand_on()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._forget_cancelled(origin)
            else:
                self._unused(origin, waiter.result())
            raise

    def _forget_cancelled(self, origin: str) -> None:
        left = deque(one for one in self._waiting.get(origin, ()) if not one[1].cancelled())
        if left:
            self._waiting[origin] = left
        else:
            self._waiting.pop(origin, None)

    def _unused(self, origin: str, connection: Connection | None) -> None:
        if connection is None:
            self.gone(origin)
        else:
            self.give_back(origin, connection)

    def opened(self, origin: str, connection: Connection) -> None:
        """Note who has the place."""
        self._open[connection] = origin

    def lost(self, connection: Connection) -> None:
        """A connection was closed, by whomever."""
        origin = self._open.pop(connection, None)
        if origin is not None:
            kept = self._idle.get(origin, [])
            if connection in kept:
                kept.remove(connection)
            self.gone(origin)

    def gone(self, origin: str) -> None:
        """A place is free again."""
        self._places[origin] -= 1
        self._taken -= 1
        self._hand_on()

    def give_back(self, origin: str, connection: Connection) -> None:
        """A connection is idle, or spent."""
        if connection.dead:
            connection.abort()
            return
        connection.idle_since = self._loop.time()
        self._idle.setdefault(origin, []).append(connection)
        if self._waiting:
            self._hand_on()
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(self._keepalive, self._sweep)

    def close(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._open):
            connection.abort()

    def _reserve(self, origin: str) -> bool:
        if self._places[origin] >= self._per_origin:
            return False
        if self._taken >= self._limit and not self._evicted():
            return False
        self._places[origin] += 1
        self._taken += 1
        return True

    def _evicted(self) -> bool:
        """Close a connection that is idle, of whatever origin, so that another origin gets its place."""
        for kept in self._idle.values():
            if kept:
                connection = kept.pop(0)
                connection.abort()
                origin = self._open.pop(connection, None)
                if origin is not None:
                    self._places[origin] -= 1
                    self._taken -= 1
                    return True
        return False

    def _hand_on(self) -> None:
        """Give what is free to those who wait: to whoever has waited longest of those who can have it."""
        while self._waiting:
            origins = sorted(self._waiting, key=lambda origin: self._waiting[origin][0][0])
            if not any(self._served(origin) for origin in origins):
                return

    def _served(self, origin: str) -> bool:
        """Give the first who waits for this origin what it waits for, if there is something."""
        queue = self._waiting[origin]
        if not queue[0][1].done():
            connection = self.idle(origin)
            if connection is None and not self._reserve(origin):
                return False
            queue[0][1].set_result(connection)
        queue.popleft()
        if not queue:
            del self._waiting[origin]
        return True

    def _sweep(self) -> None:
        """Close what has been idle for too long."""
        oldest = self._loop.time() - self._keepalive
        for origin, kept in self._idle.items():
            stale = [connection for connection in kept if connection.idle_since <= oldest]
            self._idle[origin] = [connection for connection in kept if connection.idle_since > oldest]
            for connection in stale:
                connection.abort()
        again = any(self._idle.values())
        self._sweeper = self._loop.call_later(self._keepalive / 2, self._sweep) if again else None
