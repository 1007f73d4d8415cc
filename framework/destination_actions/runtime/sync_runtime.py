"""The same runtime for synchronous programs: one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from destination_actions.config import Config
from destination_actions.definitions import Check, ChoicePage, ChoiceQuery, Destination
from destination_actions.events import Event
from destination_actions.outcomes import Outcome
from destination_actions.runtime.async_runtime import AsyncRuntime
from destination_actions.runtime.explain import SubscriptionExplanation
from destination_actions.runtime.plan import Plan

T = TypeVar("T")


class Runtime:
    """`AsyncRuntime` behind plain methods; takes the same arguments. May be used from several threads.

    Its thread starts at first use, so a process may be forked from one that has only built it (as servers do that load
    the program and then fork); one that has been used belongs to its process.
    """

    def __init__(
        self,
        destination: str | Destination[Any],
        *,
        settings: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        self._start(AsyncRuntime(destination, settings=settings, subscriptions=subscriptions, **options))

    @classmethod
    def from_config(cls, config: str | Path | Config, **equipment: Any) -> Runtime:
        """As `AsyncRuntime.from_config`."""
        runtime = cls.__new__(cls)
        runtime._start(AsyncRuntime.from_config(config, **equipment))
        return runtime

    def _start(self, inner: AsyncRuntime) -> None:
        self._inner = inner
        self._starting = threading.Lock()
        self._engine: _Engine | None = None
        self._closed = False

    @property
    def plan(self) -> Plan:
        """As `AsyncRuntime.plan`."""
        return self._inner.plan

    def send(self, event: Event) -> list[Outcome]:
        """As `AsyncRuntime.send`."""
        return self._wait(self._inner.send(event))

    def send_batch(self, events: Sequence[Event]) -> list[list[Outcome]]:
        """As `AsyncRuntime.send_batch`."""
        return self._wait(self._inner.send_batch(events))

    def run(self, events: Iterable[Event], *, retry_for: float = 60.0, concurrency: int = 64) -> Iterator[Outcome]:
        """As `AsyncRuntime.run`."""
        outcomes = self._inner.run(events, retry_for=retry_for, concurrency=concurrency)
        with suppress(StopAsyncIteration):
            while True:
                yield self._wait(_next(outcomes))

    def explain(self, event: Event) -> list[SubscriptionExplanation]:
        """As `AsyncRuntime.explain`."""
        return self._inner.explain(event)

    def test_authentication(self) -> dict[str, Sequence[Check]]:
        """As `AsyncRuntime.test_authentication`."""
        return self._wait(self._inner.test_authentication())

    def choices(self, destination: str, action: str, field: str, query: ChoiceQuery | None = None) -> ChoicePage:
        """As `AsyncRuntime.choices`."""
        return self._wait(self._inner.choices(destination, action, field, query))

    def delete(self, event: Event) -> list[Outcome]:
        """As `AsyncRuntime.delete`."""
        return self._wait(self._inner.delete(event))

    def close(self) -> None:
        """Close the runtime and end its thread. May be called twice."""
        self._closed, was_closed = True, self._closed
        if was_closed or self._engine is None or self._engine.foreign:
            return
        self._engine.result(self._inner.aclose())
        self._engine.end()

    def __enter__(self) -> Runtime:
        """Give the runtime itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            engine = self._running()
        except RuntimeError:
            work.close()
            raise
        return engine.result(work)

    def _running(self) -> _Engine:
        if self._closed:
            raise RuntimeError("this runtime is closed")
        with self._starting:
            engine = self._engine = self._engine or _Engine()
        if engine.foreign:
            raise RuntimeError("this runtime was used before the process was forked; build one in each process")
        if threading.current_thread() is engine.thread:
            raise RuntimeError("a synchronous runtime cannot be called from its own loop; use AsyncRuntime there")
        return engine


class _Engine:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._loop = _new_loop()
        self.thread = threading.Thread(target=self._loop.run_forever, name="destination-actions", daemon=True)
        self.thread.start()

    @property
    def foreign(self) -> bool:
        """Whether it was started by another process, whose thread is not in this one."""
        return self._process != os.getpid()

    def result(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """Stop and close the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.thread.join()
        self._loop.close()


async def _next(outcomes: Any) -> Outcome:
    outcome: Outcome = await anext(outcomes)
    return outcome


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
