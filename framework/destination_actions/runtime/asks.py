"""What a runtime asks a destination apart from any subscription: are the credentials good, what may a field hold,
forget this person. Every question runs guarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from destination_actions.context import Context
from destination_actions.definitions import Check, ChoicePage, ChoiceQuery, Person
from destination_actions.errors import ConfigurationError, nearest
from destination_actions.events import Event
from destination_actions.outcomes import Invalid, Outcome, Problem
from destination_actions.runtime.claiming import Equipment, closed_effect, effect_on, log_of
from destination_actions.runtime.classify import Attempt, message_of, settlement_of
from destination_actions.runtime.effect import Effect
from destination_actions.runtime.guard import guarded
from destination_actions.runtime.keys import message_id_of
from destination_actions.runtime.plan import Lane, Plan


def lane_named(plan: Plan, name: str) -> Lane:
    """Find a configured destination; raises `ConfigurationError` with the nearest name."""
    for lane in plan.lanes:
        if lane.name == name:
            return lane
    known = [lane.name for lane in plan.lanes]
    message = f'no destination is configured as "{name}"; there are {", ".join(known) or "none"}'
    raise ConfigurationError(message, hint=nearest(name, known))


async def test_of(equipment: Equipment, lane: Lane) -> Sequence[Check]:
    """Try the credentials. A test that fails is a check that failed."""
    authentication = lane.destination.authentication
    if authentication is None or authentication.test is None:
        return ()
    test, context = authentication.test, _context(equipment, lane, closed_effect(equipment, lane))
    result = await _asked(equipment, lane, lambda: test(context), "test")
    if isinstance(result, list | tuple):
        return result
    return [Check("credentials", ok=False, message=_cleaned(equipment, lane, result))]


async def choices_of(equipment: Equipment, lane: Lane, action: str, key: str, query: ChoiceQuery) -> ChoicePage:
    """Ask the API for the values of a field. Raises `ConfigurationError` when it cannot be asked or does not answer."""
    offered = lane.destination.action(action).choices
    if key not in offered:
        message = (
            f'action "{action}" has no choices to ask for the field "{key}"; it has {", ".join(offered) or "none"}'
        )
        raise ConfigurationError(message, hint=nearest(key, offered))
    context = _context(equipment, lane, closed_effect(equipment, lane))
    result = await _asked(equipment, lane, lambda: offered[key](context, query), f"choices of {key}")
    if isinstance(result, ChoicePage):
        return result
    raise ConfigurationError(f'the choices of "{key}" cannot be had: {_cleaned(equipment, lane, result)}')


async def deleted(equipment: Equipment, lane: Lane, event: Event) -> Outcome | None:
    """Have the service forget the person of a delete event. None when the destination has nothing to forget."""
    forget = lane.destination.on_delete
    if forget is None:
        return None
    head: dict[str, Any] = {
        "destination": lane.name,
        "subscription": "",
        "action": "on_delete",
        "message_id": message_id_of(event),
    }
    person = Person(_id(event, "userId"), _id(event, "anonymousId"))
    if person == Person():
        nobody = Problem("", "required", "User", "a delete event needs a userId or an anonymousId")
        return Invalid(**head, problems=(nobody,))
    effect = effect_on(equipment, lane, ())
    context = _context(equipment, lane, effect)
    result = await _asked(equipment, lane, lambda: forget(context, person), "on_delete")
    effect.close()
    redactor = equipment.lanes(lane).redactor
    attempt = Attempt(head=head, result=result, reach=effect.reach, on_unknown="retry", redactor=redactor)
    return settlement_of(attempt).outcome


def _id(event: Event, key: str) -> str | None:
    value = event.get(key)
    return value if isinstance(value, str) and value else None


async def _asked(equipment: Equipment, lane: Lane, call: Any, what: str) -> object:
    return await guarded(call, limit=equipment.perform_limit, name=f"{lane.destination.slug}.{what}")


def _cleaned(equipment: Equipment, lane: Lane, result: object) -> str:
    return equipment.lanes(lane).redactor.text(message_of(result))


def _context(equipment: Equipment, lane: Lane, effect: Effect) -> Context[Any]:
    return Context(
        settings=lane.settings,
        subscription="",
        clock=equipment.clock,
        log=log_of(lane),
        event={},
        message_id="",
        delivery_key="",
        http=equipment.lanes(lane).clients,
        send=effect,
    )
