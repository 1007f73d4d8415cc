"""An answer in httpx's vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from destination_actions.errors import DestinationActionsError
from destination_actions.http.headers import Headers
from destination_actions.values import light

_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]+)""", re.IGNORECASE)


class NotJson(DestinationActionsError, ValueError):  # noqa: N818 - a fact about the answer
    """The body of an answer was asked for as JSON and is none. The message does not quote the body."""


@light
@dataclass(frozen=True, slots=True)
class Response:
    """What the other side answered. `content` is decoded (gzip, deflate) and at most the cap long.

    `complete` is False when the body broke off, ran into the deadline or passed the cap; the status counts.
    """

    status_code: int
    headers: Headers
    content: bytes = field(repr=False)
    url: str = field(repr=False)
    complete: bool = True

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    @property
    def text(self) -> str:
        """The body in the charset that its Content-Type names, else UTF-8; what cannot be decoded is replaced."""
        match = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.content.decode(match[1] if match else "utf-8", errors="replace")
        except LookupError:
            return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Give the body as JSON; raises `NotJson`, a `ValueError`, when it is none."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return self._json_by_charset()

    def _json_by_charset(self) -> Any:
        try:
            return orjson.loads(self.text.removeprefix("\ufeff"))
        except orjson.JSONDecodeError as error:
            kind = self.headers.get("content-type", "no content type")
            state = "complete" if self.complete else "broken off"
            raise NotJson(
                f"answer {self.status_code}: its body is not JSON: {error.msg} at line {error.lineno},"
                f" column {error.colno} ({kind}, {len(self.content)} bytes, {state})"
            ) from None
