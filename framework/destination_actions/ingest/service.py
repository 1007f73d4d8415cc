"""A server and a worker on one configuration, which can be exchanged while both go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from destination_actions.config import Config, load_config
from destination_actions.errors import ConfigurationError, DestinationActionsError, StoreError
from destination_actions.events import Event
from destination_actions.fields import secret_values
from destination_actions.http import Redactor
from destination_actions.ingest.keys import Source, WriteKeys
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.listener import Listener
from destination_actions.ingest.receiver import Receiver
from destination_actions.ingest.reply import Reply, refused
from destination_actions.protocols import ClaimTimes, Clock, Stores
from destination_actions.runtime import AsyncRuntime
from destination_actions.runtime.assemble import opened_stores, registry_for
from destination_actions.runtime.strict import Refused
from destination_actions.stores import SystemClock

log: Final = logging.getLogger("destination_actions.ingest")

DRAIN: Final = 25.0
"""Seconds for what is under way when the server is stopped."""

MARGIN: Final = 2.0
"""Seconds more than the drain time, in which a worker gives back what did not end."""

AGAIN: Final = 2.0
"""Seconds after which a worker that could not go on begins again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a service is told besides its configuration. `store` wins over the configuration's.

    With `worker` it delivers too; `drain` is how many seconds what is under way has to end when it is stopped.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    store: str | None = None
    worker: bool = True
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
        self._equipment: dict[str, Any] = {"clock": self._clock, "times": times or ClaimTimes(), "plugins": plugins}
        self._reloading = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()
        self._generation: _Generation | None = None
        self._stores: Stores | None = None
        self._listener: Listener | None = None
        self.url = ""
        self.stopping = False

    # --- calls -------------------------------------------------------------------------------------------------------

    @property
    def _current(self) -> _Generation:
        if self._generation is None:
            raise RuntimeError("the service is not open")
        return self._generation

    def redactor(self) -> Redactor:
        """What hides the secrets of the configuration in force."""
        return self._generation.redactor if self._generation else Redactor(())

    def sender(self, authorization: str | None) -> Source | None:
        """As `Receiver.sender`."""
        return self._current.receiver.sender(authorization)

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        """As `Receiver.receive`; a call goes to the end under the configuration that it began with."""
        async with self._current.used() as generation:
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
        self._stores = opened_stores(config.stores, registry.plugins, self._clock, self._equipment["times"])
        try:
            self._generation = self._started(config)
            self._listener = Listener(self, self._options.limits)
            self.url = await self._listening(self._listener)
        except BaseException:
            await self._closed()
            raise
        log.info("listening", extra={"fields": {"url": self.url, **self._current.described()}})
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
        self.stopping = True
        log.info("stopping", extra={"fields": {"drain": self._options.drain}})
        await self._current.retire(self._options.drain)
        await asyncio.gather(*self._retired)
        log.info("stopped")

    async def reload(self) -> bool:
        """Read the configuration anew and go on with it. A wrong one is refused and logged; the old one stays."""
        async with self._reloading:
            if self.stopping:
                return False
            try:
                config = await asyncio.to_thread(self._loaded)
                self._same_store(config)
                following = self._started(config)
            except DestinationActionsError as error:
                findings = [str(one) for one in getattr(error, "errors", (error,))]
                fields = {"errors": findings}
                log.error("the new configuration is refused, the old one stays", extra={"fields": fields})  # noqa: TRY400
                return False
            former, self._generation = self._current, following
            self._retire(former)
            log.info("configuration reloaded", extra={"fields": following.described()})
            return True

    def _retire(self, former: _Generation) -> None:
        task = asyncio.ensure_future(former.retire(self._options.drain))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    def _loaded(self) -> Config:
        config = load_config(self._path)
        if not config.sources:
            hint = 'add sources: {web: {writeKey: "${env:WEB_WRITE_KEY}"}}'
            raise ConfigurationError("no source is configured, so nobody could send events", hint=hint)
        return replace(config, stores=self._options.store or config.stores)

    def _same_store(self, config: Config) -> None:
        if config.stores != self._current.config.stores:
            hint = "stop the server and start it again"
            raise ConfigurationError("the store cannot be changed while the server runs", pointer="/stores", hint=hint)

    def _started(self, config: Config) -> _Generation:
        runtime = AsyncRuntime.from_config(config, stores=self._opened, **self._equipment)
        return _Generation(config, runtime, self._clock, self._options)

    @property
    def _opened(self) -> Stores:
        if self._stores is None:
            raise RuntimeError("the service is not open")
        return self._stores

    async def _closed(self) -> None:
        if self._listener is not None:
            await self._listener.close(0.5)
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        if self._generation is not None:
            await self._generation.retire(0)
        await self._opened.close()


class _Generation:
    """One configuration in force: its receiver, its runtime and its worker."""

    def __init__(self, config: Config, runtime: AsyncRuntime, clock: Clock, options: Options) -> None:
        self.config = config
        self.receiver = Receiver(WriteKeys(config.sources), self._accept, clock, options.limits)
        self.redactor = Redactor((*_keys(config), *_secrets(runtime)))
        self._runtime = runtime
        self._over = asyncio.Event()
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._working = asyncio.ensure_future(self._delivering(options.drain)) if options.worker else None

    async def _accept(self, source: Source, events: Sequence[Event]) -> None:
        await self._runtime.enqueue(events, destinations=source.destinations)

    async def _delivering(self, drain: float) -> None:
        """Deliver until it is over; begin again when the store was out of order."""
        while not self._over.is_set():
            try:
                await self._runtime.work(self._over, drain=drain)
            except StoreError as error:
                log.error("deliveries wait, the store is out of order: %s", error)  # noqa: TRY400 - it says it all
            except Exception:
                log.exception("the worker failed and begins again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), AGAIN)

    def described(self) -> dict[str, Any]:
        """What a log says about it."""
        return {
            "sources": [source.name for source in self.config.sources if source.enabled],
            "destinations": [lane.name for lane in self._runtime.plan.lanes],
            "subscriptions": len(self._runtime.plan.subscriptions),
        }

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

    async def retire(self, seconds: float) -> None:
        """Let calls and deliveries that are under way end, for so many seconds; then close the runtime."""
        self._over.set()
        waiting = [asyncio.ensure_future(self._idle.wait()), *([self._working] if self._working else [])]
        _, late = await asyncio.wait(waiting, timeout=seconds + MARGIN if seconds else 0)
        for task in late:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._runtime.aclose()


def _keys(config: Config) -> Iterator[str]:
    return (source.write_key for source in config.sources)


def _secrets(runtime: AsyncRuntime) -> Iterator[str]:
    return (secret for lane in runtime.plan.lanes for secret in secret_values(lane.settings))
