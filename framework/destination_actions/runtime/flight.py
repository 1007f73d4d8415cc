"""A worker at work: over a source of events until all is done (`run`), or until it is told to stop (`work`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from destination_actions.errors import StoreError
from destination_actions.events import Event
from destination_actions.outcomes import Outcome
from destination_actions.protocols import Lease
from destination_actions.runtime.dispatch import IDLE_POLL, Dispatcher
from destination_actions.runtime.stream import Source, cancelled, each
from destination_actions.runtime.worker import Settled, Worker

log = logging.getLogger("destination_actions")

BACKLOG = 10_000
"""Deliveries of one run that wait at most: so many of a destination that is down hold nobody else up."""

ACCEPTING = 64
"""Events that are being accepted at the same time, so that they share the store's commits."""

DRAIN = 25.0
"""Seconds that deliveries under way have to end when a worker is stopped."""


async def run(make: Callable[[], Worker], events: Source[Event]) -> AsyncGenerator[Outcome, None]:
    """Give every outcome of `events`, and of what the queue held before. Ends when both are done.

    The worker is made when the first outcome is asked for.
    """
    worker = make()
    results: asyncio.Queue[Outcome | None] = asyncio.Queue(worker.concurrency)
    main = asyncio.ensure_future(_Run(worker, events, results).whole())
    try:
        while (outcome := await results.get()) is not None:
            yield outcome
        await main
    finally:
        await cancelled([main])


async def work(worker: Worker, stop: asyncio.Event, drain: float, told: Callable[[Outcome], None]) -> None:
    """Deliver what the queue holds and will hold, until `stop` is set; then let what is under way end within `drain`
    seconds, and give back the rest. While the store is out of order it waits."""

    async def tell(_: Lease, outcome: Outcome) -> None:
        told(outcome)

    async def over() -> bool:
        return stop.is_set()

    dispatcher = Dispatcher(worker, tell)
    stopping = asyncio.ensure_future(_woken(dispatcher, stop))
    try:
        while not stop.is_set():
            await _tolerated(dispatcher.run(over), worker, stopping)
        await dispatcher.drained(drain)
    finally:
        await cancelled([stopping])
        await dispatcher.stopped()


async def _woken(dispatcher: Dispatcher, stop: asyncio.Event) -> None:
    await stop.wait()
    dispatcher.wake.set()


async def _tolerated(delivering: Awaitable[None], worker: Worker, stopping: asyncio.Future[None]) -> None:
    """Go on after a while when the store fails."""
    try:
        await delivering
    except StoreError as error:
        log.warning("the store failed, trying again in %g s: %s", IDLE_POLL, error)
        pause = asyncio.ensure_future(worker.equipment.clock.sleep(IDLE_POLL))
        await asyncio.wait({pause, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await cancelled([pause])


async def _thinned(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until there is room for one more; raises what one of them raised."""
    if len(tasks) < ACCEPTING:
        return tasks
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return pending


class _Run:
    """One run: an intake that waits for room, and a dispatcher."""

    def __init__(self, worker: Worker, events: Source[Event], results: asyncio.Queue[Outcome | None]) -> None:
        self._worker = worker
        self._events = events
        self._results = results
        self._queue = worker.equipment.stores.queue
        self._dispatcher = Dispatcher(worker, self._told)
        self._room = asyncio.Semaphore(max(BACKLOG, worker.concurrency))
        self._held: set[str] = set()

    async def whole(self) -> None:
        """Run until the source is at its end and the queue is empty; then say so, unless the consumer has left."""
        try:
            await self._delivered()
        except asyncio.CancelledError:
            raise
        except BaseException:
            await self._results.put(None)
            raise
        await self._results.put(None)

    async def _delivered(self) -> None:
        intake = asyncio.ensure_future(self._intake())

        async def over() -> bool:
            return intake.done() and await self._dispatcher.empty()

        try:
            await self._dispatcher.run(over)
            await intake
        finally:
            await cancelled([intake])
            await self._dispatcher.stopped()

    async def _intake(self) -> None:
        """Accept every event; what was taken before the source fails is accepted too."""
        accepting: set[asyncio.Task[None]] = set()
        try:
            try:
                async with aclosing(each(self._events)) as events:
                    async for event in events:
                        accepting.add(asyncio.ensure_future(self._accepted(event)))
                        accepting = await _thinned(accepting)
            finally:
                await asyncio.gather(*accepting)
        finally:
            await cancelled(accepting)
            self._dispatcher.wake.set()

    async def _accepted(self, event: Event) -> None:
        deliveries, outcomes = self._worker.admitted(event)
        for delivery in deliveries:
            await self._room.acquire()
            self._held.add(delivery.key)
            if not await self._queue.enqueue([delivery]):
                self._free(delivery.key)
        self._dispatcher.wake.set()
        for outcome in outcomes:
            await self._worker.record(Settled(outcome, event=event))
            await self._results.put(outcome)

    async def _told(self, lease: Lease, outcome: Outcome) -> None:
        self._free(lease.delivery.key)
        await self._results.put(outcome)

    def _free(self, key: str) -> None:
        if key in self._held:
            self._held.discard(key)
            self._room.release()
