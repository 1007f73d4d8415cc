"""What an attempt means: for the claim, and for the outcome. A pure table.

The plugin's word comes first: `Accepted` and the three refusals say what happened. Otherwise it counts how far the
effect came, which the runtime knows by itself: nothing left, maybe done, or a 2xx was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from destination_actions.answers import Accepted, AuthenticationFailed, Refused, TryAgain
from destination_actions.errors import HttpError, MaybeSent, StoreError
from destination_actions.http import NotJson, Redactor, UnsafeRequest
from destination_actions.outcomes import Delivered, Failed, Outcome, Rejected, Unknown
from destination_actions.runtime.effect import ClaimLost, Reach
from destination_actions.runtime.lanes import NoTurn
from destination_actions.values import light, maker

RETRY = 1.0
"""Seconds that a failed delivery waits when nobody says how long; a queue backs off from there."""

AUTHENTICATION_RETRY = 30.0
"""Seconds until a destination whose credentials were refused is tried again."""


class Operation(Enum):
    """What becomes of the claim."""

    CONFIRM = "confirm"
    RELEASE = "release"
    AMBIGUOUS = "ambiguous"
    NOTHING = "nothing"


_CONFIRM = Operation.CONFIRM


class PluginFault(Exception):  # noqa: N818 - carried as a value
    """The plugin broke its contract; the message says how."""


@light
@dataclass(frozen=True, slots=True)
class Settlement:
    """The claim's operation and the outcome."""

    operation: Operation
    outcome: Outcome


@light
@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known after an attempt: the answer or exception, how far the effect came, and the policy."""

    head: dict[str, Any]
    result: object
    reach: Reach
    on_unknown: str
    redactor: Redactor
    retry_unconfirmed: float = 15.0
    alone: bool = True
    """Whether the request was about this delivery alone, so that its status is all that there is to say of it."""


def settlement_of(attempt: Attempt) -> Settlement:
    """Read an attempt."""
    match attempt.result:
        case Accepted():
            return accepted_settlement(attempt.head, attempt.result, attempt.redactor)
        case Refused() as answer:
            return Settlement(Operation.RELEASE, _with(Rejected, attempt, "refused", answer))
        case TryAgain() as answer:
            after = RETRY if answer.after is None else answer.after
            extra = {"after": after, "lane": answer.lane, "counts": not answer.lane}
            return Settlement(Operation.RELEASE, _with(Failed, attempt, "try_again", answer, **extra))
        case AuthenticationFailed() as answer:
            extra = {"after": AUTHENTICATION_RETRY, "lane": True, "counts": False}
            return Settlement(Operation.RELEASE, _with(Failed, attempt, "authentication", answer, **extra))
        case UnsafeRequest() as error:
            return Settlement(Operation.RELEASE, _with(Rejected, attempt, "unsafe_request", error))
    return _unanswered(attempt)


_settlement, _delivered = maker(Settlement), maker(Delivered)


def accepted_settlement(head: dict[str, Any], answer: Accepted, redactor: Redactor) -> Settlement:
    """What a yes means, however far the effect came."""
    data: Any = redactor.json(dict(answer.data)) if answer.data else {}
    return _settlement(_CONFIRM, _delivered(**head, data=data))


def _unanswered(attempt: Attempt) -> Settlement:
    if attempt.reach is Reach.NOTHING and isinstance(attempt.result, NoTurn):
        extra = {"after": attempt.result.after, "counts": False}
        return Settlement(Operation.RELEASE, _with(Failed, attempt, "rate", attempt.result, **extra))
    if attempt.reach is Reach.NOTHING and isinstance(attempt.result, ClaimLost):
        # Released: of the claims of one request, those that were still held had been marked as sent already.
        return Settlement(Operation.RELEASE, _with(Failed, attempt, "busy", attempt.result, after=RETRY, counts=False))
    if attempt.reach is Reach.NOTHING:
        reason = _reason_of_nothing(attempt.result)
        return Settlement(Operation.RELEASE, _with(Failed, attempt, reason, attempt.result, after=RETRY))
    if attempt.reach is Reach.DONE:
        return _said_yes(attempt)
    if attempt.on_unknown == "suppress":
        return Settlement(Operation.AMBIGUOUS, _with(Unknown, attempt, "unconfirmed", attempt.result))
    wished = attempt.result.after if isinstance(attempt.result, MaybeSent) else None
    after = {"after": max(attempt.retry_unconfirmed, wished or 0.0)}
    return Settlement(Operation.AMBIGUOUS, _with(Failed, attempt, "unconfirmed", attempt.result, **after))


def _said_yes(attempt: Attempt) -> Settlement:
    """A status line said yes; a body that broke off or is no JSON does not take that back."""
    if attempt.alone and isinstance(attempt.result, NotJson):
        return accepted_settlement(attempt.head, Accepted(), attempt.redactor)
    return Settlement(Operation.AMBIGUOUS, _with(Unknown, attempt, "plugin_fault", attempt.result))


def _reason_of_nothing(result: object) -> str:
    if isinstance(result, HttpError):
        return "not_sent"
    return "store" if isinstance(result, StoreError) else "plugin_fault"


def _with(kind: type[Any], attempt: Attempt, reason: str, cause: object, **extra: Any) -> Outcome:
    outcome: Outcome = kind(
        **attempt.head,
        reason=reason,
        message=attempt.redactor.text(message_of(cause)),
        code=_code(attempt, cause),
        status=getattr(cause, "status", None) if isinstance(cause, Refused | TryAgain | AuthenticationFailed) else None,
        **extra,
    )
    return outcome


def _code(attempt: Attempt, cause: object) -> str | int | None:
    code = cause.code if isinstance(cause, Refused | TryAgain | AuthenticationFailed) else None
    return attempt.redactor.text(code) if isinstance(code, str) else code


def message_of(cause: object) -> str:
    """One sentence about what went wrong."""
    if isinstance(cause, Refused | TryAgain | AuthenticationFailed | HttpError | StoreError | PluginFault):
        return str(cause)
    if isinstance(cause, ClaimLost | NoTurn | UnsafeRequest):
        return str(cause)
    if isinstance(cause, BaseException):
        return f"the plugin raised {type(cause).__name__}: {cause}"
    return f"perform returned {cause!r:.60}, not Accepted"
