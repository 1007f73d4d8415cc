"""Fetching from pull consumers: a request for so many messages, and what comes back for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from destination_actions.errors import StoreError
from destination_actions.stores.nats.wire import Wire

WAIT: Final = 3.0
"""Seconds that a fetch waits for the server's word that there is nothing more."""

_NOBODY: Final = "503"


class NoConsumer(StoreError):  # noqa: N818 - a fact about the stream
    """The consumer that was asked does not exist, or has no leader at this moment."""


class _Inbox:
    """Where the messages of one fetch at a time arrive."""

    def __init__(self, address: str, stray: Callable[[Msg], None]) -> None:
        self.address = address
        self.messages: list[Msg] = []
        self.status = ""
        self.over: asyncio.Future[None] | None = None
        self._wanted = 0
        self._stray = stray

    def expect(self, wanted: int) -> asyncio.Future[None]:
        """Begin a fetch."""
        self.messages, self.status, self._wanted = [], "", wanted
        self.over = asyncio.get_running_loop().create_future()
        return self.over

    async def came(self, message: Msg) -> None:
        """Take what the server sends: a message, or the word that there are no more."""
        if self.over is None or self.over.done():
            if message.reply:
                self._stray(message)
            return
        if message.reply:
            self.messages.append(message)
        else:
            self.status = (message.headers or {}).get("Status", "")
        if not message.reply or len(self.messages) == self._wanted:
            self.over.set_result(None)


class Puller:
    """Fetches. A message that comes too late for its fetch goes to `stray`."""

    def __init__(self, wire: Wire, stray: Callable[[Msg], None]) -> None:
        self._wire = wire
        self._stray = stray
        self._free: list[_Inbox] = []

    async def fetch(self, stream: str, consumer: str, most: int) -> list[Msg]:
        """Take up to `most` messages that are there now. Raises `NoConsumer` and `StoreError`."""
        inbox = self._free.pop() if self._free else await self._subscribed()
        over = inbox.expect(most)
        try:
            await self._wire.client.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}",
                orjson.dumps({"batch": most, "no_wait": True}),
                reply=inbox.address,
            )
            await asyncio.wait_for(over, WAIT)
        except TimeoutError:
            # The inbox is not used again: an answer may still come. What it brings is stray.
            if not inbox.messages:
                raise NoConsumer(f"no word from consumer {consumer} of {stream} within {WAIT:g} s") from None
            return inbox.messages
        except (NatsError, OSError) as error:
            raise StoreError(f"consumer {consumer} of {stream} cannot be asked: {error}") from error
        self._free.append(inbox)
        if inbox.status == _NOBODY and not inbox.messages:
            raise NoConsumer(f"consumer {consumer} of {stream} does not answer")
        return inbox.messages

    async def _subscribed(self) -> _Inbox:
        inbox = _Inbox(self._wire.client.new_inbox(), self._stray)
        await self._wire.client.subscribe(inbox.address, cb=inbox.came)
        return inbox
