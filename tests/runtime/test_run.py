"""Many events: the queue behind `run`, its retries, and the bound of `stream`."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from destination_actions import Delivered, Failed
from notes import SUBSCRIPTION, destination


def track(message: str, user: str = "u1") -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user}


async def test_run_retries_until_delivered(make, api, clock) -> None:
    """A 429 waits for its Retry-After and then goes; the clock moves, nobody sleeps."""
    api.script = [httpx.Response(429, headers={"retry-after": "5"}), httpx.Response(429)]
    before = clock.now()
    outcomes = [outcome async for outcome in make().run([track("m1")], retry_for=60)]
    assert ["delivered"] == [outcome.outcome for outcome in outcomes]
    assert 5 <= clock.now() - before <= 60


async def test_run_gives_up_when_the_time_is_over(make, api) -> None:
    """The last outcome is then Failed, and the delivery is kept among the dead."""
    api.script = [httpx.Response(429, headers={"retry-after": "30"})] * 5
    outcomes = [outcome async for outcome in make().run([track("m1")], retry_for=60)]
    assert [Failed] == [type(outcome) for outcome in outcomes]
    assert 2 <= len(api.requests) <= 3


async def test_run_gives_every_outcome_once(make, api) -> None:
    """A hundred events of ten people: ten delivered, ninety suppressed, pages filtered."""
    events = [track(f"m{n}", f"u{n % 10}") for n in range(100)] + [{"type": "page", "messageId": "p"}]
    outcomes = [outcome async for outcome in make().run(events, concurrency=8)]
    kinds = [outcome.outcome for outcome in outcomes]
    assert {"delivered": 10, "suppressed": 90, "filtered": 1} == {kind: kinds.count(kind) for kind in set(kinds)}
    assert 101 == len({outcome.message_id for outcome in outcomes})
    assert 10 == len(api.requests)


async def test_run_ends_when_its_consumer_leaves(make) -> None:
    """Leaving the iteration cancels what is under way and leaves no task behind."""
    before = asyncio.all_tasks()
    outcomes = make().run([track(f"m{n}", f"u{n}") for n in range(50)], concurrency=4)
    await anext(outcomes)
    await outcomes.aclose()
    assert before == asyncio.all_tasks()


async def test_an_unreadable_source_is_raised(make) -> None:
    """An error of the source reaches the caller after what was already taken."""

    def source() -> Any:
        yield track("m1")
        raise OSError("disk")

    outcomes = make().run(source())
    assert isinstance(await anext(outcomes), Delivered)
    with pytest.raises(OSError, match="disk"):
        await anext(outcomes)


async def test_stream_reads_no_further_than_its_bound(make, api) -> None:
    """With three at a time, the source is asked for no fourth event while none is done."""
    asked: list[int] = []
    gate = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return httpx.Response(201, json={})

    def source() -> Any:
        for n in range(10):
            asked.append(n)
            yield track(f"m{n}", f"u{n}")

    api.script = [slow] * 10
    results = make().stream(source(), concurrency=3)
    first = asyncio.ensure_future(anext(results))
    for _ in range(50):
        await asyncio.sleep(0)
    assert [0, 1, 2] == asked
    gate.set()
    rest = [await first, *[item async for item in results]]
    assert 10 == len(rest)
    assert all(isinstance(outcome, Delivered) for _, [outcome] in rest)


async def test_a_thousand_subscriptions_are_indexed(make, api) -> None:
    """Only the subscriptions whose type and event name fit are looked at."""
    many = [SUBSCRIPTION | {"name": f"s{n}", "subscribe": f'type = "track" and event = "E{n}"'} for n in range(1000)]
    runtime = make(destination(), subscriptions=many)
    event = track("m1") | {"event": "E7"}
    assert frozenset({7}) == runtime.plan.candidates(event)
    outcomes = await runtime.send(event)
    assert 1000 == len(outcomes)
    assert ["s7"] == [outcome.subscription for outcome in outcomes if isinstance(outcome, Delivered)]
