"""The default engine: aiohttp, for throughput."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from destination_actions.errors import ConfigurationError, NotSent
from destination_actions.http._exchange import Limits, Phase, Progress, checked, exchange
from destination_actions.http._tls import checked_context
from destination_actions.http.guard import AddressGuard
from destination_actions.http.headers import HeaderPairs
from destination_actions.protocols import RawResponse, Request

_LARGE: Final = 1 << 20
_NO_AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class AiohttpEngine:
    """Carries requests with aiohttp; belongs to the event loop of its first request.

    At most `connections` are open at once and `connections_per_origin` to one origin; a request that finds none free
    waits within its own deadline. Connecting, with TLS, takes at most `connect_timeout` seconds of that deadline.
    No redirects, no cookies, no proxies from the environment, no second sending. With a `guard` it connects only to
    addresses that the guard permits.
    """

    def __init__(
        self,
        *,
        connections: int = 256,
        connections_per_origin: int = 64,
        connect_timeout: float = 5.0,
        keepalive: float = 15.0,
        ssl_context: ssl.SSLContext | None = None,
        guard: AddressGuard | None = None,
    ) -> None:
        self._connections = connections
        self._per_origin = connections_per_origin
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        self._keepalive = keepalive
        self._ssl = None if ssl_context is None else checked_context(ssl_context)
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the port's word; the deadline of the whole exchange
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Send one request and read its answer; see `HttpEngine.exchange`. `on_sent` must not raise."""
        return await exchange(self._open, checked(request), Progress(on_sent), Limits(timeout, cap))

    async def aclose(self) -> None:
        """Close all connections; the engine carries nothing from now on."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _open(self, request: Request, progress: Progress) -> _Opened:
        session, url = self._bound_session(), URL(request.url, encoded=True)
        if self._guard is not None and url.host is not None:
            # aiohttp asks no resolver about an address written as such, so the guard sees those here, before it.
            self._guard.literal(url.host)
        response = await session.request(
            request.method,
            url,
            data=_body(request.content),
            headers=request.headers,
            allow_redirects=False,
            trace_request_ctx=progress,
        )
        return _Opened(response)

    def _bound_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise NotSent("http engine: is closed", reason="closed")
        if self._session is None or (self._loop is not loop and self._loop is not None and self._loop.is_closed()):
            self._session, self._loop = self._new_session(), loop
        if self._loop is not loop:
            raise ConfigurationError(
                "http engine: is in use by another event loop",
                hint="make one engine or one runtime for each event loop",
            )
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            limit_per_host=self._per_origin,
            keepalive_timeout=self._keepalive,
            resolver=ThreadedResolver() if self._guard is None else _GuardedResolver(self._guard),
            ssl=self._ssl or checked_context(None),
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            trace_configs=[_trace()],
        )


class _Opened:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: HeaderPairs = tuple(response.headers.items())

    def chunks(self) -> AsyncIterator[bytes]:
        return self._response.content.iter_any()

    async def aclose(self, *, reusable: bool) -> None:
        if reusable:
            self._response.release()
        else:
            self._response.close()


class _GuardedResolver(AbstractResolver):
    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._guard.addresses(host, port)
        return [_resolved(host, port, address) for address in found if family in {socket.AF_UNSPEC, _family(address)}]

    async def close(self) -> None:
        return


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=_family(address), proto=0, flags=flags)


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class _SecondSending(Exception):  # noqa: N818 - never seen outside
    """aiohttp was about to send an idempotent request again after its connection broke."""


async def _headers_go_out(_session: object, context: SimpleNamespace, _params: object) -> None:
    # aiohttp repeats an idempotent request by itself when a kept connection turns out to be dead. The second time the
    # headers are about to go out for one exchange, this hook stops it, before a byte is written.
    progress: Progress = context.trace_request_ctx
    if progress.sent:
        raise _SecondSending
    progress.mark_sent()


async def _queued(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.phase = Phase.QUEUED


async def _dequeued(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.phase = Phase.CONNECTING


def _trace() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_connection_queued_start.append(_queued)
    trace.on_connection_queued_end.append(_dequeued)
    trace.on_request_headers_sent.append(_headers_go_out)
    return trace


def _body(content: bytes) -> bytes | BytesIO | None:
    # aiohttp warns about large bytes, because it writes them in one go; from a file it writes them in pieces.
    if len(content) > _LARGE:
        return BytesIO(content)
    return content or None
