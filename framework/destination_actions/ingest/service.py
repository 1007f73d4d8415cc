"""A server and a worker on one configuration, which can be exchanged while both go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from destination_actions.config import Config, load_config
from destination_actions.errors import ConfigurationError, StoreError
from destination_actions.events import Event
from destination_actions.http import Redactor
from destination_actions.ingest.fullness import Fullness
from destination_actions.ingest.keys import Source, WriteKeys
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.listener import Listener
from destination_actions.ingest.receiver import Receiver
from destination_actions.ingest.reply import Reply, refused
from destination_actions.protocols import ClaimTimes, Clock, Stores
from destination_actions.runtime import AsyncRuntime
from destination_actions.runtime.assemble import opened_stores, registry_for
from destination_actions.runtime.shift import Relay, Shift
from destination_actions.runtime.strict import Refused
from destination_actions.stores import SystemClock

log: Final = logging.getLogger("destination_actions.ingest")

DRAIN: Final = 25.0
"""Seconds for what is under way when the server is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a service is told besides its configuration. `store` wins over the configuration's.

    With `worker` it delivers too, with at most `concurrency` calls under way for each destination and account. What is
    under way has `drain` seconds to end when it is stopped.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    store: str | None = None
    worker: bool = True
    concurrency: int = 64
    drain: float = DRAIN
    limits: Limits = field(default_factory=Limits)


class Service:
    """Takes events in and delivers them.

    `async with Service(path, options) as service` listens; `service.url` is where. `stop` refuses further calls and
    drains, `reload` reads the configuration anew. Raises `ConfigurationError` and `StoreError` while it starts.
    """

    def __init__(
        self,
        config: str | Path,
        options: Options | None = None,
        *,
        clock: Clock | None = None,
        times: ClaimTimes | None = None,
        plugins: Sequence[object] = (),
    ) -> None:
        self._path = Path(config)
        self._options = options or Options()
        self._clock = clock or SystemClock()
        self._equipment: dict[str, Any] = {"clock": self._clock, "times": times, "plugins": plugins}
        self._relay: Relay[_Generation] = Relay(self._loaded, self._built, self._made, self._options.drain)
        self._stores: Stores | None = None
        self._listener: Listener | None = None
        self._fullness: Fullness | None = None
        self.url = ""

    # --- calls -------------------------------------------------------------------------------------------------------

    @property
    def stopping(self) -> bool:
        """Whether calls are refused from now on."""
        return self._relay.stopping

    def redactor(self) -> Redactor:
        """What hides the secrets of the configuration in force."""
        return self._relay.redactor()

    def sender(self, authorization: str | None) -> Source | None:
        """As `Receiver.sender`."""
        return self._relay.current.receiver.sender(authorization)

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        """As `Receiver.receive`; a call goes to the end under the configuration that it began with."""
        async with self._relay.current.used() as generation:
            return await generation.receiver.receive(endpoint, source, content)

    async def ready(self) -> Reply:
        """Whether events can be kept: the store answers, and nobody has asked the server to stop."""
        if self.stopping:
            return refused(Refused("stopping", "the server is being stopped"))
        try:
            async with asyncio.timeout(5):
                await self._opened.queue.next_due()
        except (StoreError, TimeoutError) as error:
            log.warning("the store does not answer: %s", error)
            return refused(Refused("unavailable", "the store does not answer"))
        return Reply(200, {"status": "ready"})

    # --- life --------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Service:
        """Open the stores, begin to deliver and to listen."""
        config = self._loaded()
        registry = registry_for(config, None, self._equipment["plugins"])
        self._stores = opened_stores(
            config.stores, registry.plugins, self._clock, self._equipment["times"] or config.times
        )
        self._fullness = Fullness(self._stores, self._clock, self._options.limits.waiting)
        try:
            self._relay.start(config)
            self._listener = Listener(self, self._options.limits)
            self.url = await self._listening(self._listener)
        except BaseException:
            await self._closed()
            raise
        log.info("listening", extra={"fields": {"url": self.url, **self._relay.current.described()}})
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close everything; what is under way is cut short, unless `stop` came before."""
        await self._closed()

    async def _listening(self, listener: Listener) -> str:
        host, port = self._options.host, self._options.port
        try:
            return await listener.open(host, port)
        except OSError as error:
            hint = "choose another with --host and --port"
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}", hint=hint) from None

    async def stop(self) -> None:
        """Answer calls with 503, finish what is under way within the drain time, and give the rest back."""
        await self._relay.stop()

    async def reload(self) -> bool:
        """Read the configuration anew and go on with it. A wrong one is refused and logged; the old one stays."""
        return await self._relay.reload()

    def _loaded(self) -> Config:
        config = load_config(self._path)
        if not config.sources:
            hint = 'add sources: {web: {writeKey: "${env:WEB_WRITE_KEY}"}}'
            raise ConfigurationError("no source is configured, so nobody could send events", hint=hint)
        if config.stores == "memory:" and self._options.store is None:
            hint = 'add "stores": "sqlite:deliveries.db"; to lose events on purpose, say --store memory:'
            message = "events would be accepted into memory, and lost with the process"
            raise ConfigurationError(message, pointer="/stores", hint=hint, place=config.place("/stores"))
        return replace(config, stores=self._options.store or config.stores)

    def _built(self, config: Config) -> AsyncRuntime:
        return AsyncRuntime.from_config(config, stores=self._opened, **self._equipment)

    def _made(self, config: Config, runtime: AsyncRuntime) -> _Generation:
        assert self._fullness is not None  # noqa: S101 - opened with the stores
        return _Generation(config, runtime, self._clock, self._options, self._fullness)

    @property
    def _opened(self) -> Stores:
        if self._stores is None:
            raise RuntimeError("the service is not open")
        return self._stores

    async def _closed(self) -> None:
        if self._listener is not None:
            await self._listener.close(0.5)
        await self._relay.close()
        await self._opened.close()


class _Generation(Shift):
    """One configuration in force, with its receiver."""

    def __init__(
        self, config: Config, runtime: AsyncRuntime, clock: Clock, options: Options, fullness: Fullness
    ) -> None:
        super().__init__(config, runtime, drain=options.drain, worker=options.worker, concurrency=options.concurrency)
        self.receiver = Receiver(WriteKeys(config.sources), self._accept, clock, options.limits)
        self._fullness = fullness
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def _accept(self, source: Source, events: Sequence[Event]) -> None:
        await self._fullness.room(len(events))
        await self.runtime.enqueue(events, destinations=source.destinations)

    def described(self) -> dict[str, Any]:
        """What a log says about it."""
        sources = [source.name for source in self.config.sources if source.enabled]
        return {"sources": sources, **super().described()}

    @asynccontextmanager
    async def used(self) -> AsyncIterator[_Generation]:
        """Keep it open for a call."""
        self._calls += 1
        self._idle.clear()
        try:
            yield self
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    def under_way(self) -> list[asyncio.Future[Any]]:
        """Deliveries, and calls that are being answered."""
        return [asyncio.ensure_future(self._idle.wait()), *super().under_way()]
