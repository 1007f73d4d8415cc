"""Request bodies: gathered and decompressed within a limit, whatever is sent."""

from __future__ import annotations

import zlib
from typing import Final, Protocol

from destination_actions.runtime.strict import Refused

_GZIP: Final = 31
"""zlib's window bits for a gzip header and the largest window."""


class Body(Protocol):
    """Takes a body in parts; both methods raise `Refused`."""

    def feed(self, part: bytes) -> int:
        """Take the next part; gives how many bytes are kept now."""

    def whole(self) -> bytes:
        """The bytes of the body, decompressed, once every part is in."""


def body_of(encoding: str, limit: int) -> Body:
    """A body with this Content-Encoding, of which at most `limit` bytes are kept."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return _Plain(limit)
    if name in {"gzip", "x-gzip"}:
        return _Gzip(limit)
    raise Refused("unsupported_encoding", "the Content-Encoding must be gzip, or left out")


class _Plain:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = bytearray()

    def feed(self, part: bytes) -> int:
        """Add to what is there, up to the limit."""
        self._data += part
        if len(self._data) > self._limit:
            raise too_large(self._limit)
        return len(self._data)

    def whole(self) -> bytes:
        """Everything."""
        return bytes(self._data)


class _Gzip:
    """One gzip member or several; decompresses no more than the limit and a byte."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._data = bytearray()
        self._inflate = zlib.decompressobj(_GZIP)

    def feed(self, part: bytes) -> int:
        """Decompress; a part may end one member and begin another."""
        self._taken += len(part)
        if self._taken > self._limit:
            raise too_large(self._limit)
        while part:
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(_GZIP)
            part = self._inflated(part)
        return len(self._data)

    def _inflated(self, part: bytes) -> bytes:
        """Decompress a part of one member; gives what comes after it."""
        try:
            self._data += self._inflate.decompress(part, self._limit + 1 - len(self._data))
        except zlib.error:
            raise Refused("bad_gzip", "the body is not gzip, although Content-Encoding says so") from None
        if len(self._data) > self._limit:
            raise Refused("bomb", f"the body decompresses to more than {self._limit:,} bytes")
        return self._inflate.unused_data

    def whole(self) -> bytes:
        """Everything; refused when the last member breaks off."""
        if self._taken and not self._inflate.eof:
            raise Refused("bad_gzip", "the gzip body breaks off")
        return bytes(self._data)


def too_large(limit: int) -> Refused:
    """What is said of a body over the limit."""
    return Refused("too_large", f"the body is larger than {limit:,} bytes")


class Room:
    """Memory for all the bodies that are being read at one time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = {True: 0, False: 0}

    def take(self, change: int, known: bool) -> None:
        """Take more room, or with a negative number give it back. Raises `Refused` when there is none left.

        `known` says whether the caller has shown a write key; those who have not share a quarter of the room.
        """
        self._taken[known] += change
        most = self._size if known else self._size // 4
        if change > 0 and self._taken[known] > most:
            raise Refused("unavailable", "too many bodies are being sent at one time; send it again later")
