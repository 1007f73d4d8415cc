"""JSON in a message: by orjson, or by the standard library for what orjson does not carry exactly.

Those are integers beyond 64 bits and lone surrogates. Such a message begins with a space, which orjson never writes.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from destination_actions.stores.sqlite.codec import encoded


def packed(value: Any) -> bytes:
    """Give a JSON value as a message carries it. Mappings of any kind become objects."""
    text = encoded(value)
    return text if isinstance(text, bytes) else b" " + text.encode()


def unpacked(data: bytes) -> Any:
    """Read what `packed` wrote."""
    return json.loads(data) if data.startswith(b" ") else orjson.loads(data)
