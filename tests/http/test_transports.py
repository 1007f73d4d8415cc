"""Whatever an embedder hands in as `http=`: mocks, ASGI apps, clients with hooks, engines, and what cannot work."""

import asyncio

import httpx
import pytest
from destination_actions.errors import ConfigurationError, MaybeSent, NotSent
from destination_actions.http import DirectEngine, HttpxEngine, make_engine
from destination_actions.protocols import RawResponse, Request

pytestmark = pytest.mark.anyio

POST = Request("POST", "https://api.test/v2/x?a=1", (("X-Own", "1"),), b"a=1")


async def exchange(source, request=POST, seconds=3600.0, on_sent=None):
    """One exchange over whatever `make_engine` makes of `source`."""
    return await make_engine(source).exchange(request, timeout=seconds, cap=65536, on_sent=on_sent)


def wrapped(transport, how):
    """The transport itself, or a client around it."""
    return transport if how == "transport" else httpx.AsyncClient(transport=transport, follow_redirects=True)


both = pytest.mark.parametrize("how", ["transport", "client"])


@both
async def test_a_mock_answers(how):
    """A mock sees the request as given, and its answer comes back."""
    seen = []

    def handler(request):
        seen.append((request.method, str(request.url), request.headers["x-own"], request.content))
        return httpx.Response(201, json={"sid": "FN1"}, headers={"X-A": "b"})

    answer = await exchange(wrapped(httpx.MockTransport(handler), how))
    assert seen == [("POST", "https://api.test/v2/x?a=1", "1", b"a=1")]
    assert (answer.status, answer.content, answer.complete) == (201, b'{"sid":"FN1"}', True)
    assert ("x-a", "b") in [(name.lower(), value) for name, value in answer.headers]


@both
async def test_an_asynchronous_mock_answers(how):
    """A mock's handler may be a coroutine function."""

    async def handler(request):
        return httpx.Response(204)

    assert RawResponse(204, (), b"") == await exchange(wrapped(httpx.MockTransport(handler), how))


@both
async def test_an_asgi_app_answers(how):
    """An ASGI app is a server without a network."""

    async def app(scope, receive, send):
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["raw_path"])]})
        await send({"type": "http.response.body", "body": body})

    answer = await exchange(wrapped(httpx.ASGITransport(app), how))
    assert RawResponse(200, (("x-path", "/v2/x"),), b"a=1") == answer


@both
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_mock_can_play_a_missing_connection(how, error):
    """A mock's handler has only exceptions to say that nothing was sent, so it is believed."""

    def handler(request):
        raise error("played")

    with pytest.raises(NotSent):
        await exchange(wrapped(httpx.MockTransport(handler), how))


@both
@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, TimeoutError])
async def test_a_mock_can_play_a_lost_answer(how, error):
    """Every other exception of a mock leaves it open whether the request was executed."""

    def handler(request):
        raise error("played")

    with pytest.raises(MaybeSent):
        await exchange(wrapped(httpx.MockTransport(handler), how))


@both
async def test_a_strange_transport_is_not_believed(how):
    """A transport of which we do not know when it sends has possibly sent, whatever it raises."""

    class Strange(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise httpx.ConnectError("after sending")

    sent = []
    with pytest.raises(MaybeSent):
        await exchange(wrapped(Strange(), how), on_sent=lambda: sent.append(1))
    assert sent == [1]


async def test_the_error_of_a_mock_is_kept():
    """What a mock's or an app's author wrote wrongly is named and chained, so that it can be found."""

    def handler(request):
        raise AssertionError("the author's mistake")

    with pytest.raises(MaybeSent, match="the author's mistake") as caught:
        await exchange(httpx.MockTransport(handler))
    assert isinstance(caught.value.__cause__, AssertionError)


async def test_a_hanging_app_ends_with_the_deadline(clock):
    """The total deadline holds in process too."""

    async def app(scope, receive, send):
        clock.advance(31)
        await asyncio.Event().wait()

    with pytest.raises(MaybeSent) as caught:
        await exchange(httpx.ASGITransport(app), seconds=30)
    assert caught.value.reason == "timeout"


async def test_hooks_of_a_client_run_and_cannot_hide_the_status():
    """A hook that calls `raise_for_status` does not turn an answer into an unknown outcome."""
    ran = []

    async def hook(response):
        ran.append(response.status_code)
        response.raise_for_status()

    client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(400, text="no")),
        event_hooks={"response": [hook]},
    )
    answer = await exchange(client)
    assert (answer.status, ran) == (400, [400])


async def test_a_failing_hook_after_the_answer_cannot_hide_the_status(serve):
    """Over the network the status is known before the client's hooks run, whatever they raise."""

    async def hook(response):
        raise LookupError("hook")

    server = await serve()
    async with httpx.AsyncClient(event_hooks={"response": [hook]}, trust_env=False) as client:
        answer = await exchange(client, Request("POST", server.url + "/", (), b"a"))
    assert (answer.status, answer.complete) == (200, False)


async def test_mounts_of_a_client_are_used():
    """The client's own routing decides which transport carries the request."""
    mock = httpx.MockTransport(lambda request: httpx.Response(200, text="mounted"))
    async with httpx.AsyncClient(mounts={"https://api.test": mock}) as client:
        assert (await exchange(client)).content == b"mounted"


async def test_what_is_given_is_not_closed():
    """Closing an engine leaves an embedder's client open."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    engine = make_engine(client)
    await engine.exchange(POST, timeout=3600, cap=1)
    await engine.aclose()
    assert not client.is_closed
    await client.aclose()


async def test_through_a_proxy(serve):
    """Neither the CONNECT to a proxy nor its answer is taken for ours."""

    async def tunnel_then_gone(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

    proxy = await serve(tunnel_then_gone)
    sent = []
    async with httpx.AsyncClient(proxy=proxy.url, trust_env=False) as client:
        with pytest.raises(NotSent):
            await exchange(client, on_sent=lambda: sent.append(1))
    assert ([seen.line for seen in proxy.seen], sent) == (["CONNECT api.test:443 HTTP/1.1"], [])


async def test_an_address_that_httpx_would_change_is_refused():
    """httpx re-quotes some characters; an address that would change is refused instead of sent differently."""
    seen = []
    mock = httpx.MockTransport(lambda request: seen.append(request.url.raw_path) or httpx.Response(200))
    await exchange(mock, Request("GET", 'https://api.test/a"b<c>`{|}^?q="<>', ()))
    assert seen == [b"/a%22b%3Cc%3E%60%7B%7C%7D%5E?q=%22%3C%3E"]


def test_nothing_gives_the_default_engine():
    """Without `http=` the engine is aiohttp's."""
    assert isinstance(make_engine(None), DirectEngine)


def test_an_engine_is_given_back():
    """An engine passes through unchanged, also one that shares no base class with ours."""

    class Own:
        async def exchange(self, request, *, timeout, cap, on_sent=None):  # noqa: ASYNC109 - the port
            return RawResponse(200, (), b"")

        async def aclose(self):
            pass

    for engine in (DirectEngine(), HttpxEngine(), Own()):
        assert make_engine(engine) is engine


@pytest.mark.parametrize(
    ("http", "message"),
    [
        (httpx.Client(), r"a httpx\.Client\n  hint: requests run on an event loop: give an httpx\.AsyncClient"),
        (httpx.AsyncClient, r"the class httpx\.AsyncClient\n  hint: give an object of it, not the class"),
        (DirectEngine, r"the class .*DirectEngine\n  hint: give an object of it, not the class"),
        (httpx.HTTPTransport(), r"a httpx\.HTTPTransport\n  hint: requests run on an event loop"),
        ("https://api.test", r"a builtins\.str\n  hint: give an httpx\.AsyncBaseTransport"),
    ],
)
def test_what_cannot_send_is_refused(http, message):
    """Anything else is a configuration error that says what to give instead."""
    with pytest.raises(ConfigurationError, match=message):
        make_engine(http)


def test_one_engine_serves_one_loop_after_another(tmp_path):
    """The default engine binds to the loop it is used on, and to a new one when that has ended."""

    async def refused(engine):
        with pytest.raises(NotSent):
            await engine.exchange(Request("GET", "http://127.0.0.1:1/", ()), timeout=3600, cap=1)

    async def last(engine):
        await refused(engine)
        await engine.aclose()

    engine = DirectEngine()
    asyncio.run(refused(engine))
    asyncio.run(last(engine))


async def test_one_engine_does_not_serve_two_loops(serve):
    """Use from a second running loop is named, instead of failing somewhere inside."""
    server, engine = await serve(), DirectEngine()
    request = Request("GET", server.url + "/", ())
    await engine.exchange(request, timeout=3600, cap=1)

    def elsewhere():
        asyncio.run(engine.exchange(request, timeout=3600, cap=1))

    with pytest.raises(ConfigurationError, match="in use by another event loop"):
        await asyncio.to_thread(elsewhere)
    await engine.aclose()
