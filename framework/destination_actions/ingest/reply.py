"""Answers to callers: a status, and JSON that says what is wrong in a stable word and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from destination_actions.runtime.strict import Refused

RETRY_AFTER: Final = 5
"""Seconds after which a caller should send again what was answered with 503."""

_STATUS: Final[Mapping[str, int]] = {
    "unauthorized": 401,
    "not_found": 404,
    "not_allowed": 405,
    "timeout": 408,
    "bomb": 413,
    "unsupported_encoding": 415,
    "fault": 500,
    "unavailable": 503,
    "queue_full": 503,
    "stopping": 503,
}
"""The status of each code; of every other it is 400."""

_LAST: Final = frozenset({"stopping", "bad_http", "bad_body", "fault"})
"""Codes after which a connection is closed, besides those of 408 and 413."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `code` is empty for a success; `close` asks that the connection ends with it."""

    status: int
    body: Mapping[str, Any]
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    close: bool = False


SUCCESS: Final = Reply(200, {"success": True})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item of a batch that is no event: its position from 0, and why."""

    index: int
    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """As in the answer."""
        return {"index": self.index, "code": self.code, "message": self.message}


def refused(error: Refused, refusals: Sequence[Refusal] = (), **headers: str) -> Reply:
    """The answer to what was not accepted."""
    status = _STATUS.get(error.code, 400)
    body: dict[str, Any] = {"success": False, "code": error.code, "message": error.message}
    if refusals:
        body["refused"] = [refusal.to_json() for refusal in refusals]
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="write key"'
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    return Reply(status, body, error.code, headers, close=status in {408, 413} or error.code in _LAST)


def accepted(refusals: Sequence[Refusal]) -> Reply:
    """The answer when everything is kept but some items of the batch, which would be refused again."""
    if not refusals:
        return SUCCESS
    return Reply(200, {"success": True, "refused": [refusal.to_json() for refusal in refusals]}, "partly")
