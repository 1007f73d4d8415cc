"""Digests under which deliveries and cooldown windows are kept.

Parts are length-prefixed and typed before hashing, so that no two different lists give one digest. A window's key
holds personal data (who is left in peace), so it is keyed with the install secret; a delivery's is made of ids only,
and stays the same wherever the delivery is tried again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from secrets import token_hex

from destination_actions.definitions import Cooldown
from destination_actions.events import Event


def delivery_key(message_id: str, destination: str, subscription: str, generation: int = 0) -> str:
    """Name one delivery: 64 hexadecimal digits."""
    data = message_id.encode("utf-8", "surrogatepass")  # as `_encoded` does
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
    """HMAC with SHA-256 (RFC 2104). What the secret alone decides is worked out once, a quarter of the time."""
    keyed = _keyed(secret).copy()
    keyed.update(data)
    return keyed.hexdigest()


@lru_cache(maxsize=16)
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


def message_id_of(event: Event) -> str:
    """Give the event's messageId; a random one when it has none."""
    value = event.get("messageId")
    return value if isinstance(value, str) and value else f"random-{token_hex(16)}"


def _encoded(parts: Iterable[object]) -> bytes:
    encoded = []
    for part in parts:
        if type(part) is str:  # as `_other` does, without asking further: nearly all parts are texts
            data = part.encode("utf-8", "surrogatepass")
            encoded.append(b"str:%d:%b" % (len(data), data))
        else:
            encoded.append(_other(part))
    return b"".join(encoded)


def _other(part: object) -> bytes:
    if isinstance(part, tuple | list):
        kind, data = "list", _encoded(part)
    else:
        kind, data = type(part).__name__, str(part).encode("utf-8", "surrogatepass")
    return b"%s:%d:%s" % (kind.encode(), len(data), data)
