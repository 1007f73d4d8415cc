"""The notes destination over an httpx mock transport, and time that only moves when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from destination_actions import AsyncRuntime
from destination_actions.testing import ManualClock
from notes import SETTINGS, SUBSCRIPTION, Api, destination


@pytest.fixture
def api() -> Api:
    """The other side."""
    return Api()


@pytest.fixture
def clock() -> ManualClock:
    """Time that tests move."""
    return ManualClock(auto=True)


@pytest.fixture
async def make(api: Api, clock: ManualClock) -> AsyncIterator[Callable[..., AsyncRuntime]]:
    """Build runtimes over the scripted API; closed at the end."""
    made: list[AsyncRuntime] = []

    def build(target: Any = None, subscriptions: Any = (SUBSCRIPTION,), **options: Any) -> AsyncRuntime:
        parts = {"http": httpx.MockTransport(api), "clock": clock, "settings": SETTINGS} | options
        made.append(AsyncRuntime(target or destination(), subscriptions=list(subscriptions), **parts))
        return made[-1]

    yield build
    for runtime in made:
        await runtime.aclose()
