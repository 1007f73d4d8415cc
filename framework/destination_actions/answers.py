"""What `perform` says happened: it returns `Accepted`, or raises one of the three refusals.

::

    Accepted                  done; `data` goes into the outcome
    Answer (Exception)
    ├── Refused               a definite no for this event; the same event would be refused again
    ├── TryAgain              a definite no for now; nothing was executed
    └── AuthenticationFailed  the credentials are refused; every event would fail, so the lane stops

`perform_batch` returns one answer a payload and may put exceptions into its list, those of `send` included. An
exception that is none of these is a fault of the plugin. Whatever may have been executed is neither a yes nor a no:
`Context.send` raises `MaybeSent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from destination_actions.errors import DestinationActionsError
from destination_actions.protocols import Response
from destination_actions.values import light

MAX_RETRY_AFTER = 3600.0
"""Seconds; a longer Retry-After is cut to this."""


@light
@dataclass(frozen=True, slots=True)
class Accepted:
    """Done. `data` is a small JSON object for the outcome, such as the id of what was created."""

    data: Mapping[str, Any] = field(default_factory=dict)


class Answer(DestinationActionsError):  # noqa: N818 - an answer, not a fault of the program
    """A no. `code` is a stable word or number, `status` the HTTP status if there was one."""

    def __init__(self, message: str, *, code: str | int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class Refused(Answer):
    """A definite no for this event; the same event would be refused again."""


class TryAgain(Answer):
    """A definite no for now: nothing was executed. `after` is in seconds; with `lane`, everything of this destination
    and account waits as long."""

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        lane: bool = False,
        code: str | int | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.after = after
        self.lane = lane


class AuthenticationFailed(Answer):
    """The credentials are refused. Nothing was executed."""


def accepted(response: Response, data: Mapping[str, Any] | None = None) -> Accepted:
    """Read an answer by its HTTP status alone: 2xx is `Accepted`, everything else raises.

    429 raises `TryAgain` for the lane after its Retry-After, 401 and 403 `AuthenticationFailed`, the rest `Refused`.
    `data` defaults to the body when that is a JSON object.
    """
    status = response.status_code
    if response.is_success:
        return Accepted(_object(response) if data is None else data)
    message = f"the API answered {status}"
    if status == 429:
        raise TryAgain(message, after=retry_after(response), lane=True, status=status)
    if status in {401, 403}:
        raise AuthenticationFailed(message, status=status)
    raise Refused(message, code=status, status=status)


def retry_after(response: Response, *, now: float | None = None, default: float = 1.0) -> float:
    """The seconds of a Retry-After header, in either of its forms, within 0 and an hour (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    seconds = _seconds(text, now)
    return default if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _seconds(text: str, now: float | None) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    start = datetime.now(UTC).timestamp() if now is None else now
    return date.replace(tzinfo=date.tzinfo or UTC).timestamp() - start


def _object(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
