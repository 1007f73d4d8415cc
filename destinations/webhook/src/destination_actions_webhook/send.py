"""The action: one request for an event, or for the events of a batch that go to the same place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from destination_actions import Accepted, BatchContext, MaybeSent, NotSent, Refused

from destination_actions_webhook.answers import answer_of, answer_to
from destination_actions_webhook.body import body_of
from destination_actions_webhook.payload import Send
from destination_actions_webhook.settings import Settings, has_credentials
from destination_actions_webhook.signature import signatures

LARGEST_BATCH = 100
"""Events in one request, so that the header with their keys stays below the 8 KB that servers take."""


async def send_together(ctx: BatchContext[Settings], sends: Sequence[Send]) -> list[Accepted]:
    """Send one request for all of these, which the framework has chosen to go together."""
    first = sends[0]
    try:
        body, kind = body_of(sends)
    except ValueError as error:
        raise Refused(f"the body cannot be written: {error}", code="body") from None
    headers = _headers(ctx, first, body, kind)
    try:
        response = await ctx.send(first.method, first.url, headers=headers, content=body)
    except (NotSent, MaybeSent) as error:
        answer = answer_to(error)
        if answer is None:
            raise
        raise answer from None
    with_credentials = has_credentials(ctx.settings, first.url) and not first.has_credentials
    return [answer_of(response, now=ctx.clock.now(), with_credentials=with_credentials)] * len(sends)


def _headers(ctx: BatchContext[Settings], send: Send, body: bytes, kind: str | None) -> dict[str, str]:
    """The mapped headers, those that they leave to us, and those that are always ours."""
    offered = {"Content-Type": kind, "Idempotency-Key": idempotency_key(ctx.delivery_keys)}
    keys = {"X-Delivery-Keys": ",".join(ctx.delivery_keys)} if send.enable_batching else {}
    missing = _missing(send.lines, {name: value for name, value in offered.items() if value is not None})
    return {**send.lines, **missing, **keys, **signatures(ctx.settings, body, ctx.clock.now())}


def _missing(lines: Mapping[str, str], offered: Mapping[str, str]) -> dict[str, str]:
    taken = {name.lower() for name in lines}
    return {name: value for name, value in offered.items() if name.lower() not in taken}


def idempotency_key(delivery_keys: Sequence[str]) -> str:
    """An event's delivery key; for several, the SHA-256 of their keys joined by commas."""
    if len(delivery_keys) == 1:
        return delivery_keys[0]
    return hashlib.sha256(",".join(delivery_keys).encode()).hexdigest()
