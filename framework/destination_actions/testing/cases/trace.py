"""What came of the events of one step, for each subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_actions.events import Event
from destination_actions.outcomes import Delivered, Failed, Outcome, Suppressed
from destination_actions.runtime import SubscriptionExplanation
from destination_actions.testing.cases.model import Step
from destination_actions.testing.harness import Harness


@dataclass(frozen=True, slots=True)
class Found:
    """One delivery: how far the pure path came, and the outcome."""

    explanation: SubscriptionExplanation
    outcome: Outcome | None

    @property
    def stops_at(self) -> str:
        """The step that ended the event's way."""
        if self.explanation.step != "ready":
            return self.explanation.step
        outcome = self.outcome
        if isinstance(outcome, Suppressed) or (isinstance(outcome, Failed) and outcome.reason == "busy"):
            return "cooldown"
        if isinstance(outcome, Delivered):
            return "cooldown" if outcome.repeated else "nowhere"
        return "perform"

    def to_json(self) -> dict[str, Any]:
        """What an expectation is compared with."""
        return {
            "outcome": self.outcome.to_json() if self.outcome else None,
            "stopsAt": self.stops_at,
            "payload": self.explanation.payload,
            "document": self.explanation.document,
        }


def found_of(harness: Harness, events: Sequence[Event], step: Step) -> list[dict[str, Found]]:
    """Send the events of a step; for each event what came of it, by the subscription's id."""
    explained = [{one.subscription: one for one in harness.explain(event)} for event in events]
    outcomes = _outcomes(harness, events, step)
    return [
        {name: Found(one, outcomes.get((at, name))) for name, one in explanations.items()}
        for at, explanations in enumerate(explained)
    ]


def _outcomes(harness: Harness, events: Sequence[Event], step: Step) -> Mapping[tuple[int, str], Outcome]:
    runtime = harness.runtime
    if step.retry_for is not None:
        return _queued(harness, events, step.retry_for)
    if step.batch:
        rows = harness.run(runtime.send_batch(events))
    else:
        rows = [harness.run(runtime.send(event)) for event in events]
    return {(at, outcome.subscription): outcome for at, row in enumerate(rows) for outcome in row}


def _queued(harness: Harness, events: Sequence[Event], retry_for: float) -> Mapping[tuple[int, str], Outcome]:
    places = {event["messageId"]: at for at, event in enumerate(events)}

    async def collected() -> list[Outcome]:
        return [outcome async for outcome in harness.runtime.run(events, retry_for=retry_for)]

    return {(places[one.message_id], one.subscription): one for one in harness.run(collected())}
