"""What an embedder may hand in as stores."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import pytest
from destination_actions import AsyncRuntime, ConfigurationError, hookimpl
from destination_actions.config import config_from_python
from destination_actions.protocols import Claim, ClaimTimes
from destination_actions.stores import open_stores
from notes import SETTINGS, SUBSCRIPTION, destination

SHORT = ClaimTimes(lease=2.0, send=2.0, grace=0.5)


class Notes:
    """A plugin that offers the destination."""

    @hookimpl
    def register_destinations(self) -> list[Any]:
        """The one."""
        return [destination()]


@pytest.mark.parametrize("stores", [5, object(), "redis:", "sqlite"])
async def test_what_is_no_store_is_refused_when_the_runtime_is_built(make, stores) -> None:
    """A wrong object and an unknown scheme are configuration errors, before any event."""
    with pytest.raises(ConfigurationError, match="store"):
        make(stores=stores)


async def test_a_forked_child_is_told_to_build_its_own(make, monkeypatch) -> None:
    """A runtime that was used before a fork holds its parent's files; it says so instead of using them."""
    runtime = make()
    await runtime.send({"type": "page"})
    await runtime.send({"type": "track", "userId": "u", "messageId": "m"})
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(RuntimeError, match="forked"):
        await runtime.send({"type": "track", "userId": "u", "messageId": "m2"})


async def test_a_request_ends_before_the_window_that_the_given_stores_opened_for_it(make, api, clock) -> None:
    """The commit of a mark stands still for 4 s, longer than the stores take a request to be under way: somebody else
    acts meanwhile, and the request does not leave any more, although the runtime was told no times."""
    stores = open_stores("memory:", clock=clock, times=SHORT)
    mark = stores.claims.mark_sent
    runtime = make(stores=stores, subscriptions=[SUBSCRIPTION | {"mapping": {"period": 1}}])
    others: list[Any] = []
    stalls = [4.0]

    async def slow(claim: Claim) -> bool:
        marked = await mark(claim)
        if stalls:
            clock.advance(stalls.pop())
            others.extend(await runtime.send({"type": "track", "userId": "jane", "messageId": "m2"}))
        return marked

    stores.claims.mark_sent = slow
    [lost] = await runtime.send({"type": "track", "userId": "jane", "messageId": "m1"})
    assert 1 == len(api.requests)
    assert (["delivered"], "failed", "busy") == ([one.outcome for one in others], lost.outcome, lost.reason)


async def test_other_times_than_those_of_the_given_stores_are_refused(make, clock) -> None:
    """Whoever asks for other times of claims than the stores were opened with is told which, when it is built."""
    stores = open_stores("memory:", clock=clock, times=SHORT)
    longer = ClaimTimes(lease=2.0, send=3.0)
    config = dataclasses.replace(config_from_python("notes", SETTINGS, [SUBSCRIPTION]), times=longer)
    told = r"send 3 s, not 2 s; grace 5 s, not 0\.5 s"
    with pytest.raises(ConfigurationError, match=told):
        make(stores=stores, times=longer)
    with pytest.raises(ConfigurationError, match=told):
        AsyncRuntime.from_config(config, stores=stores, plugins=[Notes()])
    make(stores=stores, times=SHORT)
