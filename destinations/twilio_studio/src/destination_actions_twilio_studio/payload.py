"""What the action is given for one event, and whom it then leaves in peace."""

from __future__ import annotations

from typing import Any

from destination_actions import Cooldown, FieldProblem, FieldSet, Refused, field

from destination_actions_twilio_studio.phones import ADDRESS_PATTERN, SENDER_PATTERN, channel_of
from destination_actions_twilio_studio.settings import Settings

LONGEST_PERIOD = 365 * 24 * 3600
"""Seconds of a year."""


def _somebody(flow: TriggerStudioFlow) -> FieldProblem | None:
    if flow.user_id is None and flow.anonymous_id is None:
        message = "is missing, and so is Anonymous ID: without one of them there is nobody to contact"
        return FieldProblem("user_id", message, code="required")
    return None


def _not_to_itself(flow: TriggerStudioFlow) -> FieldProblem | None:
    if flow.to is not None and flow.to == flow.from_:
        return FieldProblem("to", "must differ from From: a number cannot contact itself", code="same_number")
    return None


class TriggerStudioFlow(FieldSet):
    """One start of a flow."""

    flow_sid: str = field(
        "Flow SID", "The Flow to start; it must be published.", pattern="^FW[0-9a-fA-F]{32}$", placeholder="FW..."
    )
    from_: str = field(
        "From Phone Number",
        "The number that the flow contacts people from, in E.164 form, or a Messaging Service SID (MG...).",
        pattern=SENDER_PATTERN,
        placeholder="+15551234567",
    )
    cooling_off_period: int = field(
        "Cooling-off Period",
        "Seconds in which this flow is not started again for the same person; 0 turns it off.",
        default=60,
        minimum=0,
        maximum=LONGEST_PERIOD,
    )
    to: str | None = field(
        "To Phone Number",
        "In E.164 form. Left out, the person's newest phone number is looked up in Segment.",
        pattern=ADDRESS_PATTERN,
        default=None,
    )
    parameters: dict[str, Any] | None = field(
        "Parameters", "Anything the flow should know; it reads {{flow.data.parameters.<key>}}.", default=None
    )
    user_id: str | None = field("User ID", "Whom the event is about.", mapping="userId", default=None, hidden=True)
    anonymous_id: str | None = field(
        "Anonymous ID",
        "Used where there is no user ID, or no phone number under it.",
        mapping="anonymousId",
        default=None,
        hidden=True,
    )
    event_name: str | None = field("Event Name", "Name of a track event.", mapping="event", default=None, hidden=True)
    message_id: str | None = field("Message ID", "Of the event.", mapping="messageId", default=None, hidden=True)
    event_type: str | None = field(
        "Event Type", "Ignored: any event may start a flow.", default=None, hidden=True, deprecated=True
    )

    validators = (_somebody, _not_to_itself)

    @property
    def person(self) -> tuple[str, str]:
        """Kind and id: `("u", user id)` or `("a", anonymous id)`; the same text is not the same person in both."""
        return ("u", self.user_id) if self.user_id is not None else ("a", self.anonymous_id or "")


def cooldown(settings: Settings, flow: TriggerStudioFlow) -> Cooldown:
    """One flow of one account leaves one person in peace. Raises `Refused` for a channel that is not allowed."""
    channel = channel_of(flow.from_) or channel_of(flow.to or "")
    if channel and not settings.allow_channel_prefixes:
        message = f'the address begins with "{channel}", and allowChannelPrefixes is off'
        raise Refused(message, code="channel_not_allowed")
    return Cooldown(settings.account_sid, flow.flow_sid, flow.person, seconds=flow.cooling_off_period)
