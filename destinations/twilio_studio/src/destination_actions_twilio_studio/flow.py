"""The action: start a Studio flow for the person of an event."""

from __future__ import annotations

from destination_actions import Accepted, Context, Refused, Response

from destination_actions_twilio_studio.answers import raise_for, row_of
from destination_actions_twilio_studio.executions import accepted_execution, executions_url, form_of
from destination_actions_twilio_studio.payload import TriggerStudioFlow
from destination_actions_twilio_studio.phones import channel_of
from destination_actions_twilio_studio.problems import problem_of
from destination_actions_twilio_studio.profile import latest_phone
from destination_actions_twilio_studio.reconcile import find_execution
from destination_actions_twilio_studio.settings import Settings


async def start_flow(ctx: Context[Settings], flow: TriggerStudioFlow) -> Accepted:
    """Find the person's number and start the flow for it."""
    to = flow.to or _channel(flow) + await latest_phone(ctx, flow)
    if to == flow.from_:
        raise Refused("the person's number is the number that the flow contacts from", code="same_number")
    response = await ctx.send("POST", executions_url(ctx.settings, flow), data=form_of(ctx, flow, to))
    if response.is_success:
        return accepted_execution(response)
    return await _earlier_one(ctx, flow, response) or raise_for(ctx, response)


def _channel(flow: TriggerStudioFlow) -> str:
    """The channel that the flow contacts from, in which a number that is looked up is contacted too."""
    channel = channel_of(flow.from_)
    if channel not in {"", "whatsapp:"}:
        message = f'people in the channel "{channel}" are not found by phone number: map "to"'
        raise Refused(message, code="to_needed")
    return channel


async def _earlier_one(ctx: Context[Settings], flow: TriggerStudioFlow, response: Response) -> Accepted | None:
    """A busy contact after an attempt of ours whose outcome was unknown: it may be busy with just that execution."""
    busy = row_of(response.status_code, problem_of(response).code).verdict == "busy"
    found = await find_execution(ctx, flow) if busy and ctx.attempted is not None else None
    return None if found is None else Accepted(found.data)
