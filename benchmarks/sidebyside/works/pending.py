"""What an event holds in memory while it is not done yet."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from sidebyside.job import Job, Work
from sidebyside.works.shop import Kept, numbered, runtime, shop


class Endless(Kept):
    """A perform that does not end."""

    async def perform(self, _ctx: object, _payload: object) -> Any:
        """Wait for ever."""
        await asyncio.Event().wait()


def _texts(job: Job) -> Any:
    return (orjson.dumps(event) for event in numbered(job.inputs["event"]))


def pending(job: Job) -> Work:
    """Under way: sent, claimed, and its perform waits for an API."""
    sending, texts, tasks = runtime(job, shop(job, Endless())), _texts(job), set[Any]()

    async def begin(count: int) -> None:
        tasks.update(asyncio.ensure_future(sending.send(orjson.loads(next(texts)))) for _ in range(count))
        await asyncio.sleep(0.2)

    return Work(once=lambda: None, check=lambda: "pending", begin=begin)


def waiting(job: Job) -> Work:
    """In the queue in memory, waiting for its turn."""
    sending, texts = runtime(job, shop(job, Kept())), _texts(job)

    async def begin(count: int) -> None:
        await sending.enqueue([orjson.loads(next(texts)) for _ in range(count)])

    return Work(once=lambda: None, check=lambda: "pending", begin=begin)
