"""Notices plugin code that blocks the event loop, and says which plugin and where.

A blocked loop delays every delivery of the process. The loop sets a mark every so often; a thread of its own looks
whether the mark is fresh, and otherwise logs the stack that the loop is stuck in. It costs nothing while an event is on
its way.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback

log = logging.getLogger("destination_actions")

LIMIT = 0.25
"""Seconds that the loop may be blocked before it is reported."""


class Watchdog:
    """Watches one event loop from another thread, until it is stopped."""

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._mark = time.monotonic()
        self._stopped = threading.Event()
        self._handle: asyncio.Handle | None = None

    def start(self) -> None:
        """Begin to watch the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._beat()
        threading.Thread(target=self._watch, name="destination-actions-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more. May be called twice."""
        self._stopped.set()
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self) -> None:
        self._mark = time.monotonic()
        if not self._stopped.is_set():
            self._handle = self._loop.call_later(self._limit / 2, self._beat)

    def _watch(self) -> None:
        """Report a block when it passes the limit, and again each time that its length has doubled."""
        watched, limit = self._mark, self._limit
        while not self._stopped.wait(self._limit / 2) and not self._loop.is_closed():
            if not self._loop.is_running():
                # Nobody runs it now: that blocks nothing.
                self._mark = time.monotonic()
            if watched != self._mark:
                watched, limit = self._mark, self._limit
            blocked = time.monotonic() - watched
            if blocked > limit:
                limit = blocked * 2
                self._report(blocked)

    def _report(self, blocked: float) -> None:
        frame = sys._current_frames().get(self._thread)
        task = asyncio.current_task(self._loop)
        stack = "".join(traceback.format_stack(frame)) if frame else "(no stack)"
        name = task.get_name() if task else "a callback"
        log.warning("%s has blocked the event loop for %.2f s; the stack is\n%s", name, blocked, stack)
