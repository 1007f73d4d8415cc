"""The action postMessage: post a message about an event."""

import re
from html import escape
from typing import Any

from destination_actions import Accepted, Action, AuthenticationFailed, Context, FieldSet, Refused, accepted, field

from destination_actions_slack.settings import Settings

GONE = {"invalid_token", "no_service", "no_service_id", "no_team", "team_disabled"}


class PostMessage(FieldSet):
    """What postMessage is given; a mapping fills it from an event."""

    text: str = field("Text", "Also what notifications show.", mapping={"@template": "{{event}}"}, maximum=40_000)
    blocks: list[dict[str, Any]] | None = field("Blocks", "Block Kit, shown for the text.", default=None, max_items=50)
    channel: str | None = field("Channel", "Only old webhooks let one choose it.", default=None)
    markup: bool = field("Markup", "Whether <...> in the text are links and mentions; else plain.", default=False)


async def perform(ctx: Context[Settings], payload: PostMessage) -> Accepted:
    """Send it; Slack answers with a word: ok, or what is wrong. Words of GONE are about the webhook itself."""
    text = payload.text if payload.markup else escape(payload.text, quote=False)
    given = {"text": text, "blocks": payload.blocks, "channel": payload.channel}
    body = {name: value for name, value in given.items() if value is not None}
    response = await ctx.send("POST", ctx.settings.webhook_url.reveal(), json=body)
    status, word = response.status_code, response.text.strip()
    if response.is_success or status == 429:
        return accepted(response, {})
    word = word if re.fullmatch("[a-z_]{2,60}", word) else "refused"
    if word in GONE:
        raise AuthenticationFailed(f"Slack answered {status} {word}: make another webhook", code=word, status=status)
    raise Refused(f"Slack answered {status} {word}", code=word, status=status)


post_message = Action(
    slug="postMessage",
    title="Post message",
    description="Post a message about an event, at most one a second through each webhook.",
    payload=PostMessage,
    perform=perform,
    default_subscription='type = "track"',
    rate=1.0,
)
