"""Synchronous plugin code: it runs in a worker thread and reaches the runtime's loop through a blocking facade.

So a plain `def perform` uses the same engine, the same claim and the same deadline as an `async def` one.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from destination_actions.context import BlockingContext, Context
from destination_actions.protocols import Response


@dataclass(frozen=True, slots=True)
class _Blocking:
    """Runs coroutines of the runtime's loop from another thread and waits for them."""

    loop: asyncio.AbstractEventLoop
    call: Callable[..., Coroutine[Any, Any, Response]]

    def __call__(self, *arguments: Any, **options: Any) -> Response:
        """Call and wait."""
        return asyncio.run_coroutine_threadsafe(self.call(*arguments, **options), self.loop).result()


@dataclass(frozen=True, slots=True)
class _BlockingReads:
    loop: asyncio.AbstractEventLoop
    reads: Any

    def get(self, url: str, **options: Any) -> Response:
        """As `Reads.get`."""
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> Response:
        """As `Reads.request`."""
        return _Blocking(self.loop, self.reads.request)(method, url, **options)


class Threads:
    """The worker threads of one runtime; started when the first synchronous action runs."""

    def __init__(self, limit: int = 32) -> None:
        self._limit = limit
        self._pool: ThreadPoolExecutor | None = None

    def run(self, call: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
        """Run a plain function in a worker thread."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._limit, thread_name_prefix="destination-actions")
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    def close(self) -> None:
        """Let the threads end when their work is done."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


@lru_cache(maxsize=256)  # asked for every event, and looked up in ten times as long
def is_async(call: Callable[..., Any]) -> bool:
    """Whether calling it gives something to await."""
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)


def blocking(context: Context[Any]) -> BlockingContext[Any]:
    """Give the same context for a worker thread. Must be called on the loop."""
    loop = asyncio.get_running_loop()
    return BlockingContext(
        settings=context.settings,
        subscription=context.subscription,
        clock=context.clock,
        log=context.log,
        event=context.event,
        message_id=context.message_id,
        delivery_key=context.delivery_key,
        http=_BlockingReads(loop, context.http),
        send=_Blocking(loop, context.send),
        attempted=context.attempted,
        attempted_until=context.attempted_until,
        sync_mode=context.sync_mode,
    )
