"""The HTTP server: reads calls within deadlines and limits, and hands them to a receiver."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import orjson
from aiohttp import web
from multidict import CIMultiDict

from destination_actions.ingest.bodies import Body, Room, body_of, too_large
from destination_actions.ingest.keys import Source
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.messages import BATCHES, TYPES
from destination_actions.ingest.openapi import document
from destination_actions.ingest.reply import Reply, refused
from destination_actions.ingest.sparing import Sparing
from destination_actions.runtime.strict import Refused

log: Final = logging.getLogger("destination_actions.ingest")

ENDPOINTS: Final[Mapping[str, str]] = {f"/v1/{name}": name for name in (*TYPES, *BATCHES)}

_FULL: Final = b'{"success":false,"code":"unavailable","message":"too many connections"}'


class Desk(Protocol):
    """Who answers calls, and says how things are."""

    @property
    def stopping(self) -> bool:
        """Whether calls are answered with 503 from now on."""

    def sender(self, authorization: str | None) -> Source | None:
        """As `Receiver.sender`."""

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        """As `Receiver.receive`."""

    async def ready(self) -> Reply:
        """Whether calls can be accepted at the moment."""


class Listener:
    """Serves a desk on one address. Nothing that is sent here raises; every answer is JSON."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits
        self._room = Room(limits.held_bytes)
        self._sparing = Sparing(asyncio.get_running_loop().time)
        self._pages: Mapping[str, Callable[[], Awaitable[Reply]]] = {
            "/healthz": self._alive,
            "/readyz": desk.ready,
            "/openapi.json": self._described,
        }
        self._server = _Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=limits.idle_seconds,
            lingering_time=limits.linger_seconds,
        )
        self._listening: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> str:
        """Begin to listen; gives the URL. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._protocol, host, port, backlog=1024)
        name = self._listening.sockets[0].getsockname()
        return f"http://{f'[{name[0]}]' if ':' in name[0] else name[0]}:{name[1]}"

    async def close(self, seconds: float) -> None:
        """Stop listening, let calls under way be answered for so many seconds, and close every connection."""
        if self._listening is not None:
            self._listening.close()
        await self._server.shutdown(seconds)

    def _protocol(self) -> asyncio.BaseProtocol:
        return self._server() if self._server.open < self._limits.connections else _Turned()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        reply = await self._reply(request)
        if reply.code and (count := self._sparing.due(reply.code)):
            fields = {"path": request.path, "status": reply.status, "code": reply.code, "count": count}
            items = Counter(item["code"] for item in reply.body.get("refused", ()))
            log.warning("call refused", extra={"fields": fields | ({"events": items} if items else {})})
        return _response(reply)

    async def _reply(self, request: web.BaseRequest) -> Reply:
        try:
            endpoint = ENDPOINTS.get(request.path)
            return await (self._page(request) if endpoint is None else self._call(endpoint, request))
        except Refused as error:
            return refused(error)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("a call could not be answered")
            return refused(Refused("fault", "something is wrong here; send it again later"))

    async def _page(self, request: web.BaseRequest) -> Reply:
        page = self._pages.get(request.path)
        if page is None:
            raise Refused("not_found", "there is nothing here; the calls are described at /openapi.json")
        return await page() if request.method in {"GET", "HEAD"} else _not_allowed("GET, HEAD")

    async def _call(self, endpoint: str, request: web.BaseRequest) -> Reply:
        if request.method != "POST":
            return _not_allowed("POST")
        if self._desk.stopping:
            raise Refused("stopping", "the server is being stopped; send it again")
        source = self._desk.sender(request.headers.get("Authorization"))
        return await self._desk.receive(endpoint, source, await self._content(request, source is not None))

    async def _content(self, request: web.BaseRequest, known: bool) -> bytes:
        """The decompressed body, read within its deadline."""
        body = body_of(request.headers.get("Content-Encoding", ""), self._limits.batch_bytes)
        if (request.content_length or 0) > self._limits.batch_bytes:
            raise too_large(self._limits.batch_bytes)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                await self._read(request, body, known)
        except TimeoutError:
            message = f"the body did not arrive within {self._limits.body_seconds:g} seconds"
            raise Refused("timeout", message) from None
        except web.RequestPayloadError:
            raise Refused("bad_body", "the body does not keep to HTTP") from None
        return body.whole()

    async def _read(self, request: web.BaseRequest, body: Body, known: bool) -> None:
        held = 0
        try:
            async for part in request.content.iter_any():
                before, held = held, body.feed(part)
                self._room.take(held - before, known)
        finally:
            self._room.take(-held, known)

    async def _alive(self) -> Reply:
        return Reply(200, {"status": "ok"})

    async def _described(self) -> Reply:
        return Reply(200, document(self._limits))


class _Connection(web.RequestHandler):
    """A connection that answers what is no HTTP in our own words, and logs nothing of it."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes what was sent
    ) -> web.StreamResponse:
        """Say that it is no HTTP, or that something is wrong here; the connection ends."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        if status == 500:
            log.error("a call could not be answered", exc_info=exc)
            return _response(refused(Refused("fault", "something is wrong here; send it again later")))
        return _response(refused(Refused("bad_http", "this is not HTTP/1.1")))


class _Server(web.Server):
    """Makes connections, and counts the open ones."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any) -> None:
        super().__init__(handler, **options)
        self._options = options
        self.open = 0

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        self.open += 1
        super().connection_made(handler, transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        self.open -= 1
        super().connection_lost(handler, exc)


class _Turned(asyncio.Protocol):
    """A connection too many: told so, and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer before anything is asked."""
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {len(_FULL)}\r\n"
        if isinstance(transport, asyncio.Transport):
            transport.write(head.encode() + b"Retry-After: 5\r\nConnection: close\r\n\r\n" + _FULL)
        transport.close()


def _not_allowed(methods: str) -> Reply:
    return refused(Refused("not_allowed", f"this path takes {methods}"), Allow=methods)


def _response(reply: Reply) -> web.Response:
    headers = CIMultiDict(reply.headers)
    headers["Server"] = "destination-actions"
    response = web.Response(
        body=orjson.dumps(reply.body), status=reply.status, headers=headers, content_type="application/json"
    )
    if reply.close:
        response.force_close()
    return response
