"""What Studio's answers to a new execution mean, as a table. The status decides; a code only refines it.

Twilio splits its codes over time, so an unknown code falls back to its status, and an unknown status to its class.
408 and 5xx are not here: whether something was executed is then unknown, and `Context.send` raises `MaybeSent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NoReturn, TypeAlias

from destination_actions import AuthenticationFailed, Context, Refused, Response, TryAgain, retry_after

from destination_actions_twilio_studio.problems import Problem, problem_of
from destination_actions_twilio_studio.settings import Settings

Verdict: TypeAlias = Literal["accepted", "refused", "authentication", "later", "busy", "unknown"]

BUSY_PAUSE: Final = 60.0
"""Seconds until a busy contact is tried again; an execution lasts from seconds to days."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: statuses from `low` to `high`, one code or any, the verdict, and what it means and asks for."""

    low: int
    high: int
    code: int | None
    verdict: Verdict
    word: str
    meaning: str


TABLE: Final = (
    Row(200, 299, None, "accepted", "accepted", "executed, even when the body of the answer is broken"),
    Row(300, 399, None, "refused", "redirect", "redirects are not followed; check region and edge"),
    Row(400, 499, 20409, "busy", "contact_busy", "the contact already has an active execution"),
    Row(409, 409, None, "busy", "contact_busy", "the contact already has an active execution"),
    Row(400, 400, 20001, "refused", "invalid_parameter", "a parameter is missing or not valid"),
    Row(400, 400, 21211, "refused", "invalid_to", "the To number cannot be contacted, or is the From number"),
    Row(400, 400, 21212, "refused", "invalid_from", "the From number cannot be used; check that the account owns it"),
    Row(401, 401, None, "authentication", "credentials", "check accountSid, auth token or API key, and their region"),
    Row(
        403, 403, None, "authentication", "permission", "the key may not start executions, or the account is suspended"
    ),
    Row(404, 404, None, "refused", "flow_not_found", "the flow is not published, or of another account or region"),
    Row(408, 408, None, "unknown", "timeout", "it may have been executed; read back before it is sent again"),
    Row(429, 429, None, "later", "rate_limit", "never processed; everything waits for Retry-After, or a second"),
    Row(400, 499, None, "refused", "refused", "refused for another reason"),
    Row(500, 599, None, "unknown", "server_error", "it may have been executed; read back before it is sent again"),
)
"""The first row that fits decides. The README's table is made from it."""


def row_of(status: int, code: int | str | None) -> Row:
    """The row for an answer."""
    fits = (row for row in TABLE if row.low <= status <= row.high and row.code in {None, code})
    return next(fits, Row(status, status, None, "refused", "unexpected", "not an answer that HTTP knows"))


def raise_for(ctx: Context[Settings], response: Response) -> NoReturn:
    """Raise what an answer that is no acceptance means."""
    problem = problem_of(response)
    row = row_of(response.status_code, problem.code)
    status, code = response.status_code, problem.code or row.word
    message = _sentence(row, status, problem)
    if row.verdict == "authentication":
        raise AuthenticationFailed(message, code=code, status=status)
    if row.verdict == "later":
        raise TryAgain(message, after=retry_after(response, now=ctx.clock.now()), lane=True, code=code, status=status)
    if row.verdict == "busy" and ctx.settings.contact_busy == "retry":
        raise TryAgain(message, after=BUSY_PAUSE, code=code, status=status)
    raise Refused(message, code=code, status=status)


def _sentence(row: Row, status: int, problem: Problem) -> str:
    code = f", code {problem.code}" if problem.code is not None else ""
    return f'Twilio Studio answered {status}{code}, "{problem.message}": {row.meaning}'
