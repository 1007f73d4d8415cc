"""Reading an answer's body: decoded by ourselves and never beyond the cap, however far it would unfold."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Protocol


class _Decoder(Protocol):
    @property
    def finished(self) -> bool:
        """Nothing is known to be missing."""

    def decode(self, chunk: bytes, room: int) -> bytes:
        """Give at most `room` decoded bytes of the chunk."""


class _Plain:
    finished = True

    def decode(self, chunk: bytes, room: int) -> bytes:
        return chunk[:room]


class _Deflated:
    """gzip (several members may follow each other), zlib, and the bare deflate that some servers send instead."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._started = False
        self._unzip = zlib.decompressobj(31 if gzip else 15)

    @property
    def finished(self) -> bool:
        return self._unzip.eof or not self._started

    def decode(self, chunk: bytes, room: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < room:
            out += self._decompress(chunk, room - len(out))
            chunk = self._rest()
        return bytes(out)

    def _decompress(self, chunk: bytes, room: int) -> bytes:
        first, self._started = not self._started, True
        try:
            return self._unzip.decompress(chunk, room)
        except zlib.error:
            if self._gzip or not first:
                raise
            self._unzip = zlib.decompressobj(-15)
            return self._unzip.decompress(chunk, room)

    def _rest(self) -> bytes:
        if not self._unzip.eof:
            return self._unzip.unconsumed_tail
        rest = self._unzip.unused_data
        if rest and self._gzip:
            self._unzip = zlib.decompressobj(31)
            return rest
        return b""


def _decoder(coding: str) -> _Decoder:
    name = coding.strip().lower()
    return _Deflated(gzip=name != "deflate") if name in {"gzip", "x-gzip", "deflate"} else _Plain()


class Body:
    """What has been read so far. `complete` turns True when the end was seen within the cap.

    Codings that were not asked for (anything but gzip and deflate) are left as they came.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._content = bytearray()
        self.complete = False

    @property
    def content(self) -> bytes:
        """At most `cap` decoded bytes."""
        return bytes(self._content[: self._cap])

    async def read(self, chunks: AsyncIterator[bytes], coding: str) -> None:
        """Read to the end or to the cap, whichever is first."""
        decoder = _decoder(coding)
        async for chunk in chunks:
            room = self._cap + 1 - len(self._content)
            self._content += decoder.decode(chunk, room)
            if len(self._content) > self._cap:
                return
        self.complete = decoder.finished
