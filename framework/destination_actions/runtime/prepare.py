"""The pure part of the path of an event: match, resolve, validate, build. No I/O, no clock, no state.

Sending, batches, `explain`, the tests and the command line all go through `prepare`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

from destination_actions.answers import Answer
from destination_actions.definitions import Cooldown
from destination_actions.errors import DestinationActionsError
from destination_actions.events import MISSING, Event
from destination_actions.fields import FieldSet, quick_payload
from destination_actions.mapping import ResolveError
from destination_actions.outcomes import Failed, Filtered, Invalid, Outcome, Problem, Rejected
from destination_actions.runtime.plan import Subscription
from destination_actions.values import new_tuple


class Prepared(NamedTuple):
    """An event that may be performed: the typed payload, and what is to be left in peace afterwards.

    A named tuple is as frozen as a frozen dataclass, and made in a third of the time.
    """

    subscription: Subscription
    event: Event
    message_id: str
    payload: FieldSet
    cooldown: Cooldown | None


PLUGIN_FAULT: Final = "plugin_fault"
"""The reason of an outcome that a bug of a plugin made."""

Head: TypeAlias = dict[str, Any]
"""What every outcome says about itself, as keywords."""


def head_of(subscription: Subscription, message_id: str) -> Head:
    """What every outcome of this subscription says about itself."""
    return {
        "destination": subscription.lane.name,
        "subscription": subscription.id,
        "action": subscription.action.slug,
        "message_id": message_id,
    }


def prepare(subscription: Subscription, event: Event, message_id: str) -> Prepared | Outcome:
    """Take an event up to the typed payload, or give the outcome that ends its way."""
    if not (subscription.matches if type(event) is dict else subscription.expression.matches)(event):
        return Filtered(**head_of(subscription, message_id))
    return build(subscription, event, message_id)


def build(subscription: Subscription, event: Event, message_id: str) -> Prepared | Outcome:
    """Resolve, validate and build for an event that matches."""
    if subscription.straight is not None and type(event) is dict:
        # As nearly all events are: half the time of a document that is resolved, measured and taken.
        try:
            payload = subscription.straight(event)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - whatever it is, it comes again below, where it is said what it was
            payload = None
        if payload is not None:
            if subscription.action.cooldown is None:
                return new_tuple(Prepared, (subscription, event, message_id, payload, None))
            return _cooled(subscription, event, message_id, payload)
    return _built(subscription, event, message_id)


def _built(subscription: Subscription, event: Event, message_id: str) -> Prepared | Outcome:
    document = resolved(subscription, event)
    if type(document) is Problem:
        if document.code == PLUGIN_FAULT:
            return _failed(subscription, message_id, document.message)
        return Invalid(**head_of(subscription, message_id), problems=(document,))
    try:
        # Nearly all documents are right, and take a fifth of the time of a check that can say what is wrong.
        payload = quick_payload(subscription.action.payload, document)
        if payload is not None:
            return _cooled(subscription, event, message_id, payload)
        checked = subscription.action.payload.check(document, sync_mode=subscription.sync_mode)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - validators are the plugin's own code, which may even exit
        return _faulty(subscription, message_id, "a validator", error)
    if checked.value is None:
        problems = tuple(_problem(subscription, error) for error in checked.errors)
        return Invalid(**head_of(subscription, message_id), problems=problems)
    return _cooled(subscription, event, message_id, checked.value)


def resolved(subscription: Subscription, event: Event) -> dict[str, Any] | Problem:
    """Resolve the mapping to a document, or say why it cannot be."""
    try:
        document = subscription.mapping.resolve(event)
    except ResolveError as error:
        return Problem(f"/mapping{error.pointer}", "mapping", "Mapping", subscription.lane.redactor.text(str(error)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin's directive may raise anything
        return Problem("/mapping", PLUGIN_FAULT, "Mapping", _raised(subscription, "a directive", error))
    if document is MISSING or document is None:
        return {}
    if not isinstance(document, dict):
        return Problem("", "mapping", "Mapping", f"the mapping must give an object, not {type(document).__name__}")
    return document


def _problem(subscription: Subscription, error: Any) -> Problem:
    redact = subscription.lane.redactor.text
    return Problem(error.pointer, error.code, error.label, redact(error.message))


def _cooled(subscription: Subscription, event: Event, message_id: str, payload: FieldSet) -> Prepared | Outcome:
    declare = subscription.action.cooldown
    if declare is None:
        return Prepared(subscription, event, message_id, payload, None)
    try:
        cooldown = declare(subscription.lane.settings, payload)
    except Answer as answer:
        return rejected(subscription, message_id, answer)
    except (ValueError, DestinationActionsError) as error:
        problem = Problem("", "cooldown", "Cooldown", subscription.lane.redactor.text(str(error)))
        return Invalid(**head_of(subscription, message_id), problems=(problem,))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the plugin's own code, which may even exit
        return _faulty(subscription, message_id, "cooldown", error)
    return Prepared(subscription, event, message_id, payload, cooldown)


def _faulty(subscription: Subscription, message_id: str, what: str, error: BaseException) -> Failed:
    return _failed(subscription, message_id, _raised(subscription, what, error))


def _raised(subscription: Subscription, what: str, error: BaseException) -> str:
    return subscription.lane.redactor.text(f"{what} raised {type(error).__name__}: {error}")


def _failed(subscription: Subscription, message_id: str, message: str) -> Failed:
    return Failed(**head_of(subscription, message_id), reason=PLUGIN_FAULT, message=message, after=1.0)


def rejected(subscription: Subscription, message_id: str, answer: Answer) -> Rejected:
    """The outcome of a definite no."""
    redact = subscription.lane.redactor.text
    return Rejected(
        **head_of(subscription, message_id),
        reason="refused",
        message=redact(answer.message),
        code=redact(answer.code) if isinstance(answer.code, str) else answer.code,
        status=answer.status,
    )
