"""A claim store that is out of order: `onStoreError` decides, and what may have been executed is never sent blindly."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from destination_actions import Delivered, Failed, Found, StoreError
from notes import action, destination


def track(message: str = "m1", user: str = "jane") -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user}


class Outage:
    """Lets operations of a store fail while it lasts."""

    def __init__(self, store: Any, *names: str) -> None:
        self._store, self._names = store, names

    def __enter__(self) -> None:
        async def fails(*_: Any, **__: Any) -> Any:
            raise StoreError("the disk is on fire")

        for name in self._names:
            setattr(self._store, name, fails)

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            delattr(self._store, name)


async def test_closed_keeps_the_event(make, api) -> None:
    """Nothing is sent, no attempt is used, and the same event goes when the store is back."""
    runtime = make()
    with Outage(runtime.stores.claims, "claim"):
        [kept] = await runtime.send(track())
    assert ("failed", "store", False, 0) == (kept.outcome, kept.reason, kept.counts, len(api.requests))
    assert "the disk is on fire" in kept.message
    [delivered] = await runtime.send(track())
    assert isinstance(delivered, Delivered)
    assert {} == runtime.unclaimed


async def test_open_sends_counts_and_warns(make, api, caplog) -> None:
    """It is sent without a claim, which the outcome, the log, the ledger and a counter say."""
    runtime = make(on_store_error="open")
    with Outage(runtime.stores.claims, "claim", "mark_sent", "confirm"):
        outcomes = [(await runtime.send(track(message)))[0] for message in ("m1", "m2")]
    assert [("delivered", True)] * 2 == [(one.outcome, one.to_json()["unclaimed"]) for one in outcomes]
    assert 2 == len(api.requests)
    assert {"notes": 2} == runtime.unclaimed
    assert 2 == sum("sending without a claim" in record.getMessage() for record in caplog.records)
    [tally] = await runtime.stores.ledger.tallies()
    assert ("delivered", "unclaimed", 2) == (tally.state, tally.reason, tally.count)


async def test_a_claim_that_was_made_is_not_called_unclaimed(make) -> None:
    """With the store at work, open changes nothing."""
    [outcome] = await make(on_store_error="open").send(track())
    assert "unclaimed" not in outcome.to_json()


async def test_open_keeps_to_the_rate_of_this_process(make, clock) -> None:
    """With the shared rates out of order too, a process keeps to the rate by itself."""
    runtime = make(destination(action(rate=2.0)), on_store_error="open")
    began = clock.monotonic()
    with Outage(runtime.stores.claims, "claim"), Outage(runtime.stores.rates, "take_rate"):
        outcomes = [(await runtime.send(track(f"m{n}", f"u{n}")))[0].outcome for n in range(5)]
    assert ["delivered"] * 5 == outcomes
    assert 2.0 == pytest.approx(clock.monotonic() - began)


async def test_what_was_found_executed_is_not_sent_again(make, api, clock) -> None:
    """A read-back finds it in another's window, and the store fails at recording that: it is delivered, not sent."""

    async def find(ctx: Any, note: Any) -> Found:
        return Found({"id": "earlier"})

    runtime = await cooling_after_an_unknown(make, api, clock, find)
    before = len(api.requests)
    with Outage(runtime.stores.claims, "settle"):
        [found] = await runtime.send(track("m1"))
    assert ("delivered", True, {"id": "earlier"}) == (found.outcome, found.repeated, found.data)
    assert before == len(api.requests)


async def test_a_known_window_is_kept_when_the_store_then_fails(make, api, clock) -> None:
    """Another's window is open and a read-back found nothing; that the store fails now is no reason to send."""
    asked: list[int] = []

    async def find(ctx: Any, note: Any) -> None:
        asked.append(1)

    runtime = await cooling_after_an_unknown(make, api, clock, find)
    before, claim = len(api.requests), runtime.stores.claims.claim

    async def fails_when_checked(request: Any) -> Any:
        if request.checked:
            raise StoreError("the disk is on fire")
        return await claim(request)

    runtime.stores.claims.claim = fails_when_checked
    [kept] = await runtime.send(track("m1"))
    assert isinstance(kept, Failed)
    assert ("store", False) == (kept.reason, kept.counts)
    assert (1, before) == (len(asked), len(api.requests))


async def cooling_after_an_unknown(make: Any, api: Any, clock: Any, find: Any) -> Any:
    """m1's outcome is unknown, its window is over, and m2 was delivered since."""
    api.script = [httpx.Response(500)]
    runtime = make(destination(action(reconcile=find)), on_store_error="open", busy_wait=0)
    await runtime.send(track("m1"))
    clock.advance(60 + 15)
    [delivered] = await runtime.send(track("m2"))
    assert isinstance(delivered, Delivered)
    return runtime
