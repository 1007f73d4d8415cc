"""An answer as it came over the wire: its headers become text when somebody looks, which few do."""

from __future__ import annotations

from typing import Final

from destination_actions.protocols import RawResponse
from destination_actions.values import part_maker

Lines = tuple[tuple[bytes, bytes], ...]

_set: Final = object.__setattr__


class Answered(RawResponse):
    """A `RawResponse` made of header lines in bytes; equal to one that was made of their text."""

    __slots__ = ("_lines", "_text")
    _lines: Lines
    _text: tuple[tuple[str, str], ...] | None

    def _headers(self) -> tuple[tuple[str, str], ...]:
        if self._text is None:
            _set(self, "_text", _decoded(self._lines))
            assert self._text is not None  # noqa: S101 - it was just set
        return self._text

    # Only what makes values, such as `copy` and `dataclasses.replace`, comes past the guard of a frozen one to set it.
    headers = property(_headers, lambda self, text: _set(self, "_text", text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawResponse) and _fields(self) == _fields(other)

    def __hash__(self) -> int:
        return hash(_fields(self))


_made: Final = part_maker(Answered, ("status", "_lines", "_text", "content", "complete"))


def answered(status: int, lines: Lines, content: bytes, complete: bool) -> RawResponse:
    """An answer with these header lines."""
    return _made(status, lines, None, content, complete)


def _fields(raw: RawResponse) -> tuple[object, ...]:
    return raw.status, raw.headers, raw.content, raw.complete


def _decoded(lines: Lines) -> tuple[tuple[str, str], ...]:
    return tuple([(name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in lines])
