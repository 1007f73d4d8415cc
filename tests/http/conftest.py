"""A scripted server on loopback, a clock that a script can advance, and every engine under one set of tests."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest
import trustme
from destination_actions.http import AiohttpEngine, DirectEngine, HttpxEngine
from destination_actions.protocols import HttpEngine

FAR = 3600.0
"""Seconds of the loop's clock that no test reaches unless a script advances it."""


class AdvancingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock a test can advance, so that deadlines pass without anybody waiting."""

    ahead = 0.0

    def time(self) -> float:
        """Seconds of the real clock and of what was added."""
        return super().time() + self.ahead


def advance(seconds: float) -> None:
    """Let `seconds` pass on the running loop's clock at once."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AdvancingLoop)
    loop.ahead += seconds


async def advance_until_done(task: "asyncio.Task[object]", step: float = 0.5) -> float:
    """Let time pass in steps, running everything that is ready in between, until `task` ends; gives the seconds."""
    passed = 0.0
    while not task.done():
        advance(step)
        passed += step
        await asyncio.sleep(0)
    return passed


@dataclass
class Seen:
    """One request as it stood on the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """The values of one header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Talk:
    """The server's end of one connection."""

    def __init__(self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer

    async def request(self) -> Seen:
        """Read one whole request and note it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (text.partition(":") for text in rest)]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        seen = Seen(line, headers, await self.reader.readexactly(length))
        self.server.seen.append(seen)
        return seen

    async def send(self, data: bytes) -> None:
        """Write and let it drain."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: str = "200 OK", body: bytes = b"", *headers: str) -> None:
        """Write one whole answer."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("latin-1") + body)

    async def closed(self) -> None:
        """Wait until the other side has closed."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Script = Callable[[Talk], Awaitable[None]]


async def polite(talk: Talk) -> None:
    """Answer every request with its own body."""
    while True:
        seen = await talk.request()
        await talk.answer("200 OK", seen.body)


@dataclass
class Server:
    """Runs a script on every connection; what a script raises when the other side leaves is of no interest."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    errors: list[BaseException] = field(default_factory=list)

    async def run(self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            await script(Talk(self, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except Exception as error:
            self.errors.append(error)
        finally:
            writer.close()


@asynccontextmanager
async def serving(script: Script, context: ssl.SSLContext | None, host: str) -> AsyncIterator[Server]:
    """A server on loopback until the block ends."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(server.run(script, reader, writer)))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    server.url = f"{'https' if context else 'http'}://{host}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert server.errors == []


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """Run asynchronous tests on the loop whose clock can be advanced."""
    return "asyncio", {"loop_factory": AdvancingLoop}


@pytest.fixture
def clock() -> type:
    """The two ways to let time pass."""

    class Clock:
        advance = staticmethod(advance)
        advance_until_done = staticmethod(advance_until_done)

    return Clock


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's TLS context that trusts our authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def serve(anyio_backend: object) -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start scripted servers: `await serve(script)`, with `tls=` a certificate and `host=` the name in its URL."""
    async with AsyncExitStack() as stack:

        async def start(script: Script = polite, *, tls: trustme.LeafCert | None = None, host: str = "") -> Server:
            context = None
            if tls is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                tls.configure_cert(context)
            return await stack.enter_async_context(serving(script, context, host or "127.0.0.1"))

        yield start


def aiohttp_engine(ssl_context: ssl.SSLContext | None, connections: int) -> AiohttpEngine:
    """The engine over aiohttp."""
    return AiohttpEngine(connections=connections, ssl_context=ssl_context)


def direct_engine(ssl_context: ssl.SSLContext | None, connections: int) -> DirectEngine:
    """The default engine."""
    return DirectEngine(connections=connections, ssl_context=ssl_context)


def httpx_engine(ssl_context: ssl.SSLContext | None, connections: int) -> HttpxEngine:
    """The httpx engine over a pool of its own."""
    return HttpxEngine(connections=connections, ssl_context=ssl_context)


def httpx_client_engine(ssl_context: ssl.SSLContext | None, connections: int, stack: AsyncExitStack) -> HttpxEngine:
    """The httpx engine over an embedder's client, which is set up to do all that an engine must not do."""
    client = httpx.AsyncClient(
        verify=ssl_context if ssl_context is not None else True,
        limits=httpx.Limits(max_connections=connections),
        auth=("embedder", "password of the embedder"),
        headers={"X-Embedder": "yes"},
        cookies={"embedder": "yes"},
        follow_redirects=True,
        trust_env=False,
    )
    stack.push_async_callback(client.aclose)
    return HttpxEngine(client)


@pytest.fixture(params=["direct", "aiohttp", "httpx", "httpx client"])
async def make(request: pytest.FixtureRequest, anyio_backend: object) -> AsyncIterator[Callable[..., HttpEngine]]:
    """Make engines of one kind; they are closed when the test ends."""
    async with AsyncExitStack() as stack:
        kinds = {
            "direct": direct_engine,
            "aiohttp": aiohttp_engine,
            "httpx": httpx_engine,
            "httpx client": partial(httpx_client_engine, stack=stack),
        }

        def build(*, ssl_context: ssl.SSLContext | None = None, connections: int = 10) -> HttpEngine:
            engine = kinds[request.param](ssl_context, connections)
            stack.push_async_callback(engine.aclose)
            return engine

        yield build
