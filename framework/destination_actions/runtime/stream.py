"""Many events with a bound on how many are under way; slow consumers slow the source down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Source: TypeAlias = "Iterable[T] | AsyncIterable[T]"


async def bounded(items: Source[T], work: Callable[[T], Awaitable[R]], *, limit: int) -> AsyncGenerator[R, None]:
    """Give the results of `work`, each as soon as it is there, with at most `limit` under way or not yet taken.

    An item is read from the source only when there is room. Leaving the iteration early cancels what is under way.
    """
    if limit < 1:
        raise ValueError(f"concurrency must be at least 1, not {limit}")
    pending: set[asyncio.Task[R]] = set()
    try:
        async with aclosing(each(items)) as source:
            async for item in source:
                pending.add(asyncio.ensure_future(work(item)))
                if len(pending) >= limit:
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        yield task.result()
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        await cancelled(pending)


async def each(items: Source[T]) -> AsyncGenerator[T, None]:
    """Iterate over either kind of source."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    for item in items:
        yield item


async def cancelled(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks and wait for their end."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
