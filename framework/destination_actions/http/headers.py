"""Header lines: what may be sent, and a case-insensitive view of what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar, overload

from destination_actions.http._unsafe import UnsafeRequest
from destination_actions.protocols import RawResponse

T = TypeVar("T")
HeaderPairs = tuple[tuple[str, str], ...]

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_ENGINE_OWNED: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


def checked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> HeaderPairs:
    """Give headers as pairs, values stripped; raises `UnsafeRequest` for one that could change the request around it.

    That is a name that is no token, a value with a control character, and every header that frames the message.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple([(_name(name), _value(name, value)) for name, value in pairs])


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UnsafeRequest(f"header {name!a}: is not a header name")
    if name.lower() in _ENGINE_OWNED:
        raise UnsafeRequest(f'header "{name}": is written by the HTTP engine and cannot be given')
    return name


def _value(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise UnsafeRequest(f'header "{name}": its value contains a line break or another control character')
    return value.strip(" \t")


class Headers(Mapping[str, str]):
    """The headers of an answer; names in any case. A repeated header's values are joined by `, `."""

    __slots__ = ("_joined", "_pairs", "_raw")
    _raw: RawResponse

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs: HeaderPairs | None = tuple(pairs)
        self._joined: dict[str, str] | None = None

    @classmethod
    def of(cls, raw: RawResponse) -> Headers:
        """Those of an answer, which are text only when somebody looks."""
        made = cls.__new__(cls)
        made._raw, made._pairs, made._joined = raw, None, None
        return made

    def get_list(self, name: str) -> list[str]:
        """Every value of a repeated header, in order."""
        wanted, size = name.lower(), len(name)  # most others have another length, which is seen more quickly
        return [value for key, value in self._all() if len(key) == size and key.lower() == wanted]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | T) -> str | T: ...
    def get(self, name: str, /, default: Any = None) -> Any:
        """As every mapping's, without a dictionary of all headers for a look at one or two of them."""
        return ", ".join(found) if (found := self.get_list(name)) else default

    def __getitem__(self, name: str) -> str:
        return self._index()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __repr__(self) -> str:
        return f"Headers({sorted(self._index())})"

    def _index(self) -> dict[str, str]:
        if self._joined is None:
            self._joined = {}
            for key, value in self._all():
                name = key.lower()
                self._joined[name] = f"{self._joined[name]}, {value}" if name in self._joined else value
        return self._joined

    def _all(self) -> HeaderPairs:
        if self._pairs is None:
            self._pairs = self._raw.headers
        return self._pairs
