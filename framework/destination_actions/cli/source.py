"""Events for commands: files are read as they are taken, streams in a thread so that deliveries go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from destination_actions.cli.console import note
from destination_actions.events import Event
from destination_actions.runtime.intake import BadEvent, read_events

_SHOWN: Final = 20
"""Refused events that are printed; the others are counted."""


@dataclass(slots=True)
class Events:
    """The good events of a source; the bad ones are printed and counted."""

    path: str
    read: int = 0
    bad: int = 0
    position: int = 0
    _source: Iterator[Event | BadEvent] = field(init=False)

    def __post_init__(self) -> None:
        """Open the source, so that a wrong path is found before anything else happens."""
        self._source = read_events(self.path, on_read=self.moved)

    @property
    def size(self) -> int | None:
        """Bytes to read, when that is known."""
        path = Path(self.path)
        return path.stat().st_size if path.is_file() else None

    def moved(self, position: int) -> None:
        """Note how many bytes have been read."""
        self.position = position

    def __iter__(self) -> Iterator[Event]:
        """Give the good events."""
        for event in self._source:
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
        async for event in _pumped(iter(self)):
            yield event


async def _pumped(events: Iterator[Event]) -> AsyncIterator[Event]:
    """Read in a daemon thread, which nobody has to wait for when the program ends while the stream is silent."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Event | Exception | None] = asyncio.Queue(maxsize=64)

    def pump() -> None:
        end: Exception | None = None
        try:
            for event in events:
                asyncio.run_coroutine_threadsafe(waiting.put(event), loop).result()
        except (CancelledError, RuntimeError):
            return
        except Exception as error:  # noqa: BLE001 - raised again in the loop
            end = error
        asyncio.run_coroutine_threadsafe(waiting.put(end), loop)

    threading.Thread(target=pump, name="events", daemon=True).start()
    while (event := await waiting.get()) is not None:
        if isinstance(event, Exception):
            raise event
        yield event
