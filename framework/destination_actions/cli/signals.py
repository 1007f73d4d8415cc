"""Signals to commands that run on: the first asks them to end, the second not to wait for that."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

LAST = 1.0
"""Seconds that broken-off work has to give back what it has in hand."""


def on_signals(names: tuple[str, ...], act: Callable[[], None]) -> None:
    """Act on signals, where the system has them."""
    for name in names:
        if number := getattr(signal, name, None):
            with suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, act)


class Stops:
    """SIGTERM and SIGINT: `stop` is set at the first of them, `hurry` at the second."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._hurry = asyncio.Event()
        on_signals(("SIGTERM", "SIGINT"), self._told)

    def _told(self) -> None:
        (self._hurry if self.stop.is_set() else self.stop).set()

    async def finished(self, work: Coroutine[Any, Any, None]) -> bool:
        """Let work come to its end, and raise what it raises; False when somebody was in a hurry and it was broken
        off."""
        working, hurried = asyncio.ensure_future(work), asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({working, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if working.done():
            await working
            return True
        working.cancel()
        await asyncio.wait({working}, timeout=LAST)
        return False


def on_hangup(reload: Callable[[], Coroutine[Any, Any, object]]) -> set[asyncio.Task[object]]:
    """Reload at each SIGHUP; gives the reloads that are under way."""
    reloads: set[asyncio.Task[object]] = set()

    def told() -> None:
        reloads.add(task := asyncio.get_running_loop().create_task(reload()))
        task.add_done_callback(reloads.discard)

    on_signals(("SIGHUP",), told)
    return reloads
