"""HTTP: what an engine carries on the wire, and an answer as plugins see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from destination_actions.values import light


@light
@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready for the wire: an absolute URL, percent-encoded; headers in order; the body's bytes.

    Prints its method only: everything else may hold secrets or personal data.
    """

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = field(default=b"", repr=False)


@light
@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back. `complete` is False when the body broke off, ran into the deadline or passed the cap.

    The status line is an answer all the same.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    complete: bool = True


@runtime_checkable
class HttpEngine(Protocol):
    """Carries requests. It never retries, never follows a redirect and keeps no cookies."""

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the whole exchange's deadline
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Send one request and read its answer.

        `timeout` is the total number of seconds to the end of the body; at most `cap` bytes of decoded body are read.
        `on_sent` is called when the headers go out. Raises `NotSent` before that moment, `MaybeSent` after it.
        """

    async def aclose(self) -> None:
        """Close what this engine opened; not what it was given."""


class Response(Protocol):
    """An answer in httpx's vocabulary."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    @property
    def is_success(self) -> bool: ...
    @property
    def complete(self) -> bool: ...
    def json(self) -> Any:
        """The body as JSON; raises `ValueError` when it is not."""
