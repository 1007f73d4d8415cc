"""Running a plugin's code so that nothing it does reaches anybody else.

Whatever it raises, `SystemExit` included, becomes a value. It has a bounded time; code that swallows its cancellation
is left alone with a fenced-off effect and counted.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from types import CoroutineType
from typing import Any

from destination_actions.runtime.classify import PluginFault
from destination_actions.runtime.eager import begun

log = logging.getLogger("destination_actions")

CANCEL_GRACE = 1.0
"""Seconds that cancelled plugin code has to finish."""

abandoned: set[asyncio.Task[object]] = set()


async def guarded(call: Callable[[], Any], *, limit: float, name: str) -> object:
    """Run `call` for up to `limit` seconds. Gives its result, or the exception that it raised.

    It runs in a task of its own. When the caller is cancelled, the call is cancelled too, and the cancellation goes on
    after it has ended.
    """
    loop = asyncio.get_running_loop()
    over_at = loop.time() + limit
    ended: list[object] = []
    task = begun(iter((_caught(call, name),)), ended, name)
    if task is None:  # it never had to wait: no timer, and no turn of the loop
        return ended[0]
    try:
        await _done_or_late(loop, task, over_at)
    except asyncio.CancelledError:
        await _ended(task, name)
        raise
    if task.done():
        return task.result()
    await _ended(task, name)
    return PluginFault(f"{name} did not finish within {limit:g} s")


async def _done_or_late(loop: asyncio.AbstractEventLoop, task: asyncio.Task[object], over_at: float) -> None:
    """As `asyncio.wait` for one task, in half of its time."""
    over: asyncio.Future[None] = loop.create_future()

    def done(_: object = None) -> None:
        if not over.done():
            over.set_result(None)

    task.add_done_callback(done)
    timer = loop.call_at(over_at, done)
    try:
        await over
    finally:
        timer.cancel()
        task.remove_done_callback(done)


async def _caught(call: Callable[[], Any], name: str) -> object:
    try:
        result = call()
        if type(result) is not CoroutineType and not inspect.isawaitable(result):
            return PluginFault(f"{name} gave {type(result).__name__}, nothing to await; make it `async def`")
        answer = await result
        return _unawaited(answer, name) if type(answer) is CoroutineType else answer
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return error


def _unawaited(result: CoroutineType[Any, Any, Any], name: str) -> PluginFault:
    result.close()
    return PluginFault(f"{name} returned a coroutine that nobody awaited; write `await` before the call")


async def _ended(task: asyncio.Task[object], name: str) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=CANCEL_GRACE)
    if not task.done():
        abandoned.add(task)
        task.add_done_callback(abandoned.discard)
        log.error("%s ignores its cancellation; it is left running without a way to send", name)
