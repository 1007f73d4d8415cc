"""Samples from a live run: events are sent for real, one after the other, and every request is remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace

from destination_actions.config import Config, DestinationConfig, SubscriptionConfig
from destination_actions.errors import HttpError, NotSent
from destination_actions.events import Event
from destination_actions.http import AddressGuard, make_engine
from destination_actions.http.aiohttp_engine import AiohttpEngine
from destination_actions.protocols import HttpEngine, RawResponse, Request, Stores
from destination_actions.runtime import AsyncRuntime, Lane
from destination_actions.testing.recording.samples import NO_ANSWER, NOT_SENT, Answered, Sample


class Recorded:
    """An engine that passes requests on to another and remembers what came of them."""

    def __init__(self, inner: HttpEngine) -> None:
        self._inner = inner
        self.exchanges: list[Answered] = []

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the protocol's
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Send one request and remember its answer, or that there was none."""
        try:
            response = await self._inner.exchange(request, timeout=timeout, cap=cap, on_sent=on_sent)
        except HttpError as error:
            fault = NOT_SENT if isinstance(error, NotSent) else NO_ANSWER
            self.exchanges.append(Answered(method=request.method, url=request.url, status=None, fault=fault))
            raise
        headers = {name.lower(): value for name, value in response.headers}
        body = response.content.decode("utf-8", "replace")
        self.exchanges.append(
            Answered(method=request.method, url=request.url, status=response.status, headers=headers, body=body)
        )
        return response

    def taken(self) -> tuple[Answered, ...]:
        """What was remembered since this was last called."""
        found, self.exchanges = tuple(self.exchanges), []
        return found

    async def aclose(self) -> None:
        """Close the inner engine."""
        await self._inner.aclose()


async def live_samples(
    config: Config, lanes: Iterable[Lane], events: Iterable[Event], stores: Stores, now: Callable[[], float]
) -> AsyncIterator[Sample]:
    """Send each event through each subscription, and give a sample for each delivery."""
    known = {lane.name: lane for lane in lanes}
    runs = [
        _Run(_only(config, part, one), known[part.name], stores)
        for part in config.destinations
        if part.enabled
        for one in part.subscriptions
        if one.enabled
    ]
    try:
        for event in events:
            for run in runs:
                yield await run.sample(event, now())
    finally:
        for run in runs:
            await run.aclose()


def _only(config: Config, part: DestinationConfig, one: SubscriptionConfig) -> Config:
    return replace(config, destinations=(replace(part, subscriptions=(one,)),), sources=())


class _Run:
    """One subscription's runtime, and the engine that listens."""

    def __init__(self, config: Config, lane: Lane, stores: Stores) -> None:
        allowed = lane.destination.allowed_addresses
        guarded = AiohttpEngine(guard=AddressGuard(allow=tuple(allowed(lane.settings)))) if allowed else make_engine()
        self._engine = Recorded(guarded)
        self._runtime = AsyncRuntime.from_config(config, http=self._engine, stores=stores, watchdog=None)

    async def sample(self, event: Event, at: float) -> Sample:
        """Send an event."""
        [outcome] = await self._runtime.send(event)
        return Sample(
            destination=outcome.destination,
            subscription=outcome.subscription,
            event=event,
            at=at,
            outcome=outcome.to_json(),
            exchanges=self._engine.taken(),
        )

    async def aclose(self) -> None:
        """Close the runtime and its connections."""
        await self._runtime.aclose()
        await self._engine.aclose()
