"""Reading a source of events so that it can be gone on with: block by block, each kept before its place is noted.

::

    read a block ── deliveries into the queue, ends into the ledger ──> note the place behind it ── next block
                     └ a crash here: the block is read again; what the queue or the ledger knows of it is left alone

The place of a file is a bookmark in the store. It holds digests of the file's first bytes and of those before the
place, so that another file under the same name is not taken for this one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from destination_actions.errors import ConfigurationError
from destination_actions.events import Event
from destination_actions.protocols import Stores
from destination_actions.runtime.intake import BadEvent, Position, Reader

BLOCK: Final = 256
"""Events that are kept together."""

_EDGE: Final = 4096
"""Bytes at both ends of what was read by which a file is known again."""


@dataclass(frozen=True, slots=True)
class Block:
    """Events that are kept together; `kept` is to be called once they are.

    With `again`, a crash may have come between keeping them and noting it, so that some of them may have ended already.
    """

    events: tuple[Event, ...]
    kept: Callable[[], Awaitable[None]]
    again: bool


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Up to where a file is kept: a position, how many events and bad ones came before it, and the file's digests."""

    position: Position
    events: int
    bad: int
    head: str
    tail: str

    def to_json(self) -> dict[str, Any]:
        """The bookmark as the store keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Bookmark:
        """Read a bookmark."""
        return cls(**{**record, "position": Position(**record["position"])})


class FileReading:
    """One file being read for a store. `bad` hears of every line that is no event."""

    def __init__(self, reader: Reader, path: Path, stores: Stores, bad: Callable[[BadEvent], None]) -> None:
        self._reader = reader
        self._path = path
        self._stores = stores
        self._bad = bad
        self._name = f"file:{hashlib.sha256(reader.identity.encode()).hexdigest()[:32]}"
        self._revision = 0
        self._restart = False
        self._before = self._mark = Bookmark(Position(), 0, 0, "", "")

    @property
    def before(self) -> Bookmark:
        """Where earlier runs had come to."""
        return self._before

    @property
    def mark(self) -> Bookmark:
        """Up to where everything is kept."""
        return self._mark

    async def found(self, *, restart: bool = False) -> Bookmark:
        """Find the bookmark and go on from there; with `restart`, from the beginning.

        Raises `ConfigurationError` when the file is not the one that was read.
        """
        self._restart = restart
        record = await self._stores.tokens.get(self._name)
        if record is not None:
            self._revision = record[0]
        if record is not None and not restart:
            self._before = self._mark = Bookmark.from_json(record[1])
            await asyncio.to_thread(self._same)
            self._reader.start = self._mark.position
        return self._before

    async def blocks(self, stop: asyncio.Event) -> AsyncGenerator[Block, None]:
        """Give what is left of the file, until `stop` is set. Each block is to be kept before the next is asked for."""
        source = iter(self._reader)
        again = True
        while not stop.is_set() and (block := await asyncio.to_thread(self._block, source, again)) is not None:
            yield block
            again = self._restart  # of a file that is read anew, anything may have ended

    def close(self) -> None:
        """Close the file."""
        self._reader.file.close()

    def _block(self, source: Iterator[Event | BadEvent], again: bool) -> Block | None:
        items = list(islice(source, BLOCK))
        for item in items:
            if isinstance(item, BadEvent):
                self._bad(item)
        if not items:
            return None
        events = tuple(item for item in items if not isinstance(item, BadEvent))
        position, mark = self._reader.position, self._mark
        following = Bookmark(
            position, mark.events + len(events), mark.bad + len(items) - len(events), *self._edges(position.offset)
        )
        return Block(events, lambda: self._noted(following), again)

    async def _noted(self, mark: Bookmark) -> None:
        if not await self._stores.tokens.put(self._name, mark.to_json(), revision=self._revision):
            raise ConfigurationError(
                f"{self._path} is being read into this store by another process",
                hint="let that one end; what this one kept is delivered, and counts once",
            )
        self._revision += 1
        self._mark = mark

    # --- is it the same file? ----------------------------------------------------------------------------------------

    def _same(self) -> None:
        offset, mark = self._mark.position.offset, self._mark
        changed = self._mark.position.listed and self._path.stat().st_size != offset
        if changed or (mark.head, mark.tail) != self._edges(offset):
            raise ConfigurationError(
                f"{self._path} is not the file that was being read under this name: what came before byte {offset:,} "
                "has changed",
                hint="--restart reads it from its beginning; --name gives it a name of its own",
            )

    def _edges(self, offset: int) -> tuple[str, str]:
        """Digests of the first bytes, and of the last ones before `offset`."""
        with self._path.open("rb") as file:
            return self._digest(file, 0, min(_EDGE, offset)), self._digest(file, max(0, offset - _EDGE), offset)

    def _digest(self, file: BinaryIO, begin: int, end: int) -> str:
        file.seek(begin)
        return hmac.digest(self._stores.secret, b"file\0" + file.read(end - begin), "sha256").hex()[:32]
