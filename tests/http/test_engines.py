"""What every engine owes, whatever the network does. Deadlines pass because a script advances the loop's clock."""

import asyncio
import gzip
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from destination_actions.errors import ConfigurationError, MaybeSent, NotSent
from destination_actions.http import AiohttpEngine, HttpxEngine, UnsafeRequest
from destination_actions.protocols import RawResponse, Request

pytestmark = pytest.mark.anyio

FAR = 3600.0
CAP = 65536


class Sent:
    """Counts the calls of `on_sent`."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1


def post(url, *headers, content=b"a=1"):
    return Request("POST", url, tuple(headers), content)


def get(url, *headers):
    return Request("GET", url, tuple(headers))


async def refused(engine, request, kind, *, seconds=FAR):
    """The error that one exchange ends with, and how often `on_sent` was called."""
    sent = Sent()
    with pytest.raises(kind) as caught:
        await engine.exchange(request, timeout=seconds, cap=CAP, on_sent=sent)
    return caught.value.reason, sent.times


@pytest.fixture
def black_hole():
    """An address that never accepts: a listening socket whose backlog is full."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for filler in fillers:
            filler.close()


class TestAnswered:
    async def test_an_answer_is_status_headers_and_body(self, make, serve):
        """A complete answer comes back as it was sent, and the request arrived as it was given."""

        async def script(talk):
            await talk.request()
            await talk.answer("201 Created", b'{"sid": "FN1"}', "X-Twice: a", "X-Twice: b")

        server, sent = await serve(script), Sent()
        request = post(f"{server.url}/v2/a%2Fb?c=%20d", ("X-Own", "grün"), ("Content-Type", "text/plain"))
        answer = await make().exchange(request, timeout=FAR, cap=CAP, on_sent=sent)

        assert (answer.status, answer.content, answer.complete) == (201, b'{"sid": "FN1"}', True)
        assert [value for name, value in answer.headers if name.lower() == "x-twice"] == ["a", "b"]
        assert sent.times == 1
        seen = server.seen[0]
        assert (seen.line, seen.body) == ("POST /v2/a%2Fb?c=%20d HTTP/1.1", b"a=1")
        assert [["grün".encode().decode("latin-1")], ["text/plain"]] == [
            seen.header("x-own"),
            seen.header("content-type"),
        ]

    async def test_only_the_given_headers_and_the_framing_are_sent(self, make, serve):
        """No engine adds headers of its own, nor an embedder's client its headers, cookies or credentials."""
        server = await serve()
        await make().exchange(post(server.url + "/", ("X-Own", "1")), timeout=FAR, cap=CAP)
        names = {name.lower() for name, _ in server.seen[0].headers}
        assert {"host", "content-length", "x-own"} == names

    async def test_an_empty_post_says_that_it_is_empty(self, make, serve):
        """A POST without a body carries Content-Length: 0."""
        server = await serve()
        await make().exchange(post(server.url + "/", content=b""), timeout=FAR, cap=CAP)
        assert server.seen[0].header("content-length") == ["0"]

    async def test_a_large_body_arrives_whole(self, make, serve):
        """A request body beyond a megabyte is sent without a warning and without loss."""
        server = await serve()
        content = bytes(range(256)) * 8192
        answer = await make().exchange(post(server.url + "/", content=content), timeout=FAR, cap=len(content))
        assert (content, True) == (answer.content, answer.complete)

    async def test_connections_are_kept(self, make, serve):
        """Ten requests in a row use one connection."""
        server, engine = await serve(), make()
        for _ in range(10):
            await engine.exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (len(server.seen), server.connections) == (10, 1)

    async def test_no_content(self, make, serve):
        """A 204 is complete without a body, and its connection can be used again."""

        async def script(talk):
            while True:
                await talk.request()
                await talk.send(b"HTTP/1.1 204 No Content\r\n\r\n")

        server, engine = await serve(script), make()
        for _ in range(2):
            answer = await engine.exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
            assert RawResponse(204, (), b"", complete=True) == answer
        assert server.connections == 1

    async def test_informational_answers_are_passed_over(self, make, serve):
        """100 and 103 are not the answer; what follows is."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            await talk.answer("201 Created", b"ok")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, answer.content, answer.complete) == (201, b"ok", True)

    async def test_redirects_are_answers(self, make, serve):
        """A 302 is given back; nothing is sent to where it points."""
        other = await serve()

        async def script(talk):
            await talk.request()
            await talk.answer("302 Found", b"", f"Location: {other.url}/stolen")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/", ("Authorization", "Basic x")), timeout=FAR, cap=CAP)
        assert (answer.status, other.seen) == (302, [])

    async def test_a_redirect_to_nowhere_is_an_answer_too(self, make, serve):
        """A Location that is no address does not hide the status."""

        async def script(talk):
            await talk.request()
            await talk.answer("302 Found", b"", "Location: http://[/")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert answer.status == 302

    async def test_cookies_are_not_kept(self, make, serve):
        """A cookie that was set does not come back with the next request."""

        async def script(talk):
            while True:
                await talk.request()
                await talk.answer("200 OK", b"", "Set-Cookie: track=1; Path=/")

        server, engine = await serve(script), make()
        for _ in range(2):
            await engine.exchange(get(server.url + "/"), timeout=FAR, cap=CAP)
        assert [seen.header("cookie") for seen in server.seen] == [[], []]

    async def test_tls(self, make, serve, authority, trusting):
        """A certificate of a trusted authority for the right host is accepted."""
        server = await serve(tls=authority.issue_cert("localhost"), host="localhost")
        answer = await make(ssl_context=trusting).exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, answer.complete) == (200, True)


class TestBodies:
    async def test_a_broken_body_does_not_hide_the_status(self, make, serve):
        """A reset in the middle of a 201's body: answered, not complete."""

        async def script(talk):
            await talk.request()
            await talk.send(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"sid"')
            talk.reset()

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, answer.complete) == (201, False)

    async def test_a_short_body_is_not_complete(self, make, serve):
        """An orderly close before Content-Length is reached: answered, not complete, what came is kept."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nabc")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, answer.content, answer.complete) == (201, b"abc", False)

    async def test_a_dripping_body_ends_with_the_deadline(self, make, serve, clock):
        """A byte a second keeps nobody beyond the total deadline: answered, not complete."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
            while True:
                await talk.send(b".")
                clock.advance(1)
                await asyncio.sleep(0)

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=30, cap=CAP)
        assert (answer.status, answer.complete) == (201, False)

    async def test_a_huge_body_is_read_to_the_cap(self, make, serve):
        """Of fifty megabytes only the cap is kept, and the server is not read to the end."""
        written = 0

        async def script(talk):
            nonlocal written
            await talk.request()
            await talk.send(b"HTTP/1.1 201 Created\r\nContent-Length: 52428800\r\n\r\n")
            for _ in range(800):
                await talk.send(b"x" * 65536)
                written += 65536

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, len(answer.content), answer.complete) == (201, CAP, False)
        assert written < 52428800

    async def test_a_body_as_long_as_the_cap_is_complete(self, make, serve):
        """The cap itself is still allowed."""
        server = await serve()
        answer = await make().exchange(post(server.url + "/", content=b"x" * 100), timeout=FAR, cap=100)
        assert (answer.content, answer.complete) == (b"x" * 100, True)

    async def test_a_gzip_bomb_unfolds_to_the_cap(self, make, serve):
        """The cap counts decoded bytes."""
        bomb = gzip.compress(bytes(50_000_000))

        async def script(talk):
            await talk.request()
            await talk.answer("200 OK", bomb, "Content-Encoding: gzip")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (bytes(CAP), False) == (answer.content, answer.complete)

    async def test_gzip_is_decoded(self, make, serve):
        """A compressed answer is given decoded."""

        async def script(talk):
            await talk.request()
            await talk.answer("200 OK", gzip.compress(b"hello"), "Content-Encoding: gzip")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.content, answer.complete) == (b"hello", True)

    async def test_broken_gzip_is_not_complete(self, make, serve):
        """A body that cannot be decoded does not hide the status."""

        async def script(talk):
            await talk.request()
            await talk.answer("201 Created", b"not gzip at all", "Content-Encoding: gzip")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.status, answer.content, answer.complete) == (201, b"", False)

    async def test_a_chunked_body_is_joined(self, make, serve):
        """Chunked transfer is taken apart by the engine."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

        server = await serve(script)
        answer = await make().exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert (answer.content, answer.complete) == (b"abcde", True)


class TestNotSent:
    async def test_unknown_host(self, make):
        """A name that does not resolve (here: one too long for DNS) is certainly not sent."""
        name = ".".join(["a" * 60] * 5)
        assert await refused(make(), post(f"http://{name}/"), NotSent) == ("dns", 0)

    async def test_refused(self, make):
        """Nobody listens: certainly not sent."""
        with closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
            assert await refused(make(), post(url), NotSent) == ("refused", 0)

    async def test_black_hole(self, make, black_hole, clock):
        """A host that never accepts is given up after the connect timeout of five seconds, not after the deadline."""
        task = asyncio.create_task(refused(make(), post(black_hole), NotSent))
        passed = await clock.advance_until_done(task)
        assert task.result() == ("connect", 0)
        assert passed < 60

    async def test_tls_hang(self, make, serve, clock, trusting):
        """A host that accepts and never shakes hands is given up after the connect timeout."""

        async def script(talk):
            await talk.reader.read(1)
            clock.advance(6)
            await talk.closed()

        server = await serve(script)
        url = server.url.replace("http:", "https:") + "/"
        assert await refused(make(ssl_context=trusting), post(url), NotSent) == ("connect", 0)

    @pytest.mark.parametrize("wrong", ["authority", "host", "date"])
    async def test_bad_certificate(self, make, serve, authority, trusting, wrong):
        """An unknown authority, another host's certificate, an expired one: the server never sees the request."""
        name = "elsewhere.test" if wrong == "host" else "localhost"
        expiry = datetime.now(UTC) - timedelta(days=1) if wrong == "date" else None
        server = await serve(tls=authority.issue_cert(name, not_after=expiry), host="localhost")
        engine = make(ssl_context=None if wrong == "authority" else trusting)
        assert await refused(engine, post(server.url + "/"), NotSent) == ("certificate", 0)
        assert server.seen == []

    async def test_pool_wait(self, make, serve, clock):
        """A request that waits in vain for a free connection is certainly not sent, and says so."""
        arrived, go = asyncio.Event(), asyncio.Event()

        async def script(talk):
            await talk.request()
            arrived.set()
            await go.wait()
            await talk.answer()

        server, engine = await serve(script), make(connections=1)
        first = asyncio.create_task(engine.exchange(post(server.url + "/1"), timeout=1e9, cap=CAP))
        await arrived.wait()
        second = asyncio.create_task(refused(engine, post(server.url + "/2"), NotSent, seconds=30))
        await clock.advance_until_done(second)
        go.set()
        assert second.result() == ("pool", 0)
        assert (await first).status == 200
        assert [seen.line for seen in server.seen] == ["POST /1 HTTP/1.1"]

    async def test_closed_engine(self, make, serve):
        """A closed engine sends nothing."""
        server, engine = await serve(), make()
        await engine.aclose()
        assert await refused(engine, post(server.url + "/"), NotSent) == ("closed", 0)
        assert server.seen == []

    @pytest.mark.parametrize(
        "request_",
        [
            Request("POST", "{}/", (("X-A", "1\r\nX-B: 2"),)),
            Request("POST", "{}/", (("X-A\r\nX-B", "2"),)),
            Request("POST", "{}/", (("X-A", "nul\0"),)),
            Request("POST", "{}/", (("Host", "elsewhere.test"),)),
            Request("POST", "{}/", (("Transfer-Encoding", "chunked"),)),
            Request("POST", "{}/", (("Content-Length", "3"),)),
            Request("POST", "{}/a\r\nX-B: 2", ()),
            Request("POST", "{}/a b", ()),
            Request("POST", "{}/a/../b", ()),
            Request("POST", "{}/a/%2e%2E/b", ()),
            Request("POST", "{}/a#b", ()),
            Request("POST / HTTP/1.1\r\nX-B: 2\r\n\r\nGET", "{}/", ()),
            Request("CONNECT", "{}/", ()),
        ],
    )
    async def test_injection(self, make, serve, request_):
        """What could break out of its place in the message is refused before anything is connected."""
        server = await serve()
        request = Request(request_.method, request_.url.format(server.url), request_.headers)
        with pytest.raises(UnsafeRequest):
            await make().exchange(request, timeout=FAR, cap=CAP)
        assert (server.connections, server.seen) == (0, [])


class TestMaybeSent:
    async def test_reset_before_the_status(self, make, serve):
        """The request was read and the connection reset: nobody knows."""

        async def script(talk):
            await talk.request()
            talk.reset()

        server = await serve(script)
        assert await refused(make(), post(server.url + "/"), MaybeSent) == ("reset", 1)

    async def test_closed_before_the_status(self, make, serve):
        """The request was read and the connection closed: nobody knows."""

        async def script(talk):
            await talk.request()

        server = await serve(script)
        assert await refused(make(), post(server.url + "/"), MaybeSent) == ("disconnected", 1)

    async def test_reset_in_the_middle_of_the_headers(self, make, serve):
        """A head that never ended is no answer (RFC 9112, section 8): nobody knows."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 201 Created\r\nContent-Le")
            talk.reset()

        server = await serve(script)
        reason, times = await refused(make(), post(server.url + "/"), MaybeSent)
        assert (reason in {"reset", "disconnected"}, times) == (True, 1)

    async def test_no_answer(self, make, serve, clock):
        """The request was read and nothing came back within the deadline: nobody knows."""

        async def script(talk):
            await talk.request()
            clock.advance(31)
            await talk.closed()

        server = await serve(script)
        assert await refused(make(), post(server.url + "/"), MaybeSent, seconds=30) == ("timeout", 1)

    async def test_dripping_headers(self, make, serve, clock):
        """A header byte a second does not extend the total deadline."""

        async def script(talk):
            await talk.request()
            await talk.send(b"HTTP/1.1 201 Created\r\nX: ")
            while True:
                await talk.send(b".")
                clock.advance(1)
                await asyncio.sleep(0)

        server = await serve(script)
        assert await refused(make(), post(server.url + "/"), MaybeSent, seconds=30) == ("timeout", 1)

    async def test_nonsense(self, make, serve):
        """Something answered, but not in HTTP: nobody knows."""

        async def script(talk):
            await talk.request()
            await talk.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

        server = await serve(script)
        assert await refused(make(), post(server.url + "/"), MaybeSent) == ("disconnected", 1)

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
    async def test_a_dead_kept_connection_is_not_used_twice(self, make, serve, method):
        """A kept connection dies under the second request: that request is seen once, whatever its method."""

        async def script(talk):
            await talk.request()
            await talk.answer()
            await talk.request()

        server, engine = await serve(script), make()
        await engine.exchange(get(server.url + "/1"), timeout=FAR, cap=CAP)
        assert await refused(engine, Request(method, server.url + "/2", ()), MaybeSent) == ("disconnected", 1)
        assert ["GET /1 HTTP/1.1", f"{method} /2 HTTP/1.1"] == [seen.line for seen in server.seen]

    async def test_a_closed_kept_connection_is_replaced(self, make, serve):
        """A kept connection that the server closed in between, and that we saw closing, costs nothing."""
        left = asyncio.Event()

        async def script(talk):
            await talk.request()
            await talk.answer()
            talk.writer.close()
            await talk.writer.wait_closed()
            left.set()

        server, engine = await serve(script), make()
        for _ in range(3):
            answer = await engine.exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
            assert answer.status == 200
            await left.wait()
            left.clear()
            for _ in range(5):
                await asyncio.sleep(0)
        assert (len(server.seen), server.connections) == (3, 3)


class TestCancellation:
    async def test_before_sending(self, make, black_hole):
        """Cancelled while connecting: `on_sent` was never called, and the cancellation passes through."""
        sent = Sent()
        task = asyncio.create_task(make().exchange(post(black_hole), timeout=FAR, cap=CAP, on_sent=sent))
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sent.times == 0

    async def test_after_sending(self, make, serve):
        """Cancelled while waiting: `on_sent` was called, the connection is closed, its place in the pool is free."""
        arrived, closed = asyncio.Event(), asyncio.Event()

        async def script(talk):
            if (await talk.request()).line == "POST /1 HTTP/1.1":
                arrived.set()
                await talk.closed()
                closed.set()
            await talk.answer()

        server, engine, sent = await serve(script), make(connections=1), Sent()
        task = asyncio.create_task(
            engine.exchange(post(server.url + "/1"), timeout=FAR, cap=CAP, on_sent=sent),
        )
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await closed.wait()
        assert sent.times == 1
        assert (await engine.exchange(post(server.url + "/2"), timeout=FAR, cap=CAP)).status == 200

    async def test_in_the_body(self, make, serve):
        """Cancelled while the body is read: the connection is closed, its place in the pool is free."""
        arrived, closed = asyncio.Event(), asyncio.Event()

        async def script(talk):
            if (await talk.request()).line == "POST /1 HTTP/1.1":
                await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
                arrived.set()
                await talk.closed()
                closed.set()
            await talk.answer()

        server, engine = await serve(script), make(connections=1)
        task = asyncio.create_task(engine.exchange(post(server.url + "/1"), timeout=FAR, cap=CAP))
        await arrived.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await closed.wait()
        assert (await engine.exchange(post(server.url + "/2"), timeout=FAR, cap=CAP)).status == 200


class TestErrors:
    async def test_an_error_shows_no_secret(self, make, serve):
        """Neither message nor chain of an error holds path, headers or body of the request."""

        async def script(talk):
            await talk.request()
            talk.reset()

        server = await serve(script)
        request = post(
            f"{server.url}/canary-path?q=canary-query", ("Authorization", "canary-header"), content=b"canary"
        )
        with pytest.raises(MaybeSent) as caught:
            await make().exchange(request, timeout=FAR, cap=CAP)
        assert "canary" not in str(caught.value)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)

    async def test_an_error_says_what_is_wrong_with_a_certificate(self, make, serve, authority, trusting):
        """The message gives the verdict on the certificate, in the same words from every engine."""
        expired = authority.issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
        server = await serve(tls=expired, host="localhost")
        with pytest.raises(NotSent) as caught:
            await make(ssl_context=trusting).exchange(post(server.url + "/"), timeout=FAR, cap=CAP)
        assert str(caught.value) == f"POST {server.url}: not sent: certificate has expired"

    async def test_an_error_names_the_origin(self, make):
        """The message says where to and why."""
        with closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(NotSent) as caught:
                await make().exchange(post(f"{origin}/x"), timeout=FAR, cap=CAP)
        assert f"POST {origin}: not sent: Connection refused" == str(caught.value)


@pytest.mark.parametrize("kind", [AiohttpEngine, HttpxEngine])
async def test_no_unchecked_certificates(kind, trusting):
    """There is no way to switch the check of certificates off."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigurationError, match="does not check certificates"):
        kind(ssl_context=context)
