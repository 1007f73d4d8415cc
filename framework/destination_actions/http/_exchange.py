"""One exchange, the same for every engine: deadline, body, and the verdict *not sent*, *maybe sent* or *answered*.

The verdict comes from our own flag, set when the headers go out, never from the class of an exception: both libraries
raise the same TimeoutError for a connection that never came and for an answer that was lost.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from destination_actions.errors import DestinationActionsError, HttpError, MaybeSent, NotSent
from destination_actions.http._body import Body
from destination_actions.http._unsafe import UnsafeRequest
from destination_actions.http.headers import HeaderPairs, checked_headers
from destination_actions.http.urls import located, origin_of
from destination_actions.protocols import RawResponse, Request
from destination_actions.values import light


class Phase(Enum):
    """How far a request got; the values are the reasons given for a deadline that ran out in that phase."""

    QUEUED = "pool"
    CONNECTING = "connect"
    SENT = "timeout"


class Progress:
    """Where one request stands.

    `answer` is kept apart for libraries that show a status before they hand it over; `in_process` says that no network
    is behind the transport.
    """

    __slots__ = ("_on_sent", "answer", "in_process", "phase")

    def __init__(self, on_sent: Callable[[], None] | None) -> None:
        self.phase = Phase.CONNECTING
        self.answer: tuple[int, HeaderPairs] | None = None
        self.in_process = False
        self._on_sent = on_sent

    @property
    def sent(self) -> bool:
        """Whether the other side may have the request."""
        return self.phase is Phase.SENT

    def mark_sent(self) -> None:
        """Say that the first byte goes out now."""
        self.phase = Phase.SENT
        tell, self._on_sent = self._on_sent, None
        if tell is not None:
            tell()


class Opened(Protocol):
    """An answer whose status and headers are known and whose body is still on its way."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> HeaderPairs:
        """The headers in order."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, not decoded."""

    async def aclose(self, *, reusable: bool) -> None:
        """Let go of the connection; it may carry another request only if `reusable`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to the end of the body, and bytes of decoded body."""

    timeout: float
    cap: int


_METHOD: Final = re.compile(r"[A-Z]+")
_USUAL: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
Open = Callable[[Request, Progress], Awaitable[Opened]]


@light
@dataclass(frozen=True, slots=True)
class Checked(Request):
    """A request that stands as it will on the wire; `origin` is that of its URL.

    The request client makes these of what it has checked already, so that no engine has to do it again. `head` is
    `head_of` the headers, where the client has it ready.
    """

    origin: str = field(default="", repr=False)
    head: str = field(default="", repr=False, compare=False)


def head_of(origin: str, headers: HeaderPairs) -> str:
    """The header lines of a request as they stand on the wire, the host's first."""
    return "".join([f"Host: {origin.partition('://')[2]}\r\n", *[f"{name}: {value}\r\n" for name, value in headers]])


def checked(request: Request) -> Checked:
    """Give the request as it will stand on the wire; raises `UnsafeRequest` when it cannot mean what it says."""
    if type(request) is Checked:
        return request
    if not is_method(request.method):
        raise UnsafeRequest(f"method {request.method!a}: is not an HTTP method in capital letters")
    origin, url = located(request.url)
    return Checked(request.method, url, checked_headers(request.headers), request.content, origin)


def is_method(method: str) -> bool:
    """Whether this is an HTTP method that an engine may send."""
    return method in _USUAL or (_METHOD.fullmatch(method) is not None and method != "CONNECT")


async def exchange(open_: Open, request: Request, progress: Progress, limits: Limits) -> RawResponse:
    """Open, read, close; `request` has been checked. Raises `NotSent` or `MaybeSent`; a cancellation passes through."""
    body = Body(limits.cap)
    error: Exception | None = None
    ambient = sys.exception()
    try:
        async with asyncio.timeout(limits.timeout):
            await _converse(open_, request, progress, body)
    except DestinationActionsError:
        raise
    except Exception as caught:  # noqa: BLE001 - whatever it is, the flag says what it means
        error = caught
    if progress.answer is not None:
        status, headers = progress.answer
        return RawResponse(status, headers, body.content, body.complete)
    # An error of the network is not chained: its frames hold headers and bodies. A mock's or an app's is its author's.
    raise _failure(
        request, progress.phase, list(_causes(error, ambient)), limits, in_process=progress.in_process
    ) from (error if progress.in_process else None)


async def _converse(open_: Open, request: Request, progress: Progress, body: Body) -> None:
    opened = await open_(request, progress)
    progress.answer = opened.status, opened.headers
    try:
        await body.read(opened.chunks(), _coding(opened.headers))
    finally:
        await opened.aclose(reusable=body.complete)


def _coding(headers: HeaderPairs) -> str:
    return next((value for name, value in headers if name.lower() == "content-encoding"), "")


def failure(
    request: Request, phase: Phase, error: BaseException, ambient: BaseException | None, limits: Limits
) -> HttpError:
    """The verdict on an exchange that ended with an error; `ambient` is what the caller was handling already."""
    return _failure(request, phase, list(_causes(error, ambient)), limits)


def _failure(
    request: Request, phase: Phase, causes: list[BaseException], limits: Limits, *, in_process: bool = False
) -> HttpError:
    # The address is cut down to its origin and the cause to its kind: paths, headers and bodies hold secrets.
    reason = _reason(causes, phase)
    detail = repr(causes[0]) if in_process else _detail(causes, phase, limits)
    where = f"{request.method} {origin_of(request.url)}"
    if phase is Phase.SENT:
        return MaybeSent(f"{where}: sent, but not answered: {detail}; it may have taken effect", reason=reason)
    return NotSent(f"{where}: not sent: {detail}", reason=reason)


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "dns"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
)


_LATE = {
    Phase.QUEUED: "no connection of the pool became free within {seconds:g} s",
    Phase.CONNECTING: "connecting took too long",
    Phase.SENT: "nothing came within {seconds:g} s",
}


def _reason(causes: list[BaseException], phase: Phase) -> str:
    if _timed_out(causes):
        return phase.value
    known = [reason for cause in causes for kind, reason in _REASONS if isinstance(cause, kind)]
    return known[0] if known else "disconnected" if phase is Phase.SENT else "connect"


def _detail(causes: list[BaseException], phase: Phase, limits: Limits) -> str:
    if _timed_out(causes):
        return _LATE[phase].format(seconds=limits.timeout)
    verdicts = [str(text) for cause in causes if (text := getattr(cause, "verify_message", ""))]
    texts = [text for cause in causes if (text := _os_text(cause))]
    return (verdicts or texts or [type(causes[0]).__name__])[0]


def _timed_out(causes: list[BaseException]) -> bool:
    return any(isinstance(cause, TimeoutError) for cause in causes)


def _os_text(cause: BaseException) -> str:
    if not isinstance(cause, OSError) or cause.errno is None:
        return ""
    return os.strerror(cause.errno) if cause.errno > 0 and not isinstance(cause, ssl.SSLError) else cause.strerror or ""


def _causes(error: BaseException | None, ambient: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, but not what the caller was handling already."""
    while error is not None and error is not ambient:
        yield error
        error = error.__cause__ or error.__context__
