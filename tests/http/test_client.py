"""The request client: httpx's vocabulary, and credentials that reach one origin only."""

import base64

import httpx
import pytest
from destination_actions.context import Reads
from destination_actions.http import Credentials, HttpClient, NotJson, OriginClients, UnsafeRequest, make_engine
from destination_actions.protocols import Response

pytestmark = pytest.mark.anyio

API = "https://api.test"


class Recorder:
    """A mock that keeps what it saw."""

    def __init__(self, answer=None):
        self.seen = []
        self.answer = answer or httpx.Response(200)
        self.engine = make_engine(httpx.MockTransport(self))

    def __call__(self, request):
        self.seen.append(request)
        return self.answer


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def sent(**options):
    """What one POST with these options looks like."""
    recorder = Recorder()
    await HttpClient(recorder.engine, API).post(f"{API}/x", **options)
    return recorder.seen[0]


class TestRequests:
    @pytest.mark.parametrize("verb", ["get", "head", "options", "post", "put", "patch", "delete"])
    async def test_verbs(self, verb):
        """Each verb sends its method."""
        recorder = Recorder()
        await getattr(HttpClient(recorder.engine, API), verb)(f"{API}/x")
        assert [verb.upper()] == [request.method for request in recorder.seen]

    async def test_a_form_field_cannot_become_two(self):
        """The server sees exactly the fields that were given, whatever their values contain."""
        request = await sent(data={"To": "+15551234567&From=x", "Note": "a b=c%\r\n", "Many": ["1", "2"], "None": None})
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.content == b"To=%2B15551234567%26From%3Dx&Note=a+b%3Dc%25%0D%0A&Many=1&Many=2&None="

    async def test_json(self):
        """A value is sent as compact JSON in UTF-8."""
        request = await sent(json={"a": [1, None, "grün"]})
        assert ("application/json", '{"a":[1,null,"grün"]}'.encode()) == (
            request.headers["content-type"],
            request.content,
        )

    async def test_content(self):
        """Bytes and text are sent as they are, with the type that the caller gives."""
        request = await sent(content="grün", headers={"Content-Type": "text/plain; charset=utf-8"})
        assert ("text/plain; charset=utf-8", "grün".encode()) == (request.headers["content-type"], request.content)

    async def test_params(self):
        """Query parameters are percent-encoded and appended."""
        recorder = Recorder()
        await HttpClient(recorder.engine, API).get(f"{API}/x?z=1", params={"a": "b c&d", "t": True, "n": [1, 2]})
        assert recorder.seen[0].url.raw_path == b"/x?z=1&a=b%20c%26d&t=true&n=1&n=2"

    async def test_own_headers_win(self):
        """A header of the request replaces the client's default, whatever its case."""
        request = await sent(headers=[("user-agent", "mine"), ("X-A", "1"), ("X-A", "2")], json={})
        assert request.headers.get_list("user-agent") == ["mine"]
        assert request.headers.get_list("x-a") == ["1", "2"]
        assert request.headers.get_list("content-type") == ["application/json"]

    @pytest.mark.parametrize(
        "options",
        [
            {"headers": {"X-A": "1\r\nX-B: 2"}},
            {"headers": {"X-A": "1\nX-B: 2"}},
            {"headers": {"X A": "1"}},
            {"headers": {"Content-Length": "1"}},
            {"headers": {"X-A": "\ud800"}},
            {"json": {"a": object()}},
            {"json": {"a": "\ud800"}},
            {"json": {"a": 1 << 70}},
            {"data": {"a": "\ud800"}},
            {"params": {"a": "\ud800"}},
            {"auth": ("us:er", "x")},
            {"content": "\ud800"},
            {"auth": ("user", "\ud800")},
        ],
    )
    async def test_what_cannot_be_sent_as_meant_is_refused(self, options):
        """Such a request is an `UnsafeRequest`, and nothing is sent."""
        recorder = Recorder()
        with pytest.raises(UnsafeRequest):
            await HttpClient(recorder.engine, API).post(f"{API}/x", **options)
        assert recorder.seen == []

    async def test_two_bodies_are_a_mistake(self):
        """At most one of json, data and content can be meant."""
        with pytest.raises(TypeError, match="at most one"):
            await sent(json={}, data={})

    async def test_limits_reach_the_engine(self):
        """Deadline, cap and `on_sent` are the client's, unless the request brings its own."""
        calls = []

        class Engine:
            async def exchange(self, request, *, timeout, cap, on_sent=None):  # noqa: ASYNC109 - the port
                calls.append((timeout, cap, on_sent))
                return await Recorder().engine.exchange(request, timeout=timeout, cap=cap)

            async def aclose(self):
                pass

        client = HttpClient(Engine(), API, timeout=5, cap=100)
        await client.get(f"{API}/x")
        await client.get(f"{API}/x", timeout=1, cap=2, on_sent=calls.clear)
        assert [(5, 100, None), (1, 2, calls.clear)] == calls


class TestOrigins:
    async def test_credentials_go_to_their_origin_only(self):
        """Each origin gets its own credentials, and one that was not configured gets none."""
        recorder = Recorder()
        http = OriginClients(
            recorder.engine,
            {
                "https://studio.test/v2": Credentials.basic("AC1", "canary-a"),
                "https://profiles.test": Credentials.basic("canary-b"),
                "https://key.test:8443": Credentials.of_headers({"X-Api-Key": "canary-c"}),
            },
        )
        urls = [
            "https://studio.test/v2/Flows",
            "https://STUDIO.test:443/v2/Flows",
            "https://profiles.test/v1",
            "https://key.test:8443/",
            "https://key.test/",
            "http://studio.test/v2/Flows",
            "https://studio.test.evil.test/",
            "https://evil.test/https://studio.test/",
        ]
        for url in urls:
            await http.get(url)
        got = [(seen.headers.get("authorization"), seen.headers.get("x-api-key")) for seen in recorder.seen]
        first = (basic("AC1", "canary-a"), None)
        assert [first, first, (basic("canary-b", ""), None), (None, "canary-c")] == got[:4]
        assert got[4:] == [(None, None)] * 4

    async def test_a_client_refuses_other_origins(self):
        """A client for one origin sends nothing anywhere else."""
        recorder = Recorder()
        client = HttpClient(recorder.engine, "https://api.test", credentials=Credentials.bearer("canary"))
        for url in ("https://api.test:444/", "http://api.test/", "https://api.test.evil.test/"):
            with pytest.raises(UnsafeRequest, match=r"is not https://api\.test"):
                await client.get(url)
        assert recorder.seen == []

    async def test_auth_of_a_request_replaces_the_clients(self):
        """Credentials given with a request are sent instead of the configured ones."""
        recorder = Recorder()
        http = OriginClients(recorder.engine, {API: Credentials.bearer("configured")})
        await http.get(f"{API}/x", auth=("user", "pässword"))
        assert [basic("user", "pässword")] == recorder.seen[0].headers.get_list("authorization")

    def test_nothing_shows_credentials(self):
        """No repr holds a credential."""
        credentials = Credentials.basic("user", "canary")
        client = HttpClient(make_engine(httpx.MockTransport(print)), API, credentials=credentials)
        assert (repr(credentials), repr(client)) == ("Credentials()", "HttpClient('https://api.test')")


class TestResponses:
    async def answer(self, response):
        recorder = Recorder(response)
        return await HttpClient(recorder.engine, API).get(f"{API}/x")

    async def test_vocabulary(self):
        """Status, headers in any case, content, text and JSON are read as with httpx."""
        response = await self.answer(httpx.Response(201, json={"a": 1}, headers=[("X-A", "1"), ("X-A", "2")]))
        assert (
            response.status_code,
            response.is_success,
            response.complete,
            response.content,
            response.text,
            response.json(),
        ) == (201, True, True, b'{"a":1}', '{"a":1}', {"a": 1})
        assert (
            response.headers["x-A"],
            response.headers.get_list("x-a"),
            response.headers.get("x-b"),
        ) == ("1, 2", ["1", "2"], None)

    async def test_an_error_status_is_no_exception(self):
        """Whatever the status, it is returned."""
        assert ((response := await self.answer(httpx.Response(500))).status_code, response.is_success) == (500, False)

    @pytest.mark.parametrize("body", [b"<html>canary</html>", b"", b'{"a": NaN}', b"\xff\xfe"])
    async def test_bad_json(self, body):
        """Only `.json()` raises, naming status and type, and it does not quote the body."""
        response = await self.answer(httpx.Response(502, content=body, headers={"Content-Type": "text/html"}))
        with pytest.raises(NotJson, match=r"answer 502: its body is not JSON.*text/html") as caught:
            response.json()
        assert isinstance(caught.value, ValueError)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ('{"a":"ü"}'.encode(), "application/json"),
            ('{"a":"ü"}'.encode("utf-8-sig"), "application/json"),
            ('{"a":"ü"}'.encode("utf-16"), "application/json; charset=utf-16"),
            ('{"a":"ü"}'.encode("latin-1"), 'application/json; charset="ISO-8859-1"'),
            ('{"a":"ü"}'.encode(), "application/json; charset=nonsense"),
        ],
    )
    async def test_charsets(self, content, kind):
        """The named charset counts, a byte order mark does no harm, an unknown charset is read as UTF-8."""
        response = await self.answer(httpx.Response(200, content=content, headers={"Content-Type": kind}))
        assert response.json() == {"a": "ü"}

    async def test_nothing_of_the_body_is_shown(self):
        """A repr holds neither body nor address."""
        response = await self.answer(httpx.Response(200, content=b"canary", headers={"Set-Cookie": "canary"}))
        assert "canary" not in repr(response)


def test_it_fits_what_plugins_are_promised():
    """The client and its answers have the shape of the protocols that plugins are written against."""
    client: Reads = OriginClients(make_engine(httpx.MockTransport(print)))
    assert all(hasattr(client, name) for name in ("get", "request"))
    assert all(hasattr(Response, name) for name in ("status_code", "headers", "content", "text", "is_success"))
