"""What a receiver's answers mean, as a table.

408 and 5xx may have been executed: `send` raises `MaybeSent`, and the event is sent again with the same key. Only a 503
that says when to come back is a clear no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from destination_actions import Accepted, AuthenticationFailed, MaybeSent, NotSent, Refused, Response, TryAgain
from destination_actions import retry_after as retry_after_of

Verdict: TypeAlias = Literal["accepted", "refused", "credentials", "later", "unknown"]

PAUSE: Final = 5.0
"""Seconds until the next try when the receiver does not say."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: statuses from `low` to `high`, the verdict, and what it means."""

    low: int
    high: int
    verdict: Verdict
    word: str
    meaning: str


TABLE: Final = (
    Row(200, 299, "accepted", "accepted", "the receiver has it"),
    Row(300, 399, "refused", "redirect", "redirects are not followed; give the final address"),
    Row(401, 401, "credentials", "unauthorized", "the credentials are refused"),
    Row(403, 403, "credentials", "forbidden", "the credentials do not permit this"),
    Row(408, 408, "unknown", "timeout", "it may have been executed; sent again with the same key"),
    Row(409, 409, "later", "conflict", "a request with the same key is still under way"),
    Row(410, 410, "refused", "gone", "the receiver wants no more events"),
    Row(425, 425, "later", "too_early", "not taken at this moment"),
    Row(429, 429, "later", "rate_limit", "too many requests"),
    Row(400, 499, "refused", "refused", "the receiver does not take it"),
    Row(500, 599, "unknown", "server_error", "it may have been executed; sent again with the same key"),
)
"""The first row that fits decides. The README's table is made from it."""


def row_of(status: int) -> Row:
    """The row for a status."""
    fits = (row for row in TABLE if row.low <= status <= row.high)
    return next(fits, Row(status, status, "refused", "unexpected", "not an answer that HTTP knows"))


def answer_of(response: Response, *, now: float, with_credentials: bool) -> Accepted:
    """Read an answer; raises what is no acceptance. Without credentials of ours, 401 and 403 are a plain no."""
    status = response.status_code
    row = row_of(status)
    if row.verdict == "accepted":
        return Accepted({"status": status})
    message = f"the receiver answered {status}: {row.meaning}"
    if row.verdict == "credentials" and with_credentials:
        raise AuthenticationFailed(message, code=row.word, status=status)
    if row.verdict == "later":
        after = retry_after_of(response, now=now, default=PAUSE)
        raise TryAgain(message, after=after, code=row.word, status=status)
    raise Refused(message, code=row.word, status=status)


def answer_to(error: NotSent | MaybeSent) -> Refused | TryAgain | None:
    """What is clear although no answer came, or none that says what was done; None where nothing is."""
    if isinstance(error, NotSent) and error.reason == "forbidden":
        return Refused(f"{error}; allowNetworks can permit it", code="forbidden_address")
    if isinstance(error, MaybeSent) and error.reason == "status 503" and error.after is not None:
        message = "the receiver answered 503 and said when to come back"
        return TryAgain(message, after=error.after, code="unavailable", status=503)
    return None
