"""Events for commands: files are read as they are taken, streams in a thread so that deliveries go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from destination_actions.cli.console import note
from destination_actions.events import Event
from destination_actions.runtime.intake import BadEvent, Reader, open_events
from destination_actions.runtime.reading import BLOCK, Block

T = TypeVar("T")

_SHOWN: Final = 20
"""Refused events that are printed; the others are counted."""


@dataclass(slots=True)
class Events:
    """The good events of a source; the bad ones are printed and counted."""

    path: str
    name: str | None = None
    read: int = 0
    bad: int = 0
    position: int = 0
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        """Open the source, so that a wrong path is found before anything else happens."""
        self.reader = open_events(self.path, name=self.name, on_read=self.moved)

    @property
    def size(self) -> int | None:
        """Bytes to read, when that is known."""
        path = Path(self.path)
        return path.stat().st_size if path.is_file() else None

    def close(self) -> None:
        """Close the file; a stream is not ours to close."""
        if self.reader.owned:
            self.reader.file.close()

    def moved(self, position: int) -> None:
        """Note how many bytes have been read."""
        self.position = position

    def __iter__(self) -> Iterator[Event]:
        """Give the good events."""
        for event in self.reader:
            if isinstance(event, BadEvent):
                self.refused(event)
            else:
                self.read += 1
                yield event

    def refused(self, event: BadEvent) -> None:
        """Count a bad event, and print the first of them."""
        self.bad += 1
        if self.bad <= _SHOWN:
            note(f"not an event: {event}", "red")
        elif self.bad == _SHOWN + 1:
            note("not an event: more of them are counted, not printed", "red")

    async def arriving(self) -> AsyncIterator[Event]:
        """The good events; those of a stream as soon as each arrives."""
        if self.size is not None:
            for event in self:
                yield event
            return
        async for event in Pump(iter(self)):
            yield event

    async def blocks(self, stop: asyncio.Event) -> AsyncGenerator[Block, None]:
        """What a stream gives, in blocks: as much as is there, until `stop` is set. Any of it may have come before."""
        pump = Pump(iter(self), BLOCK)
        while events := await pump.some(stop):
            yield Block(tuple(events), _nothing, again=True)
            if stop.is_set():
                return


async def _nothing() -> None:
    """Note no place: nobody can go back in a stream."""


class Pump(Generic[T]):
    """Reads in a daemon thread, which nobody has to wait for when the program ends while the stream is silent."""

    def __init__(self, items: Iterator[T], ahead: int = 64) -> None:
        self._items = items
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[T | Exception | None] = asyncio.Queue(maxsize=ahead)
        self._over = False
        threading.Thread(target=self._pump, name="events", daemon=True).start()

    def _pump(self) -> None:
        end: Exception | None = None
        try:
            for item in self._items:
                asyncio.run_coroutine_threadsafe(self._waiting.put(item), self._loop).result()
        except (CancelledError, RuntimeError):
            return
        except Exception as error:  # noqa: BLE001 - raised again in the loop
            end = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            asyncio.run_coroutine_threadsafe(self._waiting.put(end), self._loop)

    async def __aiter__(self) -> AsyncIterator[T]:
        """Give each as soon as it is there."""
        while (item := await self._waiting.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    async def some(self, stop: asyncio.Event) -> list[T]:
        """Wait until something is there, or `stop` is set, and give all that is there; nothing at the end."""
        if self._over:
            return []
        first = asyncio.ensure_future(self._waiting.get())
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({first, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        items = [first.result()] if first.done() else []
        first.cancel()
        while not self._waiting.empty():
            items.append(self._waiting.get_nowait())
        return list(self._good(items))

    def _good(self, items: list[T | Exception | None]) -> Iterator[T]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            if item is None:
                self._over = True
                return
            yield item
