"""A destination in the real runtime, on virtual time, with a scripted API; for tests written in Python.

Everything that happens in production happens here: trigger, mapping, validation, cooldown, deadlines, retries. Only the
network is a script, and waiting takes no time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from destination_actions.config import Config, load_config
from destination_actions.definitions import Destination
from destination_actions.events import Event, Json
from destination_actions.mapping import Directive
from destination_actions.outcomes import Outcome
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimStore, ClaimTimes, Stores
from destination_actions.runtime import AsyncRuntime, Plan, SubscriptionExplanation
from destination_actions.runtime.claiming import Equipment, request_of
from destination_actions.runtime.keys import message_id_of
from destination_actions.runtime.lanes import LaneState
from destination_actions.runtime.plan import Lane
from destination_actions.runtime.prepare import Prepared, prepare
from destination_actions.stores import open_stores
from destination_actions.testing.scripted import Reply, ScriptedApi, SentRequest
from destination_actions.testing.virtual import START, VirtualClock, VirtualLoop

T = TypeVar("T")
Replan: TypeAlias = Callable[[Plan, Mapping[str, Directive]], Plan]
"""Changes a compiled plan, given the directives that mappings may use."""


class Harness:
    """A synchronous runtime for tests: `with Harness("twilio-studio", settings=..., subscriptions=[...]) as harness`.

    `destination`, `settings`, `subscriptions`, `name`, `on_unknown` and `plugins` are those of `AsyncRuntime`. `api` is
    a list of `Reply`; `http` instead of it any other transport that needs no network, such as `httpx.MockTransport`.
    Time starts at `start` and passes by `wait` and by whatever waits. A busy claim is not waited for unless `busy_wait`
    says so, so that time passes only where a test can see it. An event without a messageId gets `event-1`, `event-2`
    and so on. Raises `ConfigurationError` as the runtime does.

    It has an event loop of its own, so it is for plain test functions, not for `async def` ones.
    """

    def __init__(
        self,
        destination: str | Destination[Any],
        *,
        settings: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] = (),
        name: str | None = None,
        on_unknown: str = "reconcile",
        **equipment: Any,
    ) -> None:
        given: dict[str, Any] = {
            "settings": settings,
            "subscriptions": subscriptions,
            "name": name,
            "on_unknown": on_unknown,
        }
        self._build(partial(AsyncRuntime, destination, **given), **equipment)

    @classmethod
    def from_config(
        cls, config: str | Path | Config, *, environ: Mapping[str, str] | None = None, **equipment: Any
    ) -> Harness:
        """Build from a configuration file. `${env:NAME}` is read from `environ` alone, never from the environment."""
        harness = cls.__new__(cls)
        loaded = config if isinstance(config, Config) else load_config(config, environ=environ or {})
        harness._build(partial(AsyncRuntime.from_config, loaded), times=loaded.times, **equipment)
        return harness

    def _build(  # noqa: PLR0913 - what a test may hand in
        self,
        make: Callable[..., AsyncRuntime],
        *,
        times: ClaimTimes | None = None,
        api: Iterable[Reply] = (),
        http: object = None,
        start: str | float = START,
        stores: str = "memory:",
        busy_wait: float = 0.0,
        plugins: Iterable[object] = (),
        replan: Replan | None = None,
    ) -> None:
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        try:
            loop = self._runner.get_loop()
            assert isinstance(loop, VirtualLoop)  # noqa: S101 - the factory made it
            self.clock = VirtualClock(loop, start)
            self.api = ScriptedApi(*api, now=self.clock.now)
            self._stores = self._run(_opened(stores, self.clock, times))
            self._watched = _Watched(self._stores.claims)
            self._runtime = make(
                http=self.api if http is None else http,
                clock=self.clock,
                stores=replace(self._stores, claims=self._watched),
                busy_wait=busy_wait,
                plugins=plugins,
                watchdog=None,
                replan=replan,
            )
        except BaseException:
            self._runner.close()
            raise
        self._numbered = 0

    # --- what a test does --------------------------------------------------------------------------------------------

    def send(self, event: Event) -> list[Outcome]:
        """Send one event; an outcome for each subscription. Raises `UnscriptedRequest` where no reply is left."""
        return self._checked(self._run(self._runtime.send(self.numbered(event))))

    def send_one(self, event: Event) -> Outcome:
        """Send one event to the one subscription there is."""
        [outcome] = self.send(event)
        return outcome

    def send_batch(self, events: Sequence[Event]) -> list[list[Outcome]]:
        """Send events at once; the outcomes of each. Raises `UnscriptedRequest` where no reply is left."""
        return self._checked(self._run(self._runtime.send_batch([self.numbered(event) for event in events])))

    def deliver(self, events: Sequence[Event], *, retry_for: float = 60.0) -> list[Outcome]:
        """Take events through the queue, which retries for up to `retry_for` seconds; the outcomes as they come."""
        numbered = [self.numbered(event) for event in events]
        return self._checked(self._run(_collected(self._runtime, numbered, retry_for)))

    def explain(self, event: Event) -> list[SubscriptionExplanation]:
        """Say for each subscription which step decides, and on which values. Sends nothing."""
        return self._runtime.explain(event, phones=True)

    def payload(self, event: Event) -> dict[str, Any] | None:
        """What the one subscription would perform, or None if its way ends before."""
        [explanation] = self.explain(event)
        return explanation.payload

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._run(asyncio.sleep(seconds))

    def remember(self, event: Event, *, executed: bool = True) -> None:
        """Put an earlier delivery of this event on record without any request: executed, or (False) not known to be."""
        self._run(_remembered(self._runtime, self._stores, self.clock, self.numbered(event), executed))

    # --- what a test looks at ----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[SentRequest]:
        """What went out to the scripted API, in order."""
        return self.api.requests

    @property
    def effects(self) -> int:
        """How many requests went out, or were about to, that may change something; reads do not count."""
        return self._watched.sent

    @property
    def runtime(self) -> AsyncRuntime:
        """The runtime itself; whatever is awaited on it runs on this harness's loop, with `run`."""
        return self._runtime

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on this harness's loop, on virtual time."""
        return self._run(work)

    # --- life --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the runtime and its loop; once more does nothing."""
        try:
            self._run(self._closed())
        finally:
            self._runner.close()

    def __enter__(self) -> Harness:
        """Give the harness itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def numbered(self, event: Event) -> Event:
        """The event with a messageId: its own, or the next number."""
        if event.get("messageId") is not None:
            return event
        self._numbered += 1
        return {**event, "messageId": f"event-{self._numbered}"}

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def _checked(self, result: T) -> T:
        self.api.check()
        return result

    async def _closed(self) -> None:
        await self._runtime.aclose()
        await self._stores.close()


async def _opened(url: str, clock: VirtualClock, times: ClaimTimes | None) -> Stores:
    stores = open_stores(url, clock=clock, times=times)
    return replace(stores, secret=bytes(32))


async def _collected(runtime: AsyncRuntime, events: Sequence[Event], retry_for: float) -> list[Outcome]:
    return [outcome async for outcome in runtime.run(events, retry_for=retry_for)]


async def _remembered(runtime: AsyncRuntime, stores: Stores, clock: VirtualClock, event: Event, executed: bool) -> None:
    """Walk the claims of an event's deliveries as an attempt would, without the attempt."""
    equipment = Equipment(stores=stores, clock=clock, times=ClaimTimes(), lanes=_no_lane)
    for subscription in runtime.plan.subscriptions:
        prepared = prepare(subscription, event, message_id_of(event))
        if not isinstance(prepared, Prepared):
            continue
        answer = await stores.claims.claim(request_of(equipment, prepared))
        if answer.claim is not None and await stores.claims.mark_sent(answer.claim):
            await (stores.claims.confirm if executed else stores.claims.ambiguous)(answer.claim)


def _no_lane(lane: Lane) -> LaneState:
    raise LookupError(f"nothing is sent for {lane.name} here")


class _Watched:
    """A claim store that counts the requests which were about to leave."""

    def __init__(self, claims: ClaimStore) -> None:
        self._claims = claims
        self.sent = 0

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        return await self._claims.claim(request)

    async def mark_sent(self, claim: Claim) -> bool:
        held = await self._claims.mark_sent(claim)
        self.sent += held
        return held

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        await self._claims.confirm(claim, data)

    async def release(self, claim: Claim) -> None:
        await self._claims.release(claim)

    async def ambiguous(self, claim: Claim) -> None:
        await self._claims.ambiguous(claim)

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        await self._claims.settle(request, data)

    async def aclose(self) -> None:
        await self._claims.aclose()
