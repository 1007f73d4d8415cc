"""An API that answers from a script and remembers what it was asked. Nothing leaves the process."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl

import httpx

from destination_actions.events import MISSING

Fault: TypeAlias = Literal["refused", "reset", "truncated", "silence"]

FAULTS: Final[tuple[Fault, ...]] = ("refused", "reset", "truncated", "silence")
"""How an exchange comes to nothing: no connection at all; broken before the status line, when the request has left;
broken in the body, after the status line; no answer, ever."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as it went out. `at` is the wall clock's seconds since 1970, where a clock was given, else 0."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    at: float = 0.0

    @property
    def address(self) -> str:
        """The URL without its query."""
        return self.url.partition("?")[0]

    @property
    def query(self) -> dict[str, Any]:
        """The query's parameters; one that stands there several times has a list."""
        return _pairs(self.url.partition("?")[2])

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON, or `MISSING` when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return MISSING

    @property
    def form(self) -> Any:
        """The fields of a form, or `MISSING` when the body is none; one that stands there several times has a list."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return _pairs(self.text) if kind == "application/x-www-form-urlencoded" else MISSING

    def to_json(self) -> dict[str, Any]:
        """The request as JSON: `json` or `form` where the body is one, else `body`."""
        shown: dict[str, Any] = {"method": self.method, "url": self.address}
        shown |= {"query": self.query} if self.query else {}
        parts = {"form": self.form, "json": self.json if self.form is MISSING else MISSING}
        found = {name: value for name, value in parts.items() if value is not MISSING}
        return shown | (found or ({"body": self.text} if self.body else {}))


def _pairs(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in found:
            found[name] = value
        else:
            found[name] = [*found[name], value] if isinstance(found[name], list) else [found[name], value]
    return found


Wanted: TypeAlias = "str | Callable[[SentRequest], bool] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the script.

    `on` says to which requests: text such as `POST https://api.example.com/*` (`*` is any text; the query counts only
    if the text has one), a function of the request, or None for any. `delay` and `body_delay` are seconds before the
    status line and before the body; `times` is how often it answers (None: as often as asked).
    """

    on: Wanted = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = MISSING
    body: str | bytes = b""
    delay: float = 0.0
    body_delay: float = 0.0
    fault: Fault | None = None
    times: int | None = 1
    name: str = ""

    def answers(self, request: SentRequest) -> bool:
        """Whether it is for this request."""
        if self.on is None:
            return True
        return self.on(request) if callable(self.on) else request_fits(self.on, request)

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        if self.json is not MISSING:
            return json.dumps(self.json, ensure_ascii=False).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body


def request_fits(wanted: str, request: SentRequest) -> bool:
    """Whether a request has the method and the address of `[METHOD] URL`; `*` is any method, too."""
    method, _, url = wanted.rpartition(" ")
    return (method in {"", "*"} or method.upper() == request.method) and url_fits(url, request)


def url_fits(pattern: str, request: SentRequest) -> bool:
    """Whether an address fits a text in which `*` is any text; the query counts only if the text has one."""
    url = request.url if "?" in pattern else request.address
    return _glob(pattern).fullmatch(url) is not None


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


class UnscriptedRequest(AssertionError):  # noqa: N818 - what happened
    """A request went out for which the script has no answer."""


class ScriptedApi(httpx.MockTransport):
    """An httpx transport that plays a script: each request gets the first reply that is for it and not used up.

    `requests` has what was asked, in order, and `unscripted` what no reply was for; such a request fails as a lost
    connection does. `sleep` is what delays wait with, `now` dates the requests.
    """

    def __init__(
        self,
        *replies: Reply,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        super().__init__(self._answered)
        self.requests: list[SentRequest] = []
        self.unscripted: list[SentRequest] = []
        self.exchanges: list[tuple[SentRequest, Reply | None]] = []
        self._replies: list[Reply] = []
        self._used: list[int] = []
        self._sleep = sleep
        self._now = now
        self.script(replies)

    def script(self, replies: Iterable[Reply]) -> None:
        """Put replies before those that are there."""
        added = list(replies)
        self._replies = added + self._replies
        self._used = [0] * len(added) + self._used

    def reply(self, on: Wanted = None, *, status: int = 200, **options: Any) -> Reply:
        """Add one reply behind the others; options as those of `Reply`."""
        added = Reply(on=on, status=status, **options)
        self._replies.append(added)
        self._used.append(0)
        return added

    @property
    def replies(self) -> tuple[Reply, ...]:
        """The script, the used-up replies included."""
        return tuple(self._replies)

    def unused(self) -> list[Reply]:
        """The replies that have not answered as often as they say."""
        pairs = zip(self._replies, self._used, strict=True)
        return [reply for reply, used in pairs if reply.times is not None and used < reply.times]

    def check(self) -> None:
        """Raise `UnscriptedRequest` if something was asked that the script has no answer for."""
        if self.unscripted:
            asked = ", ".join(f"{request.method} {request.url}" for request in self.unscripted)
            known = ", ".join(str(reply.on or "any request") for reply in self._replies) or "nothing"
            raise UnscriptedRequest(f"no reply is left for {asked}; the script answers {known}")

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        sent = SentRequest(request.method, str(request.url), dict(request.headers), request.content, self._now())
        self.requests.append(sent)
        reply = self._taken(sent)
        self.exchanges.append((sent, reply))
        if reply is None:
            self.unscripted.append(sent)
            raise httpx.ReadError("the script has no reply for this request")
        return await _response(reply, self._sleep)

    def _taken(self, request: SentRequest) -> Reply | None:
        for at, reply in enumerate(self._replies):
            if (reply.times is None or self._used[at] < reply.times) and reply.answers(request):
                self._used[at] += 1
                return reply
        return None


async def _response(reply: Reply, sleep: Callable[[float], Awaitable[object]]) -> httpx.Response:
    if reply.delay:
        await sleep(reply.delay)
    if reply.fault == "refused":
        raise httpx.ConnectError("connection refused")
    if reply.fault == "reset":
        raise httpx.ReadError("connection reset")
    if reply.fault == "silence":
        await asyncio.Event().wait()
    headers = {"content-type": "application/json"} if reply.json is not MISSING else {}
    return httpx.Response(reply.status, headers=headers | _lower(reply.headers), stream=_Body(reply, sleep))


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _Body(httpx.AsyncByteStream):
    """The body of a reply, late or broken off."""

    def __init__(self, reply: Reply, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._reply = reply
        self._sleep = sleep

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._reply.content
        if self._reply.body_delay:
            await self._sleep(self._reply.body_delay)
        if self._reply.fault == "truncated":
            yield content[: len(content) // 2]
            raise httpx.ReadError("connection reset in the body")
        yield content


class RecordingApi(httpx.AsyncBaseTransport):
    """Passes requests on to another transport and remembers the exchanges; `replies` plays them again."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.exchanges: list[tuple[SentRequest, Reply]] = []
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request on."""
        body = await request.aread()
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the answer of an asynchronous transport
        content = b"".join([chunk async for chunk in response.stream])
        await response.aclose()
        sent = SentRequest(request.method, str(request.url), dict(request.headers), body)
        reply = Reply(
            on=f"{request.method} {request.url}",
            status=response.status_code,
            headers=dict(response.headers),
            body=content,
        )
        self.exchanges.append((sent, reply))
        return httpx.Response(response.status_code, headers=response.headers.raw, stream=httpx.ByteStream(content))

    def replies(self) -> list[Reply]:
        """The answers as a script, in the order in which they came."""
        return [reply for _, reply in self.exchanges]

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()
