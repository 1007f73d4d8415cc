"""Ready-made subscriptions. Each still needs a Flow SID and a From number."""

from __future__ import annotations

from destination_actions import Preset

ACTION = "triggerStudioFlow"

PRESETS = (
    Preset(
        "Onboarding on sign-up",
        ACTION,
        'type = "track" and event = "Signed Up"',
        {
            "coolingOffPeriod": 86400,
            "parameters": {
                "firstName": {"@path": "$.context.traits.first_name"},
                "plan": {"@path": "$.properties.plan"},
            },
        },
        "Welcomes new users and walks them through their first steps.",
    ),
    Preset(
        "Support workflow",
        ACTION,
        'type = "track" and event = "Support Requested"',
        {
            "coolingOffPeriod": 600,
            "parameters": {"ticketId": {"@path": "$.properties.ticket_id"}, "topic": {"@path": "$.properties.topic"}},
        },
        "Asks what is wrong and routes the person to the right team.",
    ),
    Preset(
        "Phone survey after a purchase",
        ACTION,
        'type = "track" and event = "Order Delivered"',
        {"coolingOffPeriod": 604800, "parameters": {"orderId": {"@path": "$.properties.order_id"}}},
        "Calls people once their order has arrived, at most once a week.",
    ),
    Preset(
        "Appointment reminder",
        ACTION,
        'type = "track" and event = "Appointment Upcoming"',
        {
            "coolingOffPeriod": 3600,
            "parameters": {
                "appointmentId": {"@path": "$.properties.appointment_id"},
                "startsAt": {"@path": "$.properties.starts_at"},
            },
        },
        "Reminds people of an appointment and lets them confirm or move it.",
    ),
    Preset(
        "Post-purchase follow-up",
        ACTION,
        'type = "track" and event = "Order Completed"',
        {
            "coolingOffPeriod": 300,
            "parameters": {"orderId": {"@path": "$.properties.order_id"}, "total": {"@path": "$.properties.total"}},
        },
        "Follows up on a completed order, at most once in five minutes.",
    ),
)
