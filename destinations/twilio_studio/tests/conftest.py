"""The real plugin in a real runtime against the sandbox, over loopback HTTP, in time that a test moves."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from destination_actions import AsyncRuntime
from destination_actions.testing import ManualClock
from destination_actions_twilio_studio.sandbox import DEMO, Sandbox

FLOW = "FW00000000000000000000000000000005"
SENDER = "+15551234567"


@pytest.fixture
def clock() -> ManualClock:
    """Time of runtime and sandbox; a sleep lets it pass."""
    return ManualClock(auto=True)


@pytest.fixture
async def open_sandbox(clock: ManualClock) -> AsyncIterator[Callable[..., Any]]:
    """Open sandboxes on changed demo worlds; closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_one(**changes: Any) -> Sandbox:
            world = dataclasses.replace(DEMO, **changes)
            return await stack.enter_async_context(Sandbox(world, clock=clock.now, drip=0.001))

        yield open_one


@pytest.fixture
async def sandbox(open_sandbox: Callable[..., Any]) -> Sandbox:
    """The demo's world."""
    return await open_sandbox()


@pytest.fixture
async def make(clock: ManualClock) -> AsyncIterator[Callable[..., AsyncRuntime]]:
    """Build a runtime with one subscription to a sandbox: `make(sandbox, to="+1555...", settings={...})`."""
    async with AsyncExitStack() as stack:

        def build(sandbox: Sandbox, settings: Any = None, options: Any = None, **mapping: Any) -> AsyncRuntime:
            subscription = {
                "name": "Test",
                "subscribe": 'type != "page"',
                "action": "triggerStudioFlow",
                "mapping": {"flowSid": FLOW, "from": SENDER} | mapping,
            }
            runtime = AsyncRuntime(
                "twilio-studio",
                settings=sandbox.settings | (settings or {}),
                subscriptions=[subscription],
                **({"clock": clock} | (options or {})),
            )
            stack.push_async_callback(runtime.aclose)
            return runtime

        yield build


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Make a track event: `event("m1", userId="ravi")`."""

    def make_one(message: str = "m1", **changes: Any) -> dict[str, Any]:
        whole = {"type": "track", "event": "Order Completed", "messageId": message, "userId": "jane"} | changes
        return {key: value for key, value in whole.items() if value is not None}

    return make_one
