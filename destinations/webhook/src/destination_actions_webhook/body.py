"""The bytes of a request, which are what is signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from destination_actions_webhook.payload import Send

_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}


def body_of(sends: Sequence[Send]) -> tuple[bytes, str | None]:
    """Body and content type: a JSON list for a batch, one event's own body else. Raises `ValueError` for half texts."""
    first = sends[0]
    if not first.has_body:
        return b"", None
    if first.enable_batching:
        return _json([send.data for send in sends]), _TYPES["json"]
    return _alone(first), _TYPES[first.encoding]


def _alone(send: Send) -> bytes:
    if send.encoding == "form":
        return urlencode([(name, one) for name, value in send.data.items() for one in _values(value)]).encode("ascii")
    return str(send.data).encode() if send.encoding == "text" else _json(send.data)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _values(value: Any) -> list[str]:
    return [_text(one) for one in (value if isinstance(value, list) else [value])]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
