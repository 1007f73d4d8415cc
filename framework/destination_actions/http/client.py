"""The request client that plugins see as `ctx.http`: httpx's verbs over an engine, one client for each origin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias, TypedDict, Unpack

import orjson

from destination_actions.http._exchange import Checked, head_of, is_method
from destination_actions.http._unsafe import UnsafeRequest, utf8
from destination_actions.http.credentials import Credentials
from destination_actions.http.headers import HeaderPairs, Headers, checked_headers
from destination_actions.http.response import Response
from destination_actions.http.urls import Params, encoded, located, located_among, origin_of, with_query
from destination_actions.protocols import HttpEngine, Request
from destination_actions.values import maker

Lines: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
Auth: TypeAlias = "Credentials | tuple[str, str] | None"
OnSent: TypeAlias = "Callable[[], None] | None"

TIMEOUT: Final = 10.0
"""Seconds to the end of the body, unless a client or a request says otherwise."""
CAP: Final = 64 * 1024
"""Bytes of decoded body that are read, unless a client or a request says otherwise."""

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_KINDS: Final = (None, _JSON, _FORM)
_checked: Final = maker(Checked)
_response: Final = maker(Response)
_DEFAULTS: Final = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "destination-actions"}


class Options(TypedDict, total=False):
    """What every verb takes; `HttpClient.request` says what each means."""

    params: Params | None
    headers: Lines | None
    json: Any
    data: Params | None
    content: bytes | str | None
    auth: Auth
    timeout: float | None
    cap: int | None
    on_sent: OnSent


class Verbs(ABC):
    """The verbs, written in terms of `request`."""

    @abstractmethod
    async def request(self, method: str, url: str, **options: Unpack[Options]) -> Response:
        """Send one request; see `HttpClient.request`."""

    async def get(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a GET; options as in `request`."""
        return await self.request("GET", url, **options)

    async def head(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a HEAD; options as in `request`."""
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[Options]) -> Response:
        """Send an OPTIONS; options as in `request`."""
        return await self.request("OPTIONS", url, **options)

    async def post(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a POST; options as in `request`."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a PUT; options as in `request`."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a PATCH; options as in `request`."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[Options]) -> Response:
        """Send a DELETE; options as in `request`."""
        return await self.request("DELETE", url, **options)


class HttpClient(Verbs):
    """A client for one origin. It refuses addresses of any other, so its credentials cannot reach one.

    It does not retry, does not follow redirects and keeps no cookies. A status is never an exception.
    """

    def __init__(
        self,
        engine: HttpEngine,
        origin: str,
        *,
        credentials: Credentials | None = None,
        timeout: float = TIMEOUT,
        cap: int = CAP,
    ) -> None:
        self._engine = engine
        self._credentials = credentials.headers if credentials else ()
        self._timeout = timeout
        self._cap = cap
        self.origin = origin_of(origin)
        # Requests without headers of their own have the same ones each time, made ready with the client.
        self._usual = {kind: self._ready(_lines((), self._credentials, kind)) for kind in _KINDS}

    def __repr__(self) -> str:
        return f"HttpClient({self.origin!r})"

    async def request(  # noqa: PLR0913 - httpx's vocabulary
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Lines | None = None,
        json: Any = None,
        data: Params | None = None,
        content: bytes | str | None = None,
        auth: Auth = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the whole exchange's deadline, kept by the engine
        cap: int | None = None,
        on_sent: OnSent = None,
    ) -> Response:
        """Send one request and read its answer.

        `data` is sent as a form, `json` as JSON, `content` as it is; at most one of them. `auth` replaces the client's
        credentials for this request. `timeout` is the total time in seconds to the end of the body; `cap` bounds the
        bytes of body read. Raises `NotSent`, `MaybeSent`, or `UnsafeRequest` for what must not leave as given.
        """
        return await self.request_at(
            located(with_query(url, params) if params is not None else url),
            method,
            headers=headers,
            json=json,
            data=data,
            content=content,
            auth=auth,
            timeout=timeout,
            cap=cap,
            on_sent=on_sent,
        )

    async def request_at(  # noqa: PLR0913 - httpx's vocabulary
        self,
        place: tuple[str, str],
        method: str,
        *,
        headers: Lines | None = None,
        json: Any = None,
        data: Params | None = None,
        content: bytes | str | None = None,
        auth: Auth = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the whole exchange's deadline, kept by the engine
        cap: int | None = None,
        on_sent: OnSent = None,
    ) -> Response:
        """As `request`, to an address that was taken apart by `located`."""
        body, kind = _body(json, data, content)
        origin, target = place
        if origin != self.origin:
            raise UnsafeRequest(f"url: {origin} is not {self.origin}, which this client is for")
        usual = headers is None and auth is None
        lines, head = self._usual[kind] if usual else (self._own_lines(headers, auth, kind), "")
        raw = await self._engine.exchange(
            _request(method.upper(), target, lines, body, origin, head),
            timeout=self._timeout if timeout is None else timeout,
            cap=self._cap if cap is None else cap,
            on_sent=on_sent,
        )
        return _response(raw.status, Headers.of(raw), raw.content, target, raw.complete)

    def _ready(self, lines: HeaderPairs) -> tuple[HeaderPairs, str]:
        return lines, head_of(self.origin, lines)

    def _own_lines(self, headers: Lines | None, auth: Auth, kind: str | None) -> HeaderPairs:
        return _lines(checked_headers(headers or ()), _credentials(auth, self._credentials), kind)


class OriginClients(Verbs):
    """One client for each origin: an origin with credentials gets its own, every other gets none.

    `credentials` maps an origin, or any URL of it, to what is sent there.
    """

    def __init__(
        self,
        engine: HttpEngine,
        credentials: Mapping[str, Credentials] | None = None,
        *,
        timeout: float = TIMEOUT,
        cap: int = CAP,
    ) -> None:
        self._engine = engine
        self._timeout = timeout
        self._cap = cap
        self._known = {origin_of(url): self._client(url, value) for url, value in (credentials or {}).items()}

    def of(self, url: str) -> HttpClient:
        """Give the client for the origin of `url`."""
        return self._known.get(origin_of(url)) or self._client(url, None)

    async def request(self, method: str, url: str, *, params: Params | None = None, **options: Any) -> Response:
        """Send one request with the credentials of its origin; options as in `HttpClient.request`."""
        # Taken apart once: it takes a look at each character.
        place = located_among(with_query(url, params) if params is not None else url, self._known)
        client = self._known.get(place[0]) or self._client(url, None)
        return await client.request_at(place, method, **options)

    def _client(self, url: str, credentials: Credentials | None) -> HttpClient:
        return HttpClient(self._engine, url, credentials=credentials, timeout=self._timeout, cap=self._cap)


def _request(method: str, url: str, headers: HeaderPairs, content: bytes, origin: str, head: str) -> Request:
    """A request of which everything has been checked, so that no engine does it again."""
    if not is_method(method):
        return Request(method, url, headers, content)  # which the engine refuses
    return _checked(method, url, headers, content, origin, head)


def _body(json: object, data: Params | None, content: bytes | str | None) -> tuple[bytes, str | None]:
    if json is None and content is None:
        return (b"", None) if data is None else (encoded(data, plus=True).encode("ascii"), _FORM)
    if data is not None or (json is not None and content is not None):
        raise TypeError("give at most one of json=, data= and content=")
    if json is not None:
        return _json(json), _JSON
    return utf8(content, "content") if isinstance(content, str) else content or b"", None


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise UnsafeRequest(f"json: cannot be written as JSON: {error}") from None


def _credentials(auth: Auth, default: HeaderPairs) -> HeaderPairs:
    if auth is None:
        return default
    return (auth if isinstance(auth, Credentials) else Credentials.basic(*auth)).headers


def _lines(own: HeaderPairs, credentials: HeaderPairs, kind: str | None) -> HeaderPairs:
    """The request's own headers come first and win over credentials, which win over the defaults."""
    taken = {name.lower() for name, _ in own}
    wanted = [*credentials, *([("Content-Type", kind)] if kind else []), *_DEFAULTS.items()]
    return (*own, *_missing(wanted, taken))


def _missing(wanted: Iterable[tuple[str, str]], taken: set[str]) -> Iterable[tuple[str, str]]:
    for name, value in wanted:
        if name.lower() not in taken:
            yield name, value
