"""The second engine: any httpx transport or client, so that mocks, ASGI apps and an embedder's own client work."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeAlias

import httpx

from destination_actions.errors import ConfigurationError, NotSent
from destination_actions.http._exchange import Limits, Phase, Progress, checked, exchange
from destination_actions.http._tls import checked_context
from destination_actions.http._unsafe import UnsafeRequest
from destination_actions.http.guard import AddressGuard
from destination_actions.http.headers import HeaderPairs
from destination_actions.protocols import RawResponse, Request

Source: TypeAlias = httpx.AsyncBaseTransport | httpx.AsyncClient

_PORTS: Final = {"http": 80, "https": 443}
_IDLE: Final = 20
_NEVER_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SENDING: Final = ("http11.send_request_headers.started", "http2.send_request_headers.started")
_ANSWERED: Final = ("http11.receive_response_headers.complete", "http2.receive_response_headers.complete")


class HttpxEngine:
    """Carries requests with httpx: over `source`, which stays its owner's to close, or over a pool of its own.

    A client's own headers, cookies, default auth and redirects are not used; its transports, mounts, proxies and event
    hooks are. Only httpx's own network transport says when a request goes out; behind any other transport a request
    counts as sent when it is handed over. `ssl_context` and the limits apply to the engine's own pool.

    With a `guard`, for the engine's own pool only, it connects to addresses that the guard permits, and keeps no
    connection: a pool that knows addresses instead of names could use one name's connection for another.
    """

    def __init__(
        self,
        source: Source | None = None,
        *,
        connections: int = 100,
        connect_timeout: float = 5.0,
        keepalive: float = 15.0,
        ssl_context: ssl.SSLContext | None = None,
        guard: AddressGuard | None = None,
    ) -> None:
        if guard is not None and source is not None:
            raise ConfigurationError("http engine: a guard cannot watch connections that are not the engine's own")
        self._guard = guard
        self._source = source
        self._connect_timeout = connect_timeout
        idle = 0 if guard else min(_IDLE, connections)
        self._limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=idle, keepalive_expiry=keepalive
        )
        self._ssl = None if ssl_context is None else checked_context(ssl_context)
        self._own: httpx.AsyncHTTPTransport | None = None
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
        """Close the engine's own pool, never `source`."""
        self._closed = True
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def _open(self, request: Request, progress: Progress) -> _Opened:
        if self._closed:
            raise NotSent("http engine: is closed", reason="closed")
        wire = self._wire(request, progress)
        if self._guard is not None:
            return _Opened(await _guarded(self._guard, self._pool(), wire, progress))
        return _Opened(await _handed_over(self._source or self._pool(), wire, progress))

    def _pool(self) -> httpx.AsyncHTTPTransport:
        if self._own is None:
            context = self._ssl or checked_context(None)
            self._own = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=self._limits)
        return self._own

    def _wire(self, request: Request, progress: Progress) -> httpx.Request:
        url = _url(request.url)
        if f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}" != request.url:
            raise UnsafeRequest("url: httpx would send another address than the one given; percent-encode it fully")
        return httpx.Request(
            request.method,
            url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.content,
            extensions={"timeout": self._timeouts(), "trace": _trace(progress)},
        )

    def _timeouts(self) -> dict[str, float | None]:
        return {"connect": self._connect_timeout, "pool": None, "read": None, "write": None}


class _Opened:
    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: HeaderPairs = _pairs(response.headers.raw)

    async def chunks(self) -> AsyncIterator[bytes]:
        # The stream itself, not aiter_raw(), which refuses the finished answers that mocks give.
        assert isinstance(self._response.stream, httpx.AsyncByteStream)  # noqa: S101 - the base class says otherwise
        async for chunk in self._response.stream:
            yield chunk

    async def aclose(self, *, reusable: bool) -> None:  # noqa: ARG002 - httpcore sees for itself whether the body ended
        await self._response.aclose()


def _url(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UnsafeRequest(f"url: {error}") from None


async def _handed_over(source: Source, wire: httpx.Request, progress: Progress) -> httpx.Response:
    transport = _transport(source, wire.url)
    progress.phase = Phase.QUEUED
    if not isinstance(transport, httpx.AsyncHTTPTransport):
        progress.in_process = True
        progress.mark_sent()
    try:
        return await _response(source, wire)
    except _NEVER_CONNECTED:
        if isinstance(transport, httpx.MockTransport):
            # A mock plays the network; these are its only words for "nothing left". Nobody else is believed.
            progress.phase = Phase.CONNECTING
        raise


async def _response(source: Source, wire: httpx.Request) -> httpx.Response:
    if not isinstance(source, httpx.AsyncClient):
        return await source.handle_async_request(wire)
    try:
        return await source.send(wire, stream=True, auth=None, follow_redirects=False)
    except httpx.HTTPStatusError as error:
        # An event hook of the embedder called raise_for_status(): the answer is there all the same.
        return error.response


async def _guarded(
    guard: AddressGuard, pool: httpx.AsyncHTTPTransport, wire: httpx.Request, progress: Progress
) -> httpx.Response:
    url = wire.url
    addresses = await guard.addresses(url.host, url.port or _PORTS[url.scheme])
    if guard.literal(url.host) is None:
        wire.extensions["sni_hostname"] = url.host
    for number, address in enumerate(addresses, 1):
        # Only the dialled address changes; the Host header was written when the request was made.
        wire.url = url.copy_with(host=address)
        try:
            return await _handed_over(pool, wire, progress)
        except httpx.ConnectError:
            if progress.sent or number == len(addresses):
                raise
    raise OSError("the name has no addresses")


def _transport(source: Source, url: httpx.URL) -> object:
    # Which of a client's transports will be used has no public name. Without it the answer is None: the safe side.
    return (
        getattr(source, "_transport_for_url", lambda _url: None)(url)
        if isinstance(source, httpx.AsyncClient)
        else source
    )


def _trace(progress: Progress) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    tunnelling = False

    async def trace(event: str, info: dict[str, Any]) -> None:
        nonlocal tunnelling
        if event in _SENDING:
            # A proxy's CONNECT is traced like a request; neither it nor its answer is ours.
            tunnelling = info["request"].method == b"CONNECT"
            if not tunnelling:
                progress.mark_sent()
        elif event in _ANSWERED and not tunnelling:
            progress.answer = _answer(info["return_value"])
        elif event.startswith("connection.") and progress.phase is Phase.QUEUED:
            progress.phase = Phase.CONNECTING

    return trace


def _answer(value: tuple[Any, ...]) -> tuple[int, HeaderPairs]:
    # HTTP/1.1 gives (version, status, reason, headers), HTTP/2 gives (status, headers).
    status, headers = (value[1], value[3]) if len(value) == 4 else (value[0], value[1])
    return status, _pairs(headers)


def _pairs(raw: list[tuple[bytes, bytes]]) -> HeaderPairs:
    return tuple([(name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in raw])
