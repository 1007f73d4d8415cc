"""Write keys: who may send, told without telling how close a guess was."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

from destination_actions.config import SourceConfig
from destination_actions.runtime.strict import Refused


@dataclass(frozen=True, slots=True)
class Source:
    """Who sent an event: a configured source, and the destinations that get its events (None: all)."""

    name: str
    destinations: frozenset[str] | None


class WriteKeys:
    """Finds the source of a write key. Keeps digests alone, made with a random key of this process.

    Every look-up compares with every source in constant time, so an answer's time tells nothing about a key.
    """

    def __init__(self, sources: Sequence[SourceConfig]) -> None:
        self._salt = token_bytes(32)
        self._sources = [(self._digest(one.write_key), _source(one)) for one in sources if one.enabled]

    def __repr__(self) -> str:
        return f"WriteKeys({', '.join(source.name for _, source in self._sources)})"

    def source_of(self, key: str) -> Source | None:
        """The enabled source with this key."""
        digest, found = self._digest(key), None
        for known, source in self._sources:
            if hmac.compare_digest(known, digest):
                found = source
        return found

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._salt, key.encode("utf-8", "surrogatepass"), "sha256")


def _source(config: SourceConfig) -> Source:
    return Source(config.name, None if config.destinations is None else frozenset(config.destinations))


def key_in_header(authorization: str | None) -> str | None:
    """The user of basic authentication; None without the header. Raises `Refused` for any other header."""
    if authorization is None:
        return None
    scheme, _, credentials = authorization.strip().partition(" ")
    try:
        user = b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (Error, ValueError):
        user = ""
    if scheme.lower() != "basic" or not user:
        raise unauthorized("the Authorization header must be basic authentication with the write key as its user")
    return user


def key_in_body(body: Any) -> str | None:
    """The member `writeKey` of a body."""
    key = body.get("writeKey") if isinstance(body, dict) else None
    return key if isinstance(key, str) else None


def unauthorized(message: str) -> Refused:
    """What becomes a 401."""
    return Refused("unauthorized", message)
