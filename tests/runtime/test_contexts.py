"""What plugin code is given is made as it looks, and cannot be told from what was made before."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
from destination_actions import Accepted, Context
from destination_actions.context import BatchContext
from notes import action, destination

EVENT = {"type": "track", "messageId": "m1", "userId": "u1", "properties": {"tags": ["a"]}}


@pytest.fixture
async def seen(make) -> list[Any]:
    """The context of a delivery, and that of a batch."""
    found: list[Any] = []

    async def looking(ctx: Any, payload: Any) -> Any:
        found.append(ctx)
        return [Accepted() for _ in payload] if isinstance(payload, list) else Accepted()

    await make(destination(action(perform=looking))).send(EVENT)
    await make(destination(action(perform=looking, perform_batch=looking, batch_size=2))).send_batch(
        [EVENT, EVENT | {"messageId": "m2", "userId": "u2"}]
    )
    return found


async def test_every_field_is_there_and_stays_the_same(seen) -> None:
    """The event is a copy, made once."""
    alone, batch = seen
    assert (True, True) == (isinstance(alone, Context), isinstance(batch, BatchContext))
    assert (EVENT, "m1", "notes", None) == (alone.event, alone.message_id, alone.subscription, alone.attempted)
    for context, events in ((alone, [alone.event]), (batch, batch.events)):
        for field in dataclasses.fields(context):
            assert getattr(context, field.name) is getattr(context, field.name)
        assert events[0] is not EVENT
        assert events[0]["properties"]["tags"] is not EVENT["properties"]["tags"]
        assert "acme" == context.settings.account
        assert "notes" == context.log.extra["subscription"]
    assert alone.delivery_key == batch.delivery_keys[0]


async def test_it_is_a_frozen_value_like_any(seen) -> None:
    """It can be compared, shown, copied and replaced in part, and nothing can be set."""
    for context in seen:
        other = dataclasses.replace(context, subscription="other")
        assert ("other", context.clock) == (other.subscription, other.clock)
        assert dataclasses.replace(context) == context == copy.copy(context)
        assert "Context(settings=Settings(account='acme', token=***), subscription='notes'" in repr(context)
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            context.subscription = "mine"
        with pytest.raises(AttributeError, match="no attribute 'evnt'"):
            _ = context.evnt
