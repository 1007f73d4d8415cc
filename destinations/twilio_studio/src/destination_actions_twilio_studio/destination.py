"""The destination: Twilio Studio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from destination_actions import Action, Destination

from destination_actions_twilio_studio.credentials import authentication
from destination_actions_twilio_studio.flow import start_flow
from destination_actions_twilio_studio.guide import guide
from destination_actions_twilio_studio.payload import TriggerStudioFlow, cooldown
from destination_actions_twilio_studio.presets import ACTION, PRESETS
from destination_actions_twilio_studio.reconcile import find_execution
from destination_actions_twilio_studio.settings import Settings, origins

SHARE: Final = 0.95
"""Of the account's rate: requests do not arrive as evenly as they leave, and the limit holds in every second."""


@asynccontextmanager
async def _sandbox() -> AsyncIterator[Mapping[str, Any]]:
    from destination_actions_twilio_studio.sandbox import Sandbox

    async with Sandbox() as sandbox:
        yield sandbox.settings


trigger_studio_flow = Action(
    slug=ACTION,
    title="Trigger Studio Flow",
    description="Start a Twilio Studio Flow for the person of an event, at most once in a cooling-off period.",
    payload=TriggerStudioFlow,
    perform=start_flow,
    cooldown=cooldown,
    reconcile=find_execution,
    rate=lambda settings: settings.executions_per_second * SHARE,
)

destination = Destination(
    slug="twilio-studio",
    aliases=("actions-twilio-studio",),
    name="Twilio Studio",
    description="Starts Twilio Studio Flows (calls, messages, surveys) from events.",
    settings=Settings,
    actions=(trigger_studio_flow,),
    presets=PRESETS,
    authentication=authentication,
    origins=origins,
    account=lambda settings: settings.account_sid,
    sandbox=_sandbox,
    guide=guide,
)
