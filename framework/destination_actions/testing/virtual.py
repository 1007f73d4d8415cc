"""Virtual time: an event loop that skips the waiting, and a clock that reads it.

On a `VirtualLoop` whatever waits for time (`asyncio.sleep`, `asyncio.timeout`, retries, leases, deadlines) waits no
real time: when nothing is ready, the loop's time moves to the next timer. Nothing is patched, and the order of events
is the same in every run. It is not for real networks: an answer that is still on its way is not waited for.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, TypeVar, TypeVarTuple

from destination_actions.errors import ConfigurationError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START: Final = "2026-01-01T00:00:00Z"
"""When a test begins, unless it says otherwise."""

_job: ContextVar[object] = ContextVar("destination_actions_job", default=None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time moves only when nothing is left to do at the present moment.

    Worker threads count as something to do: while one computes, time stands still (a thread that takes longer in real
    time than the next timer is away lets that timer fire); while it waits for a coroutine of the loop, it does not.
    """

    def __init__(self) -> None:
        self._moment = 1_000.0
        self._jobs: dict[object, int] = {}
        super().__init__(_Skipping(self))

    def time(self) -> float:
        """The loop's own seconds."""
        return self._moment

    def skip(self, seconds: float) -> None:
        """Let time pass: a shade more than `seconds`, so that a timer due then is over, however large the numbers."""
        self._moment = math.nextafter(self._moment + seconds, math.inf)

    @property
    def working(self) -> bool:
        """Whether a worker thread computes; one that waits for a task of this loop does not."""
        return 0 in self._jobs.values()

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Start a task, and note for which worker thread."""
        task: asyncio.Task[Any] = super().create_task(coro, **options)
        job = _job.get()
        if job in self._jobs:
            self._jobs[job] += 1
            task.add_done_callback(lambda _: self._ended(job))
        return task

    def _ended(self, job: object) -> None:
        if job in self._jobs:
            self._jobs[job] -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a function in a worker thread, and note that it is at work."""
        job = object()
        self._jobs[job] = 0

        def run() -> T:
            _job.set(job)
            return func(*args)

        future: asyncio.Future[T] = super().run_in_executor(executor, run)
        future.add_done_callback(lambda _: self._jobs.pop(job, None))
        return future


class _Skipping(selectors.BaseSelector):
    """A selector that moves the loop's time instead of waiting."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = self._real.select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None or self._loop.working:
            found = self._real.select(timeout)
        if not found and timeout is not None:
            self._loop.skip(timeout)
        return found

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def close(self) -> None:
        self._real.close()


class VirtualClock:
    """A `Clock` on a `VirtualLoop`; `start` is RFC 3339 text or seconds since 1970."""

    boot: Final = "virtual"
    """Names the boot that `monotonic` counts in."""

    def __init__(self, loop: VirtualLoop, start: str | float = START) -> None:
        self._loop = loop
        self._offset = instant(start) - loop.time()

    def now(self) -> float:
        """Wall-clock seconds since 1970."""
        return round(self._loop.time() + self._offset, 6)

    def monotonic(self) -> float:
        """The loop's seconds."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of the loop's time."""
        await asyncio.sleep(seconds)


def instant(moment: str | float) -> float:
    """Seconds since 1970 of RFC 3339 text with an offset, or of such seconds. Raises `ConfigurationError`."""
    if not isinstance(moment, str):
        return float(moment)
    try:
        time = datetime.fromisoformat(moment)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        hint = 'write it as in "2026-03-02T09:30:00Z"'
        raise ConfigurationError(f'"{moment}" is not a moment with a time zone', hint=hint)
    return time.timestamp()
