"""Every preset works once it has a flow and a sender."""

from __future__ import annotations

import pytest
from destination_actions import AsyncRuntime, load_destination
from destination_actions_twilio_studio.sandbox.world import ONBOARDING, POST_PURCHASE, REMINDER, SUPPORT, SURVEY

EVENTS = {
    "Onboarding on sign-up": ("Signed Up", ONBOARDING, {"plan": "pro"}, {"plan": "pro"}),
    "Support workflow": ("Support Requested", SUPPORT, {"ticket_id": "t1"}, {"ticketId": "t1"}),
    "Phone survey after a purchase": ("Order Delivered", SURVEY, {"order_id": "o1"}, {"orderId": "o1"}),
    "Appointment reminder": ("Appointment Upcoming", REMINDER, {"appointment_id": "a1"}, {"appointmentId": "a1"}),
    "Post-purchase follow-up": (
        "Order Completed",
        POST_PURCHASE,
        {"order_id": "o1", "total": 5},
        {"orderId": "o1", "total": 5},
    ),
}


def test_every_preset_has_a_case() -> None:
    """The table above is complete."""
    assert set(EVENTS) == {preset.name for preset in load_destination("twilio-studio").presets}


@pytest.mark.parametrize("name", EVENTS)
async def test_a_preset_triggers(sandbox, clock, name) -> None:
    """Its event starts the flow with its parameters, another event does not, and a second one is suppressed."""
    event_name, flow, properties, parameters = EVENTS[name]
    subscription = {"name": name, "preset": name, "mapping": {"flowSid": flow, "from": "+15551234567"}}
    whole = {"type": "track", "event": event_name, "userId": "jane", "properties": properties}
    options = {"settings": sandbox.settings, "subscriptions": [subscription], "clock": clock}
    async with AsyncRuntime("twilio-studio", **options) as runtime:
        events = [whole | {"messageId": "1"}, whole | {"messageId": "2"}, whole | {"messageId": "3", "event": "Other"}]
        outcomes = [outcome.outcome for event in events for outcome in await runtime.send(event)]
    assert ["delivered", "suppressed", "filtered"] == outcomes
    assert [(flow, parameters)] == [(one.flow_sid, one.data["parameters"]) for one in sandbox.executions]
