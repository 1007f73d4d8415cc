"""Digests under which deliveries and cooldown windows are kept.

Parts are length-prefixed and typed before hashing, so that no two different lists give one digest. A window's key
holds personal data (who is left in peace), so it is keyed with the install secret; a delivery's is made of ids only,
and stays the same wherever the delivery is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from destination_actions.definitions import Cooldown
from destination_actions.events import Event

_BLOCK: Final = 64
"""Bytes that SHA-256 takes at a time."""


def delivery_key(message_id: str, destination: str, subscription: str, generation: int = 0) -> str:
    """Name one delivery: 64 hexadecimal digits."""
    data = message_id.encode("utf-8", "surrogatepass")  # as `_part` does
    tail = _tail(destination, subscription, generation)
    return sha256(b"str:%d:%b%b" % (len(data), data, tail)).hexdigest()


@lru_cache(maxsize=1024)  # the same for all events of a subscription
def _tail(destination: str, subscription: str, generation: int) -> bytes:
    return _encoded((destination, subscription, generation))


def window_key(secret: bytes, destination: str, cooldown: Cooldown | None, delivery: str) -> str:
    """Name what is claimed: the cooldown's parts, or with no window the delivery itself, whose name is a digest."""
    if cooldown is None or cooldown.seconds == 0:
        return delivery
    parts = (destination, *cooldown.parts)
    return keyed_digest(secret, _encoded(parts))


def keyed_digest(secret: bytes, data: bytes) -> str:
    """HMAC with SHA-256 (RFC 2104). What the secret alone decides is worked out once, which is half of the time."""
    inner, outer = _keyed(secret)
    inner, outer = inner.copy(), outer.copy()
    inner.update(data)
    outer.update(inner.digest())
    digest: str = outer.hexdigest()
    return digest


@lru_cache(maxsize=16)
def _keyed(secret: bytes) -> tuple[Any, Any]:
    key = (sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key))


def message_id_of(event: Event) -> str:
    """Give the event's messageId; a random one when it has none."""
    value = event.get("messageId")
    return value if isinstance(value, str) and value else f"random-{token_hex(16)}"


def _encoded(parts: Iterable[object]) -> bytes:
    return b"".join([_part(part) for part in parts])


def _part(part: object) -> bytes:
    if type(part) is str:  # as below, without asking further: nearly all parts are texts
        data = part.encode("utf-8", "surrogatepass")
        return b"str:%d:%b" % (len(data), data)
    if isinstance(part, tuple | list):
        kind, data = "list", _encoded(part)
    else:
        kind, data = type(part).__name__, str(part).encode("utf-8", "surrogatepass")
    return b"%s:%d:%s" % (kind.encode(), len(data), data)
