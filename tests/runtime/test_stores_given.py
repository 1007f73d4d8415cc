"""What an embedder may hand in as stores."""

from __future__ import annotations

import os

import pytest
from destination_actions import ConfigurationError


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
