"""Two subscriptions that do the same for one event: found by making such an event and preparing it for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from destination_actions.checking.constants import varies
from destination_actions.checking.parts import Part
from destination_actions.checking.plans import EventPlan
from destination_actions.checking.report import Finding
from destination_actions.checking.triggers import matching, verdicts
from destination_actions.definitions import Cooldown
from destination_actions.events import MISSING, Event
from destination_actions.mapping import ResolveError
from destination_actions.subscriptions import Expression
from destination_actions.subscriptions.nodes import conjunction

_SOMEBODY: Final[Event] = {"userId": "somebody", "anonymousId": "somebody", "messageId": "m"}


def overlaps(parts: Sequence[Part], plan: EventPlan) -> Iterator[Finding]:
    """Find pairs of subscriptions with the same target that one event can trigger."""
    for first, second in combinations(parts, 2):
        if first.action is not second.action or first.lane.settings != second.lane.settings:
            continue
        event = _event_of_both(first, second, plan)
        if event is not None and _same_target(first, second, event):
            yield _finding(first, second, event)


def _event_of_both(first: Part, second: Part, plan: EventPlan) -> Event | None:
    """An event that matches both triggers, if one can be made and the plan allows such events."""
    both = Expression(conjunction([first.expression.condition, second.expression.condition]))
    if not any(_can_match(both, kind.shape) for kind in plan.kinds):
        return None
    explained = both.explain(_SOMEBODY)
    event = explained.apply(dict(_SOMEBODY)) if explained.edits else dict(_SOMEBODY)
    return event if both.matches(event) else None


def _can_match(expression: Expression, shape: Any) -> bool:
    return verdicts(expression.condition, shape).hold and not matching(expression.condition, shape).nothing


def _same_target(first: Part, second: Part, event: Event) -> bool:
    """Whether both leave the same person in peace; without a cooldown, whether every constant is the same."""
    cooldowns = [_cooldown(part, event) for part in (first, second)]
    if None not in cooldowns:
        one, other = cooldowns
        return one is not None and other is not None and one.parts == other.parts
    required = {spec.key for spec in first.action.payload.fields() if spec.always_required}
    return bool(required) and all(first.mapping.get(key) == second.mapping.get(key) for key in required)


def _cooldown(part: Part, event: Event) -> Cooldown | None:
    """What the action would claim for an event; where values of the event are not valid, for those that are."""
    settings, declare = part.settings(), part.action.cooldown
    if settings is None or declare is None:
        return None
    try:
        document = part.compiled().resolve(event)
        fixed = {key: value for key, value in part.mapping.items() if not varies(value)}
        for one in (document, fixed | {"userId": "somebody"}):
            payload = part.action.payload.check({} if one is MISSING else one, sync_mode=part.sync_mode).value
            if payload is not None:
                return declare(settings, payload)
    except (ResolveError, Exception):  # noqa: BLE001 - the plugin's own code, with an event that nobody sent
        return None
    return None


def _finding(first: Part, second: Part, event: Event) -> Finding:
    after = "the second is suppressed" if first.action.cooldown else "both are sent"
    what = ", ".join(str(event[key]) for key in ("type", "event") if key in event) or "any event"
    message = f'{second.name}: does the same as "{first.id}" for one event ({what}): {after}'
    pointer = second.trigger_pointer
    hint = f'have its trigger exclude what "{first.id}" matches: {first.expression}'
    return Finding("same-effect-twice", message, pointer, hint, second.place(pointer))
