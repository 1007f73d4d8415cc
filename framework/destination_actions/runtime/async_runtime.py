"""The runtime: events in, outcomes out."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from destination_actions.config import Config, LedgerConfig, config_from_python, load_config
from destination_actions.definitions import Check, ChoicePage, ChoiceQuery, Destination
from destination_actions.events import Event
from destination_actions.mapping import Directive
from destination_actions.outcomes import Filtered, Invalid, Outcome, Problem
from destination_actions.plugins import Registry
from destination_actions.protocols import ClaimTimes, Clock, Delivery, Stores
from destination_actions.runtime import flight
from destination_actions.runtime.asks import choices_of, deleted, lane_named, test_of
from destination_actions.runtime.assemble import lanes_of, opened_stores, registry_for, times_of, with_stores
from destination_actions.runtime.claiming import Equipment, run_of
from destination_actions.runtime.deliver import delivered, delivered_batch
from destination_actions.runtime.eager import gathered
from destination_actions.runtime.explain import SubscriptionExplanation, explain
from destination_actions.runtime.keys import message_id_of
from destination_actions.runtime.lanes import Engines
from destination_actions.runtime.ledger import Recorder
from destination_actions.runtime.outcome_list import Outcomes
from destination_actions.runtime.plan import Plan, compile_plan
from destination_actions.runtime.prepare import Prepared, head_of, prepare
from destination_actions.runtime.reading import Block
from destination_actions.runtime.replay import Replays
from destination_actions.runtime.stream import Source, bounded
from destination_actions.runtime.watchdog import LIMIT, Watchdog
from destination_actions.runtime.worker import POISON, Settled, Worker
from destination_actions.stores import SystemClock
from destination_actions.values import maker

log = logging.getLogger("destination_actions")


BREATH = 0.01
"""Seconds after which deliveries that never had to wait let the event loop turn."""


def _nobody(outcome: Outcome) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Taken:
    """An event after the pure part: items that stand in the places of subscriptions; those that are `ready` become
    outcomes there."""

    event: Any
    message_id: str
    items: list[Any]
    ready: list[int]
    places: tuple[int, ...]


_taken, _settled = maker(_Taken), maker(Settled)

_Column: TypeAlias = list[tuple[_Taken, int]]
"""Events of one subscription, each with the index of its item."""


class AsyncRuntime:
    """Decides, maps, validates and delivers. Building it finds everything that is wrong with a configuration.

    `destination` is a slug or a `Destination`; `settings` and `subscriptions` have the form of a configuration file.
    `http` is an `httpx.AsyncBaseTransport`, an `httpx.AsyncClient` or an engine; `stores` a URL (`memory:`,
    `sqlite:PATH`) or opened `Stores`; `plugins` are further plugin objects (directives, stores, observers).
    `busy_wait` is how many seconds `send` waits while another holds the claim, `watchdog` after how many a blocked
    event loop is reported. `replan` may change the compiled plan; it is given the directives of mappings too. Raises
    `ConfigurationError`. Use it as `async with AsyncRuntime(...) as runtime`, or call `aclose`.
    """

    def __init__(
        self,
        destination: str | Destination[Any],
        *,
        settings: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] = (),
        name: str | None = None,
        on_unknown: str = "reconcile",
        on_store_error: str = "closed",
        **equipment: Any,
    ) -> None:
        slug = destination if isinstance(destination, str) else destination.slug
        policies = {"on_unknown": on_unknown, "on_store_error": on_store_error}
        config = config_from_python(slug, settings or {}, subscriptions, name=name, **policies)
        self._build(config, None if isinstance(destination, str) else destination, **equipment)

    @classmethod
    def from_config(cls, config: str | Path | Config, **equipment: Any) -> AsyncRuntime:
        """Build from a configuration file (YAML or JSON). Takes `http`, `stores`, `clock`, `times`, `plugins`."""
        runtime = cls.__new__(cls)
        runtime._build(config if isinstance(config, Config) else load_config(config), None, **equipment)
        return runtime

    def _build(  # noqa: PLR0913 - what an embedder may hand in
        self,
        config: Config,
        destination: Destination[Any] | None,
        *,
        http: object = None,
        stores: str | Stores | None = None,
        clock: Clock | None = None,
        times: ClaimTimes | None = None,
        plugins: Iterable[object] = (),
        busy_wait: float = 10.0,
        watchdog: float | None = LIMIT,
        ledger: LedgerConfig | None = None,
        replan: Callable[[Plan, Mapping[str, Directive]], Plan] | None = None,
    ) -> None:
        config = with_stores(config, stores)
        self._registry: Registry = registry_for(config, destination, plugins)
        directives = self._registry.plugins.directives()
        plan = compile_plan(config, self._registry, directives)
        self._plan = replan(plan, directives) if replan else plan
        self._observers = self._registry.plugins.observers()
        self._engines = Engines(http)
        self._stores = stores if isinstance(stores, Stores) else config.stores
        self._on_store_error = config.on_store_error
        self._clock = clock or SystemClock()
        self._times = times_of(self._stores, times, config)
        self._busy_wait = busy_wait
        self._breath_at = 0.0
        self._opened: Equipment | None = None
        self._opener = 0
        self._recorder: Recorder | None = None
        self._wakers: set[Callable[[], None]] = set()
        self._ledger = ledger or config.ledger
        self._watchdog = Watchdog(watchdog) if watchdog else None

    @property
    def plan(self) -> Plan:
        """What was compiled: `plan.lanes` and `plan.subscriptions`."""
        return self._plan

    @property
    def stores(self) -> Stores:
        """The stores, opened."""
        return self._equipment().stores

    @property
    def unclaimed(self) -> Mapping[str, int]:
        """How many deliveries of each configured destination were sent without a claim here (`onStoreError: open`)."""
        return dict(self._opened.unclaimed) if self._opened else {}

    # --- one event ---------------------------------------------------------------------------------------------------

    async def send(self, event: Event) -> list[Outcome]:
        """Take one event through every enabled subscription; one outcome each, in the order of the configuration.

        Never raises for an event. It does not retry: a `Failed` outcome says when to send the same event again. An
        event must not change until its outcomes are there: a plugin may look at it late.
        """
        taken = self._taken(event)
        if len(taken.ready) < len(taken.items):
            await self._ended(taken.items, event)
        for at in taken.ready if len(taken.ready) == 1 else ():  # as for most events
            taken.items[at] = await self._deliver(taken.items[at])
        if len(taken.ready) > 1:
            outcomes = await gathered(self._deliver(taken.items[at]) for at in taken.ready)
            for at, outcome in zip(taken.ready, outcomes, strict=True):
                taken.items[at] = outcome
        return self._whole(taken)

    def _taken(self, event: Event) -> _Taken:
        """Take an event through the pure part for every subscription that the index does not spare."""
        if type(event) is not dict and not isinstance(event, Mapping):
            return _Taken(event, "", self._not_an_event(event), [], ())
        message_id = message_id_of(event)
        places, subscriptions = self._plan.candidates(event).in_order, self._plan.subscriptions
        items = [prepare(subscriptions[at], event, message_id) for at in places]
        return _taken(event, message_id, items, [at for at, item in enumerate(items) if type(item) is Prepared], places)

    def _whole(self, taken: _Taken) -> list[Outcome]:
        """The outcomes for all subscriptions, those that were spared included."""
        if len(taken.items) == len(self._plan.subscriptions):
            return taken.items
        self._records().passed_over(self._plan.candidates(taken.event))
        return Outcomes(self._stand_ins, zip(taken.places, taken.items, strict=True), taken.message_id)

    @cached_property
    def _stand_ins(self) -> Sequence[Filtered]:
        """For each subscription the outcome of an event that it cannot match, but for the messageId."""
        return [Filtered(**head_of(subscription, "")) for subscription in self._plan.subscriptions]

    async def _deliver(self, prepared: Prepared) -> Outcome:
        equipment, started = self._equipment(), self._clock.monotonic()
        run = run_of(equipment, prepared)
        outcome = await delivered(run, self._busy_wait)
        ended = self._clock.monotonic()
        await self._record(_settled(outcome, None, ended - started, prepared.event, key=run.request.delivery))
        if ended >= self._breath_at:  # plugin code that never waits must not keep everything else waiting
            self._breath_at = ended + BREATH
            await asyncio.sleep(0)
        return outcome

    async def _ended(self, prepared: Sequence[Prepared | Outcome], event: object) -> None:
        """Put what became no delivery into the ledger."""
        outcomes = [item for item in prepared if not isinstance(item, Prepared)]
        recorder = self._records()
        recorder.counted(outcome for outcome in outcomes if isinstance(outcome, Filtered))
        for outcome in outcomes:
            if not isinstance(outcome, Filtered):
                await recorder.written(Settled(outcome, event=event if isinstance(event, Mapping) else None))

    async def _record(self, settled: Settled) -> bool:
        """Tell everybody who keeps records, before the acknowledgement or, where nobody observes, together with it."""
        acknowledged = await (self._recorder or self._records()).written(settled)
        for observe in self._observers:
            try:
                observe(settled.outcome, settled.seconds)
            except KeyboardInterrupt:
                raise
            except BaseException:
                log.exception("an observer of settled deliveries failed")
        return acknowledged

    def _not_an_event(self, event: object) -> list[Outcome]:
        problem = Problem("", "type", "Event", f"an event must be a JSON object, not {type(event).__name__}")
        return [Invalid(**head_of(item, ""), problems=(problem,)) for item in self._plan.subscriptions]

    # --- many events -------------------------------------------------------------------------------------------------

    async def send_batch(self, events: Sequence[Event]) -> list[list[Outcome]]:
        """Take several events at once; the outcomes of each, in the order of `events`.

        Actions with a `perform_batch` get the events of one subscription in one call. Each event gets the outcome that
        it would get alone.
        """
        taken = [self._taken(event) for event in events]
        columns: dict[int, _Column] = {}
        for one in taken:
            if len(one.ready) < len(one.items):
                await self._ended(one.items, one.event)
            for at in one.ready:
                columns.setdefault(one.places[at], []).append((one, at))
        await gathered(self._deliver_column(column) for column in columns.values())
        return [self._whole(one) for one in taken]

    async def _deliver_column(self, column: _Column) -> None:
        """Deliver the prepared events of one subscription, and put the outcomes in their places."""
        started = self._clock.monotonic()
        equipment = self._equipment()
        runs = [run_of(equipment, one.items[at]) for one, at in column]
        outcomes = await delivered_batch(runs, self._busy_wait)
        seconds = self._clock.monotonic() - started
        ends = zip(runs, outcomes, strict=True)
        await gathered(
            self._record(_settled(outcome, None, seconds, run.prepared.event, key=run.request.delivery))
            for run, outcome in ends
        )
        for (one, at), outcome in zip(column, outcomes, strict=True):
            one.items[at] = outcome

    async def stream(
        self, events: Source[Event], *, concurrency: int = 64
    ) -> AsyncIterator[tuple[Event, list[Outcome]]]:
        """Send events with at most `concurrency` under way or not yet taken; each comes as soon as it is done."""

        async def sent(event: Event) -> tuple[Event, list[Outcome]]:
            return event, await self.send(event)

        async with aclosing(bounded(events, sent, limit=concurrency)) as results:
            async for result in results:
                yield result

    async def enqueue(self, events: Sequence[Event], *, destinations: Collection[str] | None = None) -> list[Outcome]:
        """Accept events into the queue, durably if the store is; `run` delivers them, in this or another process.

        `destinations` are the configured names that the events may reach; None means all. Gives the outcomes that are
        certain already (filtered, invalid). When it returns, the rest is kept.
        """
        worker = self._worker()
        deliveries: list[Delivery] = []
        ended: list[Settled] = []
        for event in events:
            wanted, certain = worker.admitted(event, destinations)
            deliveries += wanted
            ended += [Settled(outcome, event=event) for outcome in certain]
        await self._equipment().stores.queue.enqueue(deliveries)
        for wake in self._wakers if deliveries else ():
            wake()
        for settled in ended:
            await self._record(settled)
        return [settled.outcome for settled in ended]

    def _worker(self, **limits: Any) -> Worker:
        began = self._clock.now()
        equipment, wakers = self._equipment(), self._wakers
        return Worker(plan=self._plan, equipment=equipment, record=self._record, began=began, wakers=wakers, **limits)

    def run(
        self,
        events: Source[Event],
        *,
        retry_for: float | None = 60.0,
        concurrency: int = 64,
        poison_after: int = POISON,
    ) -> AsyncGenerator[Outcome, None]:
        """Take events through the queue, and retry each delivery for up to `retry_for` seconds.

        None leaves the time to the rule of each destination, and so does whatever the queue held before; that is
        delivered too. `concurrency` is how many calls may be under way for each destination and account. The last
        outcome of a delivery that could not be done in time is `Failed`; the queue keeps it among the dead, as it does
        one that was handed out `poison_after` times and never heard of again.
        """
        limits = {"retry_for": retry_for, "concurrency": concurrency, "poison_after": poison_after}
        return flight.run(lambda: self._worker(**limits), events)

    def run_blocks(
        self,
        blocks: AsyncGenerator[Block, None],
        stop: asyncio.Event,
        *,
        retry_for: float | None = None,
        concurrency: int = 64,
        drain: float = flight.DRAIN,
    ) -> AsyncGenerator[Outcome, None]:
        """As `run`, of blocks of events that `FileReading` gives: each is told once it is kept, so that a run can be
        gone on with after a crash. When `stop` is set, what is under way has `drain` seconds to end, and what waits
        stays in the queue.
        """
        return flight.run_blocks(
            lambda: self._worker(retry_for=retry_for, concurrency=concurrency), blocks, stop, drain
        )

    async def work(
        self,
        stop: asyncio.Event,
        *,
        concurrency: int = 64,
        drain: float = flight.DRAIN,
        poison_after: int = POISON,
        told: Callable[[Outcome], None] = _nobody,
    ) -> None:
        """Deliver what the queue holds and will hold, until `stop` is set.

        What is under way then has `drain` seconds to end; the rest is given back to the queue. `told` hears the last
        outcome of every delivery. Each destination's own rule says how it is retried.
        """
        worker = self._worker(concurrency=concurrency, poison_after=poison_after)
        await flight.work(worker, stop, drain, told)

    def replays(self, *, retry_for: float | None = 60.0, concurrency: int = 64) -> Replays:
        """Failed deliveries of the ledger, to be tried again as `Replays` says."""
        return Replays(self._worker(retry_for=retry_for, concurrency=concurrency), self._records())

    # --- looking without sending -------------------------------------------------------------------------------------

    def explain(self, event: Event, *, phones: bool = False) -> list[SubscriptionExplanation]:
        """Say for every subscription which step decides about this event, and on which values. Sends nothing.

        Secrets are masked, and phone numbers unless `phones` is set.
        """
        return explain(self._plan, event, message_id_of(event), phones=phones)

    async def test_authentication(self) -> dict[str, Sequence[Check]]:
        """Try the credentials of every configured destination; only reads. The checks by configured name."""
        return {lane.name: await test_of(self._equipment(), lane) for lane in self._plan.lanes}

    async def choices(self, destination: str, action: str, field: str, query: ChoiceQuery | None = None) -> ChoicePage:
        """Ask the API of a configured destination what a field may hold. Raises `ConfigurationError`."""
        lane = lane_named(self._plan, destination)
        return await choices_of(self._equipment(), lane, action, field, query or ChoiceQuery())

    async def delete(self, event: Event) -> list[Outcome]:
        """Have every configured destination that can do so forget the person of a delete event."""
        outcomes = [await deleted(self._equipment(), lane, event) for lane in self._plan.lanes]
        return [outcome for outcome in outcomes if outcome is not None]

    # --- life --------------------------------------------------------------------------------------------------------

    def _equipment(self) -> Equipment:
        """Open the stores at first use, so that a process may be forked from one that has built its runtime."""
        if self._opened is not None and self._opener != os.getpid():
            raise RuntimeError("this runtime was used before the process was forked; build one in the child process")
        if self._opened is None:
            self._opener = os.getpid()
            if self._watchdog is not None:
                self._watchdog.start()
            stores = opened_stores(self._stores, self._registry.plugins, self._clock, self._times)
            plugin_of = self._registry.origin_of
            # An observer is to hear of a delivery before it is acknowledged, so that a crash has it told again.
            alone = not self._observers
            self._recorder = recorder = Recorder(
                self._plan, stores, self._clock, plugin_of, self._ledger, together=alone
            )
            self._opened = Equipment(
                stores=stores,
                clock=self._clock,
                times=self._times,
                lanes=lanes_of(self._engines, stores, self._clock, self._times, self._on_store_error),
                on_store_error=self._on_store_error,
                attempted=recorder.attempted,
            )
        return self._opened

    def _records(self) -> Recorder:
        self._equipment()
        assert self._recorder is not None  # noqa: S101 - made with the equipment
        return self._recorder

    async def tidy(self) -> None:
        """Write what is only counted, when it is time for that: for whoever keeps a runtime while no event comes."""
        if self._recorder is not None:
            await self._recorder.tidy()

    async def aclose(self) -> None:
        """Close what the runtime opened: HTTP connections, threads, and the stores if it opened them."""
        await self._engines.aclose()
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._opened is None:
            return
        await self._records().close()
        opened, self._opened, self._recorder = self._opened, None, None
        opened.threads.close()
        if not isinstance(self._stores, Stores):
            await opened.stores.close()

    async def __aenter__(self) -> AsyncRuntime:
        """Give the runtime itself."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close."""
        await self.aclose()
