"""A request as the sandbox sees it, and a reply as it gives one; free of any HTTP library."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `target` is what stood in the request line; `segments` are its path, split, then decoded."""

    api: str
    method: str
    target: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    form: tuple[tuple[str, str], ...]
    auth: tuple[str, str] | None = field(default=None, repr=False)

    def value(self, name: str) -> str | None:
        """The last form value of that name, or None when there is none."""
        return next((value for key, value in reversed(self.form) if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `execution` names the execution that came of it."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    execution: str | None = None


def call(api: str, method: str, target: str, authorization: str | None, content: bytes) -> Call:
    """Read a request."""
    path, _, query = target.partition("?")
    return Call(
        api=api,
        method=method,
        target=target,
        segments=tuple(unquote(part) for part in path.split("/")[1:]),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        form=tuple(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)),
        auth=_basic(authorization),
    )


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None, execution: str | None = None) -> Reply:
    """Give a JSON reply."""
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), headers or {}, JSON, execution)


def twilio_error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Give an error as Twilio's v2 APIs word it."""
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return answer(status, body, headers)


def profile_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Give an error as the Profile API words it."""
    return answer(status, {"error": {"code": code, "message": message}}, headers)


def _basic(header: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
