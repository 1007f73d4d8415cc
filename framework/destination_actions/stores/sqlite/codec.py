"""JSON in a SQLite column: bytes by orjson, or text by the standard library for what orjson does not carry exactly.

Those are integers beyond 64 bits (orjson would read them as floats) and lone surrogates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson


def encoded(value: Any) -> bytes | str:
    """Give a JSON value as a column keeps it. Mappings of any kind become objects."""
    try:
        return orjson.dumps(value, default=_plain)
    except TypeError:
        return json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))


def decoded(column: bytes | str) -> Any:
    """Read what `encoded` wrote."""
    return orjson.loads(column) if isinstance(column, bytes) else json.loads(column)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")
