"""A worker at work: over a source of events until all is done (`run`, `run_blocks`), or until it is told to stop
(`work`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from destination_actions.errors import StoreError
from destination_actions.events import Event
from destination_actions.outcomes import Outcome
from destination_actions.protocols import Delivery, Lease, LedgerQuery
from destination_actions.runtime.backlog import MOST, Backlog
from destination_actions.runtime.dispatch import IDLE_POLL, Dispatcher
from destination_actions.runtime.reading import Block
from destination_actions.runtime.stream import Source, cancelled, each
from destination_actions.runtime.worker import Settled, Worker

log = logging.getLogger("destination_actions")

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
    async with aclosing(_outcomes(_Run(worker, events, results), results)) as outcomes:
        async for outcome in outcomes:
            yield outcome


async def run_blocks(
    make: Callable[[], Worker], blocks: AsyncGenerator[Block, None], stop: asyncio.Event, drain: float
) -> AsyncGenerator[Outcome, None]:
    """As `run`, of events that are kept block by block; each block is told once it is on disk.

    When `stop` is set, what is under way has `drain` seconds to end, and the rest stays in the queue.
    """
    worker = make()
    results: asyncio.Queue[Outcome | None] = asyncio.Queue(worker.concurrency)
    async with aclosing(_outcomes(_BlockRun(worker, blocks, results, stop, drain), results)) as outcomes:
        async for outcome in outcomes:
            yield outcome


async def _outcomes(run: _Run, results: asyncio.Queue[Outcome | None]) -> AsyncGenerator[Outcome, None]:
    main = asyncio.ensure_future(run.whole())
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
    worker.wakers.add(dispatcher.wake.set)
    try:
        while not stop.is_set():
            await _tolerated(dispatcher.run(over), worker, stopping)
        await dispatcher.drained(drain)
    finally:
        worker.wakers.discard(dispatcher.wake.set)
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
        self._dispatcher = Dispatcher(worker, self._told)
        equipment = worker.equipment
        self._backlog = Backlog(equipment.stores, equipment.clock, max(MOST, worker.concurrency))

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
            return await self._over(intake)

        try:
            await self._dispatcher.run(over)
            await self._finished(intake)
        finally:
            await cancelled([intake])
            await self._dispatcher.stopped()

    async def _over(self, intake: asyncio.Future[None]) -> bool:
        return intake.done() and await self._dispatcher.empty()

    async def _finished(self, intake: asyncio.Future[None]) -> None:
        await intake

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
            await self._backlog.enqueue([delivery])
        self._dispatcher.wake.set()
        for outcome in outcomes:
            await self._worker.record(Settled(outcome, event=event))
            await self._results.put(outcome)

    async def _told(self, lease: Lease, outcome: Outcome) -> None:
        self._backlog.ended(lease.delivery.key)
        await self._results.put(outcome)


class _BlockRun(_Run):
    """A run whose events are kept block by block, and that can be stopped."""

    def __init__(
        self,
        worker: Worker,
        blocks: AsyncGenerator[Block, None],
        results: asyncio.Queue[Outcome | None],
        stop: asyncio.Event,
        drain: float,
    ) -> None:
        super().__init__(worker, (), results)
        self._blocks = blocks
        self._stop = stop
        self._drain = drain

    async def _over(self, intake: asyncio.Future[None]) -> bool:
        return self._stop.is_set() or await super()._over(intake)

    async def _finished(self, intake: asyncio.Future[None]) -> None:
        """Let the block in hand be kept, and what is under way end in time; the source itself knows when to stop."""
        if not self._stop.is_set():
            await intake
            return
        self._backlog.lift()
        await asyncio.gather(intake, self._dispatcher.drained(self._drain))

    async def _intake(self) -> None:
        stopping = asyncio.ensure_future(_woken(self._dispatcher, self._stop))
        try:
            async with aclosing(self._blocks) as blocks:
                async for block in blocks:
                    await self._kept(block)
        finally:
            await cancelled([stopping])
            self._dispatcher.wake.set()

    async def _kept(self, block: Block) -> None:
        """Queue first, then the records, then the place up to which all this is true."""
        deliveries: list[Delivery] = []
        certain: list[Settled] = []
        for event in block.events:
            wanted, outcomes = self._worker.admitted(event)
            deliveries += wanted
            certain += [Settled(outcome, event=event) for outcome in outcomes]
        if block.again:
            deliveries = await self._open(deliveries)
        await self._backlog.enqueue(deliveries)
        self._dispatcher.wake.set()
        for settled in certain:
            await self._worker.record(settled)
        await block.kept()
        for settled in certain:
            await self._results.put(settled.outcome)

    async def _open(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those that have not ended yet, as the ledger knows."""
        ledger = self._worker.equipment.stores.ledger
        queries = [LedgerQuery(key=delivery.key, limit=1) for delivery in deliveries]
        found = await asyncio.gather(*map(ledger.entries, queries))
        return [delivery for delivery, entries in zip(deliveries, found, strict=True) if not entries]
