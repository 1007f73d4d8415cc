"""Reading an answer's body: decoded by ourselves and never beyond the cap, however far it would unfold."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


class _Decoder(Protocol):
    @property
    def finished(self) -> bool:
        """Nothing is known to be missing."""

    def decode(self, chunk: bytes, room: int) -> bytes:
        """Give at most `room` decoded bytes of the chunk."""


_ZLIB, _GZIP, _BARE = 15, 31, -15


class _Deflated:
    """gzip (several members may follow each other), zlib, and the bare deflate that some servers send instead."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._unzip: zlib._Decompress | None = None

    @property
    def finished(self) -> bool:
        return self._unzip is None or self._unzip.eof

    def decode(self, chunk: bytes, room: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < room:
            unzip = self._started(chunk)
            out += unzip.decompress(chunk, room - len(out))
            chunk = self._rest(unzip)
        return bytes(out)

    def _started(self, chunk: bytes) -> zlib._Decompress:
        if self._unzip is None:
            # A zlib header begins with method 8; bare deflate, which must not be sent but is, never does.
            bits = _GZIP if self._gzip else _ZLIB if chunk[0] & 0x0F == 8 else _BARE
            self._unzip = zlib.decompressobj(bits)
        return self._unzip

    def _rest(self, unzip: zlib._Decompress) -> bytes:
        if not unzip.eof:
            return unzip.unconsumed_tail
        if self._gzip and unzip.unused_data:
            self._unzip = None
            return unzip.unused_data
        return b""


def _decoder(coding: str) -> _Decoder | None:
    name = coding.strip().lower()
    return _Deflated(gzip=name != "deflate") if name in {"gzip", "x-gzip", "deflate"} else None


@dataclass(slots=True)
class Body:
    """What has been read so far. `complete` turns True when the end was seen within the cap, in decoded bytes.

    Codings that were not asked for (anything but gzip and deflate) are left as they came.
    """

    cap: int
    _content: bytes | bytearray = b""  # most bodies come in one piece, which is kept as it is
    _decoder: _Decoder | None = None
    complete: bool = False

    @property
    def content(self) -> bytes:
        """At most `cap` decoded bytes."""
        return bytes(self._content[: self.cap])

    def begin(self, coding: str) -> None:
        """Say how the body is coded, before the first piece."""
        self._decoder = _decoder(coding) if coding else None

    def feed(self, chunk: bytes) -> bool:
        """Take a piece; True when the cap is passed and nothing more is wanted."""
        room = self.cap + 1 - len(self._content)
        piece = chunk[:room] if self._decoder is None else self._decoder.decode(chunk, room)
        if not self._content:
            self._content = piece
        elif isinstance(self._content, bytearray):
            self._content += piece
        else:
            self._content = bytearray(self._content) + piece
        return len(self._content) > self.cap

    def end(self) -> None:
        """Say that the end was seen."""
        self.complete = self._decoder is None or self._decoder.finished

    async def read(self, chunks: AsyncIterator[bytes], coding: str) -> None:
        """Read to the end or to the cap, whichever is first."""
        self.begin(coding)
        async for chunk in chunks:
            if self.feed(chunk):
                return
        self.end()
