"""Answers to the server about what is in hand: acknowledged, given back, still being worked on.

They are written down from any thread and sent by the link's loop, in their order; nobody waits for that. One that is
lost with a connection lets its delivery come again, and the journal knows it then.
"""

from __future__ import annotations

import asyncio
from threading import Lock

from nats.errors import Error as NatsError

from destination_actions.stores.nats.link import Link


class Answers:
    """What is still to be sent through a link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._lock = Lock()
        self._waiting: list[tuple[str, bytes]] = []
        self._sending = False
        self._task: asyncio.Task[None] | None = None

    def add(self, reply: str, answer: bytes) -> None:
        """Have an answer sent after those before it."""
        with self._lock:
            self._waiting.append((reply, answer))
            begin, self._sending = not self._sending, True
        if begin:
            self._link.soon(self._begin)

    def _begin(self) -> None:
        self._task = self._link.loop.create_task(self._sent())

    async def _sent(self) -> None:
        while some := self._taken():
            for reply, answer in some:
                try:
                    await self._link.wire.client.publish(reply, answer)
                except (NatsError, OSError):
                    continue

    def _taken(self) -> list[tuple[str, bytes]]:
        """Everything that waits; nothing more will be sent by this turn when there is nothing."""
        with self._lock:
            some, self._waiting = self._waiting, []
            self._sending = bool(some)
            return some

    async def done(self) -> None:
        """Return when everything that was added before is on its way."""
        await asyncio.sleep(0)  # what was begun from another thread begins
        if self._task is not None:
            await self._task

    def forget(self) -> None:
        """Send nothing of what waits."""
        with self._lock:
            self._waiting = []
