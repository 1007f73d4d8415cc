"""An answer as it came over the wire: its headers become text when somebody looks, which few do."""

from __future__ import annotations

from typing import Any, Final

from destination_actions.protocols import RawResponse

Lines = tuple[tuple[bytes, bytes], ...]

_set: Final = object.__setattr__


class Answered(RawResponse):
    """A `RawResponse` made of header lines in bytes; equal to one that was made of their text."""

    __slots__ = ("_lines",)
    _lines: Lines

    def __getattr__(self, name: str) -> Any:
        """Asked for a field that is still empty."""
        if name != "headers":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        headers = tuple(
            [(key.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for key, value in self._lines]
        )
        _set(self, "headers", headers)
        return headers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawResponse) and _fields(self) == _fields(other)

    def __hash__(self) -> int:
        return RawResponse.__hash__(self)


def answered(status: int, lines: Lines, content: bytes, *, complete: bool) -> RawResponse:
    """An answer with these header lines."""
    answer = Answered.__new__(Answered)
    _set(answer, "status", status)
    _set(answer, "_lines", lines)
    _set(answer, "content", content)
    _set(answer, "complete", complete)
    return answer


def _fields(raw: RawResponse) -> tuple[object, ...]:
    return raw.status, raw.headers, raw.content, raw.complete
