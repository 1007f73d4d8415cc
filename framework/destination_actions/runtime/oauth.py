"""OAuth 2.0 access tokens: fetched when needed, renewed once for many, shared through the token store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from destination_actions.answers import AuthenticationFailed, TryAgain
from destination_actions.definitions import OAuth2
from destination_actions.http import OriginClients
from destination_actions.protocols import Clock, Response, TokenStore

LEEWAY = 60.0
"""Seconds before its end at which a token is no longer used."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as the store keeps it. `expires` is wall-clock seconds, or None when the server did not say."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires: float | None = None
    revision: int = 0


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
        self._lock = asyncio.Lock()
        self._token: Token | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything about the present token that may be shown nowhere."""
        token = self._token
        return tuple(text for text in (token.access, token.refresh) if text) if token else ()

    async def current(self) -> Token:
        """Give a token that is good for now. Raises `AuthenticationFailed` or `TryAgain`."""
        token = self._token
        if token is None or self._over(token):
            token = await self.renewed(token)
        return token

    async def renewed(self, stale: Token | None) -> Token:
        """Give a token other than `stale`. However many ask at the same time, one request is made."""
        async with self._lock:
            if self._token is not None and not self._same(self._token, stale) and not self._over(self._token):
                return self._token
            stored = await self._stored()
            if stored is None or self._same(stored, stale) or self._over(stored):
                stored = await self._fetched(stored)
            self._token = stored
            return stored

    async def _stored(self) -> Token | None:
        found = await self._store.get(self._name)
        if found is None:
            return None
        revision, value = found
        return Token(value["access"], value.get("refresh"), value.get("expires"), revision)

    async def _fetched(self, stored: Token | None) -> Token:
        """Ask the token server, and keep what it gives unless another worker was first."""
        try:
            token = await self._asked(stored)
        except AuthenticationFailed:
            # Another worker may have used the refresh token a moment ago; what it got counts for everybody.
            other = await self._stored()
            if other is not None and not self._same(other, stored):
                return other
            raise
        value = {"access": token.access, "refresh": token.refresh, "expires": token.expires}
        if await self._store.put(self._name, value, revision=token.revision):
            return Token(token.access, token.refresh, token.expires, token.revision + 1)
        return await self._stored() or token

    async def _asked(self, stored: Token | None) -> Token:
        oauth, settings = self._oauth, self._settings
        refresh = (stored and stored.refresh) or (oauth.refresh_token(settings) if oauth.refresh_token else None)
        grant = {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else _CLIENT_CREDENTIALS
        scope = {"scope": oauth.scope} if oauth.scope else {}
        client, secret = oauth.client(settings)
        proof = {"client_id": client, "client_secret": secret} if oauth.client_in_body else {}
        response = await self._clients.request(
            "POST",
            oauth.token_url(settings),
            data={**grant, **scope, **proof, **oauth.parameters},
            auth=None if oauth.client_in_body else (client, secret),
        )
        return _token_of(response, self._clock.now(), refresh, stored.revision if stored else 0)

    def _over(self, token: Token) -> bool:
        return token.expires is not None and self._clock.now() >= token.expires - LEEWAY

    @staticmethod
    def _same(token: Token, other: Token | None) -> bool:
        return other is not None and token.access == other.access


_CLIENT_CREDENTIALS: Mapping[str, str] = {"grant_type": "client_credentials"}


def _token_of(response: Response, now: float, refresh: str | None, revision: int) -> Token:
    body = _body(response)
    access, lifetime = body.get("access_token"), body.get("expires_in")
    if response.is_success and isinstance(access, str) and access:
        expires = now + lifetime if isinstance(lifetime, int | float) and not isinstance(lifetime, bool) else None
        return Token(access, body.get("refresh_token") or refresh, expires, revision)
    status, error = response.status_code, str(body.get("error", ""))[:80]
    if status in {400, 401, 403}:
        message = f"the token server refused: {status} {error}".rstrip()
        raise AuthenticationFailed(message, code=error or None, status=status)
    raise TryAgain(f"the token server answered {status} without a token", status=status)


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
