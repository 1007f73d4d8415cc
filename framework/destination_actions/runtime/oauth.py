"""OAuth 2.0 access tokens: fetched when needed, renewed once for many, shared through the token store.

A refresh token is good for one use at servers that rotate it, and a second use may revoke both. So one worker of all
asks at a time: it writes into the store by compare-and-set that it is asking, and the others wait for what it gets.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson

from destination_actions.answers import AuthenticationFailed, TryAgain
from destination_actions.definitions import OAuth2
from destination_actions.errors import HttpError
from destination_actions.http import OriginClients
from destination_actions.protocols import Clock, Response, TokenStore

LEEWAY = 60.0
"""Seconds before its end at which a token is no longer used; at most half of its life."""

ASKING = 15.0
"""Seconds that a worker may take to get a token before another one tries; longer than a request may take."""

POLL = 0.05
"""Seconds between looks at the store while another worker asks."""

REMEMBERED = 4
"""Tokens that are kept out of every message, the present one included."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `until` is when to stop using it (wall clock), or None when the server did not say."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    until: float | None = None


class _Stored(NamedTuple):
    """What the store holds: the token if there is one, and until when somebody is asking for another."""

    revision: int
    token: Token | None
    asking: float


class Tokens:
    """The access token of one configured destination."""

    def __init__(
        self, oauth: OAuth2[Any], settings: Any, *, name: str, store: TokenStore, clients: OriginClients, clock: Clock
    ) -> None:
        self._oauth = oauth
        self._settings = settings
        self._name = name
        self._store = store
        self._clients = clients
        self._clock = clock
        self._flight: asyncio.Task[Token] | None = None
        self._token: Token | None = None
        self._recent: tuple[Token, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts of the latest tokens, which may be shown nowhere."""
        return tuple(text for token in self._recent for text in (token.access, token.refresh) if text)

    async def current(self) -> Token:
        """Give a token that is good for now. Raises `AuthenticationFailed` or `TryAgain`."""
        token = self._token
        if token is None or self._over(token):
            token = await self.renewed(token)
        return token

    async def renewed(self, stale: Token | None) -> Token:
        """Give a token other than `stale`. However many ask at the same time, one request is made for all of them.

        Raises `AuthenticationFailed` or `TryAgain`, for all of them too.
        """
        if self._token is not None and self._good(self._token, stale):
            return self._token
        if self._flight is None or self._flight.done():
            self._flight = asyncio.ensure_future(self._fetched(stale))
            self._flight.add_done_callback(_looked_at)
        return await asyncio.shield(self._flight)

    async def _fetched(self, stale: Token | None) -> Token:
        token = await self._shared(stale)
        self._token = token
        self._recent = (token, *(old for old in self._recent if old.access != token.access))[:REMEMBERED]
        return token

    async def _shared(self, stale: Token | None) -> Token:
        """Take the token that another worker got, or be the one that asks."""
        while True:
            stored, now = await self._read(), self._clock.now()
            if stored.token is not None and self._good(stored.token, stale):
                return stored.token
            if 0 < stored.asking - now <= ASKING:
                await self._clock.sleep(POLL)
            elif await self._written(stored.token, stored.revision, asking=now + ASKING):
                return await self._asked(stored.token, stored.revision + 1)

    async def _asked(self, old: Token | None, revision: int) -> Token:
        """Ask the token server, and keep what it gives. A failure lets the next worker try."""
        try:
            token = await self._granted(old)
        except AuthenticationFailed:
            # A worker that was slower than its turn may have used up the refresh token; what it got counts for all.
            other = (await self._read()).token
            if other is not None and self._good(other, old):
                return other
            await self._written(old, revision)
            raise
        except BaseException:
            await asyncio.shield(self._written(old, revision))
            raise
        return await self._kept(token, old, revision)

    async def _kept(self, token: Token, old: Token | None, revision: int) -> Token:
        while not await self._written(token, revision):
            stored = await self._read()
            if stored.token is not None and self._good(stored.token, old):
                return stored.token
            revision = stored.revision
        return token

    async def _read(self) -> _Stored:
        found = await self._store.get(self._name)
        if found is None:
            return _Stored(0, None, 0.0)
        revision, value = found
        access = value.get("access")
        token = Token(access, value.get("refresh"), value.get("until")) if access else None
        return _Stored(revision, token, value.get("asking") or 0.0)

    async def _written(self, token: Token | None, revision: int, *, asking: float = 0.0) -> bool:
        value = {"access": token.access, "refresh": token.refresh, "until": token.until} if token else {}
        return await self._store.put(self._name, {**value, "asking": asking}, revision=revision)

    async def _granted(self, old: Token | None) -> Token:
        oauth, settings = self._oauth, self._settings
        first = oauth.refresh_token(settings) if oauth.refresh_token else None
        refresh = first and ((old and old.refresh) or first)
        grant = {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else _CLIENT_CREDENTIALS
        scope = {"scope": oauth.scope} if oauth.scope else {}
        client, secret = oauth.client(settings)
        proof = {"client_id": client, "client_secret": secret} if oauth.client_in_body else {}
        data = {**grant, **scope, **proof, **_parameters(oauth, settings)}
        # RFC 6749, 2.3.1: both are form-encoded before they become user name and password.
        auth = None if oauth.client_in_body else (quote_plus(client), quote_plus(secret))
        try:
            response = await self._clients.request("POST", oauth.token_url(settings), data=data, auth=auth)
        except HttpError as error:
            raise TryAgain(f"no access token could be had: {error}", code="token_server") from None
        return _token_of(response, self._clock.now(), refresh)

    def _good(self, token: Token, stale: Token | None) -> bool:
        return (stale is None or token.access != stale.access) and not self._over(token)

    def _over(self, token: Token) -> bool:
        return token.until is not None and self._clock.now() >= token.until


_CLIENT_CREDENTIALS: Mapping[str, str] = {"grant_type": "client_credentials"}


def token_name(account: str, oauth: OAuth2[Any], settings: Any) -> str:
    """Name the place of a token: another client, server, scope or first refresh token has another place."""
    first = oauth.refresh_token(settings) if oauth.refresh_token else None
    parts = [oauth.token_url(settings), oauth.client(settings)[0], oauth.scope, _parameters(oauth, settings), first]
    return f"{account}:{hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]}"


def _parameters(oauth: OAuth2[Any], settings: Any) -> Mapping[str, str]:
    return oauth.parameters(settings) if callable(oauth.parameters) else oauth.parameters


def _looked_at(flight: asyncio.Task[Token]) -> None:
    """Take note of a failure, for the case that nobody waits for it any more."""
    if not flight.cancelled():
        flight.exception()


def _token_of(response: Response, now: float, refresh: str | None) -> Token:
    body = _body(response)
    access, lifetime = body.get("access_token"), _seconds(body.get("expires_in"))
    if response.is_success and isinstance(access, str) and access:
        until = None if lifetime is None else now + lifetime - min(LEEWAY, lifetime / 2)
        return Token(access, (body.get("refresh_token") or refresh) if refresh else None, until)
    status, error = response.status_code, str(body.get("error", ""))[:80]
    if status in {400, 401, 403}:
        message = f"the token server refused: {status} {error}".rstrip()
        raise AuthenticationFailed(message, code=error or None, status=status)
    raise TryAgain(f"the token server answered {status} without a token", status=status, code="token_server")


def _seconds(value: object) -> float | None:
    """A lifetime; some servers write it as a text. None is one that was not given or makes no sense."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:10])
    number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return float(value) if number else None  # type: ignore[arg-type]


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
