"""Why an event does what it does: for every subscription the step that decides, and on which values. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from destination_actions.events import Event
from destination_actions.fields import secret_values
from destination_actions.http import Redactor
from destination_actions.outcomes import Filtered, Invalid, Outcome, Problem, Rejected
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.runtime.prepare import Prepared, build, resolved
from destination_actions.subscriptions import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionExplanation:
    """One subscription's part. `step` is the step that decided: match, resolve, validate, cooldown or ready.

    `document` is what the mapping gives, `payload` what would be performed, both without secrets and phone numbers, and
    None when the way ends before.
    """

    destination: str
    subscription: str
    action: str
    step: str
    expression: Explanation
    document: dict[str, Any] | None = None
    payload: dict[str, Any] | None = None
    problems: Sequence[Problem] = ()
    cooldown: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "destination": self.destination,
            "subscription": self.subscription,
            "action": self.action,
            "step": self.step,
            "expression": self.expression.to_json(),
            "document": self.document,
            "payload": self.payload,
            "problems": [problem.to_json() for problem in self.problems],
            "cooldown": self.cooldown,
        }


def explain(plan: Plan, event: Event, message_id: str, *, phones: bool = False) -> list[SubscriptionExplanation]:
    """Explain every enabled subscription, in the order of the configuration.

    Secrets are masked in documents and payloads, and phone numbers unless `phones` is set, as it is for tests.
    """
    return [
        _explained(one, event, message_id, Redactor(secret_values(one.lane.settings)) if phones else one.lane.redactor)
        for one in plan.subscriptions
    ]


def _explained(
    subscription: Subscription, event: Event, message_id: str, redactor: Redactor
) -> SubscriptionExplanation:
    explanation = subscription.expression.explain(event)
    head: dict[str, Any] = {
        "destination": subscription.lane.name,
        "subscription": subscription.id,
        "action": subscription.action.slug,
        "expression": explanation,
    }
    if not subscription.expression.matches(event):
        return SubscriptionExplanation(**head, step="match")
    document = resolved(subscription, event)
    if isinstance(document, Problem):
        return SubscriptionExplanation(**head, step="resolve", problems=(document,))
    head["document"] = redactor.json(document)
    return _built(head, build(subscription, event, message_id), redactor)


def _built(head: dict[str, Any], result: Prepared | Outcome, redactor: Redactor) -> SubscriptionExplanation:
    if isinstance(result, Prepared):
        seconds = result.cooldown.seconds if result.cooldown else None
        payload: Any = redactor.json(result.payload.to_json())
        return SubscriptionExplanation(**head, step="ready", payload=payload, cooldown=seconds)
    return SubscriptionExplanation(**head, step=_step(result), problems=_problems(result))


def _step(outcome: Outcome) -> str:
    if isinstance(outcome, Filtered):
        return "match"
    cooled = isinstance(outcome, Rejected) or any(problem.code == "cooldown" for problem in _problems(outcome))
    return "cooldown" if cooled else "validate"


def _problems(outcome: Outcome) -> Sequence[Problem]:
    if isinstance(outcome, Invalid):
        return outcome.problems
    return (Problem("", "refused", "Cooldown", outcome.summary()),) if isinstance(outcome, Rejected) else ()
