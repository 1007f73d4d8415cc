"""The default engine: HTTP/1.1 on asyncio's own transports, with httptools (the parser of Node.js) for the answers.

A library's client costs several times as much processor time for a request: it makes objects for URLs, headers,
cookies, timers and traces that the port does not ask for. What is left out here is what the port forbids: redirects,
cookies, proxies, sending again.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import aiohappyeyeballs

from destination_actions.errors import ConfigurationError, DestinationActionsError, NotSent
from destination_actions.http._connection import Connection
from destination_actions.http._exchange import Checked, Limits, Phase, checked, failure, head_of
from destination_actions.http._pool import Pool
from destination_actions.http._tls import checked_context
from destination_actions.http.guard import AddressGuard
from destination_actions.protocols import RawResponse, Request

_EYEBALLS: Final = 0.25
"""Seconds after which the next address of a name is tried beside the first."""
_BODIES: Final = frozenset({"POST", "PUT", "PATCH"})


class DirectEngine:
    """Carries requests over connections of its own; belongs to the event loop of its first request.

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
        self._limits = (connections, connections_per_origin, keepalive)
        self._connect_timeout = connect_timeout
        self._ssl = None if ssl_context is None else checked_context(ssl_context)
        self._guard = guard
        self._pool: Pool | None = None
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
        wire, loop = checked(request), asyncio.get_running_loop()
        ambient, deadline = sys.exception(), loop.time() + timeout
        pool, written = self._bound_pool(loop), _written(wire)
        connection = pool.idle(wire.origin)
        if connection is None:
            connection = await self._free(pool, wire, deadline, Limits(timeout, cap))
        try:
            if on_sent is not None:
                on_sent()
            return await connection.ask(written, cap, deadline, bodiless=wire.method == "HEAD")
        except Exception as caught:  # noqa: BLE001 - whatever it is, the request was sent and not answered
            error = caught
        except BaseException:
            connection.abandon()  # its answer may still come, and is for nobody else
            raise
        finally:
            pool.give_back(wire.origin, connection)
        # Not chained: the frames of an error of the network hold headers and bodies.
        raise failure(wire, Phase.SENT, error, ambient, Limits(timeout, cap))

    async def aclose(self) -> None:
        """Close all connections; the engine carries nothing from now on."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
            await asyncio.sleep(0)

    def _bound_pool(self, loop: asyncio.AbstractEventLoop) -> Pool:
        if self._closed:
            raise NotSent("http engine: is closed", reason="closed")
        if self._pool is None or (self._loop is not loop and self._loop is not None and self._loop.is_closed()):
            self._pool, self._loop = Pool(*self._limits, loop), loop
        if self._loop is not loop:
            raise ConfigurationError(
                "http engine: is in use by another event loop",
                hint="make one engine or one runtime for each event loop",
            )
        return self._pool

    async def _free(self, pool: Pool, wire: Checked, deadline: float, limits: Limits) -> Connection:
        """Wait for a connection that becomes free, or make one. Raises `NotSent`."""
        ambient, phase = sys.exception(), Phase.QUEUED
        try:
            async with asyncio.timeout_at(deadline):
                connection = await pool.place(wire.origin)
                phase = Phase.CONNECTING
                connection = connection or await self._new(pool, wire.origin)
        except DestinationActionsError:
            raise
        except Exception as caught:  # noqa: BLE001 - whatever it is, nothing was sent
            error = caught
        else:
            if asyncio.get_running_loop().time() < deadline:
                return connection
            pool.give_back(wire.origin, connection)  # the loop stood still, and nothing may leave after its time
            error = TimeoutError()
        raise failure(wire, phase, error, ambient, limits)

    async def _new(self, pool: Pool, origin: str) -> Connection:
        """Make a connection in the place that the pool gave."""
        try:
            connection = await self._connected(pool, origin)
        except BaseException:
            pool.gone(origin)
            raise
        pool.opened(origin, connection)
        return connection

    async def _connected(self, pool: Pool, origin: str) -> Connection:
        secure, host, port = _address(origin)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_timeout):
            sock = await aiohappyeyeballs.start_connection(
                await self._addresses(host, port), happy_eyeballs_delay=_EYEBALLS
            )
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                tls: dict[str, Any] = {"ssl": self._context(), "server_hostname": host} if secure else {}
                _, connection = await loop.create_connection(lambda: Connection(pool.lost, loop), sock=sock, **tls)
            except BaseException:
                sock.close()
                raise
        if not connection.usable:
            raise ConnectionResetError
        return connection

    async def _addresses(self, host: str, port: int) -> list[Any]:
        """Where to connect; with a guard, exactly the addresses that it has checked."""
        loop = asyncio.get_running_loop()
        if self._guard is None:
            return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found = await self._guard.addresses(host, port)
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        rows = [socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=flags) for address in found]
        return [row for several in rows for row in several]

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = checked_context(None)
        return self._ssl


@lru_cache(maxsize=256)
def _address(origin: str) -> tuple[bool, str, int]:
    """Whether TLS is spoken, the host without brackets, the port."""
    scheme, _, authority = origin.partition("://")
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    return scheme == "https", host.removeprefix("[").removesuffix("]"), int(port or (443 if scheme == "https" else 80))


def _written(request: Checked) -> bytes:
    """The request as bytes; it has been checked, so nothing in it can break out of its place."""
    content, target = request.content, request.url[len(request.origin) :]
    head = request.head or head_of(request.origin, request.headers)
    if content or request.method in _BODIES:
        head = f"{head}Content-Length: {len(content)}\r\n"
    return f"{request.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + content
