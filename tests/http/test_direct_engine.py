"""What the default engine owes beyond the suite of all engines: its own pool, and answers at the edges of HTTP/1.1."""

import asyncio
import pickle
from contextlib import suppress
from copy import copy
from dataclasses import FrozenInstanceError, replace

import pytest
from destination_actions.errors import MaybeSent, NotSent
from destination_actions.http import DirectEngine
from destination_actions.protocols import RawResponse, Request

pytestmark = pytest.mark.anyio

FAR, CAP = 3600.0, 65536


@pytest.fixture
async def make(anyio_backend):
    """Make engines that are closed when the test ends."""
    made = []

    def build(**options):
        made.append(DirectEngine(**options))
        return made[-1]

    yield build
    for engine in made:
        await engine.aclose()


async def sent(engine, url, method="POST"):
    """One request with an empty body."""
    return await engine.exchange(Request(method, url, ()), timeout=FAR, cap=CAP)


class Held:
    """A server's script that answers when it is told to."""

    def __init__(self):
        self.arrived = 0
        self.go = asyncio.Event()

    async def __call__(self, talk):
        """Answer request after request."""
        while True:
            await talk.request()
            self.arrived += 1
            await self.go.wait()
            await talk.answer()


async def until(condition):
    """Let everything run until it is so."""
    while not condition():  # noqa: ASYNC110 - the other side of the connection is in this loop
        await asyncio.sleep(0)


async def test_an_exchange_that_is_closed_takes_its_connection_with_it(make, serve):
    """Its answer may still come, and must not become that of the next request."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def script(talk):
        with suppress(ConnectionError):
            while True:
                line = (await talk.request()).line
                if "/closed" in line:
                    arrived.set()
                    await go.wait()
                await talk.answer("200 OK", line.encode())

    server, engine = await serve(script), make()
    await sent(engine, f"{server.url}/first")
    exchange = sent(engine, f"{server.url}/closed")
    exchange.send(None)  # as far as it gets without its answer
    await arrived.wait()
    exchange.close()
    go.set()
    assert b"POST /next HTTP/1.1" == (await sent(engine, f"{server.url}/next")).content
    assert 2 == server.connections


async def test_no_more_connections_to_an_origin_than_allowed(make, serve):
    """Ten requests at once share two connections."""
    held = Held()
    server, engine = await serve(held), make(connections_per_origin=2)
    tasks = [asyncio.create_task(sent(engine, f"{server.url}/{number}")) for number in range(10)]
    await until(lambda: held.arrived == 2)
    held.go.set()
    await asyncio.gather(*tasks)
    assert (2, 10) == (server.connections, len(server.seen))
    assert [f"POST /{number} HTTP/1.1" for number in range(10)] == sorted(seen.line for seen in server.seen)


async def test_an_idle_connection_makes_room_for_another_origin(make, serve):
    """With the pool full of idle connections, a request elsewhere gets the place of one."""
    one, other, engine = await serve(), await serve(), make(connections=1)
    for url in (one.url, other.url, one.url):
        await sent(engine, f"{url}/")
    assert (2, 1) == (one.connections, other.connections)


async def test_a_cancelled_wait_leaves_the_place_to_others(make, serve):
    """Whoever stops waiting takes nothing with him."""
    held = Held()
    server, engine = await serve(held), make(connections=1)
    first, second, third = (asyncio.create_task(sent(engine, f"{server.url}/{number}")) for number in range(3))
    await until(lambda: held.arrived == 1)
    second.cancel()
    held.go.set()
    assert [200, 200] == [(await first).status, (await third).status]
    assert ["POST /0 HTTP/1.1", "POST /2 HTTP/1.1"] == [seen.line for seen in server.seen]


async def test_a_cancelled_request_gives_its_connection_up(make, serve):
    """Its answer may still come; nobody else gets it. The next request has a connection of its own."""
    held = Held()
    server, engine = await serve(held), make(connections=1)
    first = asyncio.create_task(sent(engine, f"{server.url}/0"))
    await until(lambda: held.arrived == 1)
    first.cancel()
    held.go.set()
    assert 200 == (await sent(engine, f"{server.url}/1")).status
    assert 2 == server.connections


async def test_nothing_leaves_after_its_deadline(make, serve, clock):
    """The process stands still between the moment at which a request gets its connection and the one at which it goes
    on: its time is over then, and it is not written although no timer has told it yet."""
    held = Held()
    server, engine = await serve(held), make(connections=1)

    async def first():
        await sent(engine, f"{server.url}/0")
        clock.advance(4.0)  # the other has the connection, and has not been told

    late = Request("POST", f"{server.url}/1", ())
    tasks = [asyncio.create_task(first()), asyncio.create_task(engine.exchange(late, timeout=3.0, cap=1))]
    await until(lambda: held.arrived == 1)
    held.go.set()
    with pytest.raises(NotSent, match="took too long"):
        await asyncio.gather(*tasks)
    await sent(engine, f"{server.url}/2")
    assert ["POST /0 HTTP/1.1", "POST /2 HTTP/1.1"] == [seen.line for seen in server.seen]
    assert 1 == server.connections


async def test_an_idle_connection_is_not_kept_for_ever(make, serve, clock):
    """After `keepalive` seconds a new one is made."""
    server, engine = await serve(), make(keepalive=15)
    await sent(engine, f"{server.url}/")
    clock.advance(16)
    await sent(engine, f"{server.url}/")
    assert 2 == server.connections


async def test_what_nobody_asked_for_ends_the_connection(make, serve):
    """A second answer to one request is not taken for the answer to the next one."""

    async def script(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nb")
        await talk.request()
        await talk.answer("201 Created")

    server, engine = await serve(script), make()
    assert [200, 200] == [(await sent(engine, f"{server.url}/")).status for _ in range(2)]
    assert 2 == server.connections


async def test_a_connection_that_is_to_be_closed_is_not_used_again(make, serve):
    """`Connection: close` is heeded."""

    async def script(talk):
        await talk.request()
        await talk.answer("200 OK", b"x", "Connection: close")

    server, engine = await serve(script), make()
    for _ in range(2):
        answer = await sent(engine, f"{server.url}/")
        assert (b"x", True) == (answer.content, answer.complete)
    assert 2 == server.connections


async def test_a_body_without_a_length_ends_with_the_connection(make, serve):
    """What HTTP/1.0 servers send: complete at an orderly end."""

    async def script(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    server = await serve(script)
    answer = await sent(make(), f"{server.url}/")
    assert (b"all of it", True) == (answer.content, answer.complete)


async def test_an_answer_to_head_has_no_body(make, serve):
    """Whatever length its headers name."""

    async def script(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        await talk.closed()

    server = await serve(script)
    answer = await sent(make(), f"{server.url}/", "HEAD")
    assert (200, b"", True) == (answer.status, answer.content, answer.complete)


@pytest.mark.parametrize("seconds", [100, 20])
async def test_each_request_has_a_deadline_of_its_own(make, serve, clock, seconds):
    """Of two requests over one connection the second has all of its time, whether that ends later or earlier."""

    async def script(talk):
        await talk.request()
        await talk.answer()
        await talk.request()
        await talk.closed()

    server, engine = await serve(script), make(keepalive=1e9)
    await engine.exchange(Request("GET", f"{server.url}/", ()), timeout=100, cap=CAP)
    clock.advance(90)
    second = asyncio.create_task(engine.exchange(Request("GET", f"{server.url}/", ()), timeout=seconds, cap=CAP))
    await until(lambda: len(server.seen) == 2)
    assert seconds == pytest.approx(await clock.advance_until_done(second), abs=2)
    assert ("timeout", 1) == (second.exception().reason, server.connections)


async def test_an_answer_is_the_value_that_it_says_it_is(make, serve):
    """Its headers are text when somebody looks; it equals an answer that was made of them."""

    async def script(talk):
        await talk.request()
        await talk.answer("200 OK", b"x", "X-A: gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n", "x-a: 2")

    server = await serve(script)
    answer = await sent(make(), f"{server.url}/")
    headers = (("Content-Length", "1"), ("X-A", "gr\udcfcn"), ("x-a", "2"))
    same = RawResponse(200, headers, b"x")
    assert (same, {same}, True) == (answer, {answer}, answer == same)
    assert answer != RawResponse(200, headers, b"y")
    assert same == pickle.loads(pickle.dumps(answer)) == copy(answer)
    assert RawResponse(404, (), b"x") == replace(answer, status=404, headers=())
    with pytest.raises(FrozenInstanceError):
        answer.headers = ()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000,
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nX-A : 1\r\n\r\n",
    ],
)
async def test_what_is_no_answer_may_have_taken_effect(make, serve, head):
    """Endless headers, another protocol, two lengths, a broken header line: the request was sent, nobody knows."""

    async def script(talk):
        await talk.request()
        await talk.send(head)
        await talk.closed()

    server = await serve(script)
    with pytest.raises(MaybeSent) as caught:
        await sent(make(), f"{server.url}/")
    assert "disconnected" == caught.value.reason
