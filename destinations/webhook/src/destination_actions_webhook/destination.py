"""The destination: a webhook."""

from __future__ import annotations

from destination_actions import Action, Destination, Preset

from destination_actions_webhook.credentials import authentication
from destination_actions_webhook.payload import Send, together
from destination_actions_webhook.send import LARGEST_BATCH, send_together
from destination_actions_webhook.settings import Settings, allowed_networks, origins

send = Action(
    slug="send",
    title="Send",
    description="Send an event, or a part of it, to an HTTP address.",
    payload=Send,
    perform_batch=send_together,
    batch_key=together,
    batch_size=LARGEST_BATCH,
)

destination = Destination(
    slug="webhook",
    aliases=("actions-webhook",),
    name="Webhook",
    description="Sends events to any HTTP address, signed, and never to an address inside.",
    settings=Settings,
    actions=(send,),
    presets=(
        Preset("Forward track calls", "send", 'type = "track"', {}, "Sends every track call as it is; needs a url."),
        Preset("Forward identify calls", "send", 'type = "identify"', {}, "Sends every identify call as it is."),
    ),
    authentication=authentication,
    origins=origins,
    allowed_addresses=allowed_networks,
)
