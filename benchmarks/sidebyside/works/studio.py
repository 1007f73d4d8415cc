"""Twilio Studio against the mock on loopback: two requests an event, the person's number and the execution."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import count
from typing import Any

from destination_actions import AsyncRuntime, Delivered

from sidebyside.job import Job, Work


def sender(job: Job, **equipment: Any) -> AsyncRuntime:
    """A runtime as configured for Segment: cooldown on, no limit of executions a second, no cache of profiles."""
    given = dict(job.inputs["studio_settings"])
    subscription = {"name": "flow", "action": "triggerStudioFlow"} | given.pop("subscription")
    subscription.pop("partnerAction")
    bases = {"baseUrl": f"http://127.0.0.1:{job['port']}", "profileBaseUrl": f"http://localhost:{job['port']}"}
    settings = given | bases | {"executionsPerSecond": 0}
    return AsyncRuntime("twilio-studio", settings=settings, subscriptions=[subscription], watchdog=None, **equipment)


def people(job: Job) -> Iterator[dict[str, Any]]:
    """Events of different people, so that no cooldown stands in the way."""
    for number in count():
        name = f"{os.getpid()}-{number}"
        yield {**job.inputs["studio_event"], "userId": f"user-{name}", "messageId": f"m-{name}"}


def studio(job: Job) -> Work:
    """In memory, as the peer: events that a crash forgets."""
    sending, events = sender(job), people(job)

    async def once() -> None:
        (outcome,) = await sending.send(next(events))
        assert isinstance(outcome, Delivered), outcome

    async def check() -> str:
        await once()
        return "sent"

    return Work(once=once, check=check, close=sending.aclose)


def durable(job: Job) -> Work:
    """Every event is queued, claimed, recorded and settled in a SQLite file with synchronous FULL; the peer has neither
    queue nor claims."""
    folder = tempfile.TemporaryDirectory(dir=job["folder"])
    sending, events = sender(job, stores=f"sqlite:{folder.name}/state.db"), people(job)

    async def delivered(source: AsyncIterator[dict[str, Any]] | list[dict[str, Any]]) -> int:
        done = 0
        async with aclosing(sending.run(source, concurrency=job.options.get("concurrency", 64))) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Delivered), outcome
                done += 1
        return done

    async def stream(seconds: float) -> int:
        end = time.perf_counter() + seconds

        async def source() -> AsyncIterator[dict[str, Any]]:
            while time.perf_counter() < end:
                yield next(events)
                await asyncio.sleep(0)

        return await delivered(source())

    async def check() -> str:
        await delivered([next(events)])
        return "sent"

    async def close() -> None:
        await sending.aclose()
        folder.cleanup()

    return Work(once=lambda: None, check=check, stream=stream, close=close)
