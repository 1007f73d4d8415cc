"""A configuration at work, and how the next one takes over while both go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from destination_actions.config import Config
from destination_actions.errors import ConfigurationError, DestinationActionsError, StoreError
from destination_actions.fields import secret_values
from destination_actions.http import Redactor
from destination_actions.outcomes import Outcome
from destination_actions.runtime.async_runtime import AsyncRuntime

log = logging.getLogger("destination_actions")

AGAIN = 2.0
"""Seconds after which a worker that could not go on begins again."""

_REFUSED = "the new configuration is refused, the old one stays"

TIDY = 1.0
"""Seconds between looks at what is only counted, so that it is written although no event comes."""

MARGIN = 2.0
"""Seconds more than the drain time, in which a worker gives back what did not end."""


def _nobody(outcome: Outcome) -> None:
    """Tell nobody."""


class Shift:
    """One configuration in force: its runtime and, with `worker`, its deliveries, from now until it is relieved."""

    def __init__(
        self,
        config: Config,
        runtime: AsyncRuntime,
        *,
        drain: float,
        worker: bool = True,
        concurrency: int = 64,
        told: Callable[[Outcome], None] = _nobody,
    ) -> None:
        self.config = config
        self.runtime = runtime
        secrets = [secret for lane in runtime.plan.lanes for secret in secret_values(lane.settings)]
        self.redactor = Redactor((*(source.write_key for source in config.sources), *secrets))
        self._over = asyncio.Event()
        self._work = partial(runtime.work, self._over, drain=drain, concurrency=concurrency, told=told)
        self._working = asyncio.ensure_future(self._delivering()) if worker else None
        self._keeping = asyncio.ensure_future(self._tidying())

    async def _delivering(self) -> None:
        """Deliver until it is over; begin again when the store was out of order."""
        while not self._over.is_set():
            try:
                await self._work()
            except StoreError as error:
                log.error("deliveries wait, the store is out of order: %s", error)  # noqa: TRY400 - it says it all
            except Exception:
                log.exception("the worker failed and begins again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), AGAIN)

    async def _tidying(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), TIDY)
            await self.runtime.tidy()

    def described(self) -> dict[str, Any]:
        """What a log says about it."""
        plan = self.runtime.plan
        return {"destinations": [lane.name for lane in plan.lanes], "subscriptions": len(plan.subscriptions)}

    def under_way(self) -> list[asyncio.Future[Any]]:
        """What has to end before the runtime may be closed."""
        return [self._keeping] if self._working is None else [self._keeping, self._working]

    async def retire(self, seconds: float) -> None:
        """Let what is under way end, for so many seconds; then close the runtime."""
        self._over.set()
        if waiting := self.under_way():
            _, late = await asyncio.wait(waiting, timeout=seconds + MARGIN if seconds else 0)
            for one in late:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        await self.runtime.aclose()


class InForce(Protocol):
    """What a `Relay` exchanges."""

    @property
    def config(self) -> Config: ...
    @property
    def redactor(self) -> Redactor: ...
    def described(self) -> dict[str, Any]: ...
    async def retire(self, seconds: float) -> None: ...


S = TypeVar("S", bound=InForce)


class Relay(Generic[S]):
    """The configuration in force.

    `load` reads the file and `build` compiles it, both in a thread, so that nobody waits for a large one; `make` puts
    it to work. The former one has `drain` seconds for what is under way.
    """

    def __init__(
        self,
        load: Callable[[], Config],
        build: Callable[[Config], AsyncRuntime],
        make: Callable[[Config, AsyncRuntime], S],
        drain: float,
    ) -> None:
        self._load = load
        self._build = build
        self._make = make
        self._drain = drain
        self._current: S | None = None
        self._reloading = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()
        self.stopping = False

    @property
    def current(self) -> S:
        """What is in force."""
        if self._current is None:
            raise RuntimeError("nothing is in force yet")
        return self._current

    def redactor(self) -> Redactor:
        """What hides the secrets of the configuration in force."""
        return self._current.redactor if self._current is not None else Redactor(())

    def start(self, config: Config) -> None:
        """Put the first configuration to work."""
        self._current = self._make(config, self._build(config))

    async def reload(self) -> bool:
        """Read the configuration anew and go on with it. A wrong one is refused and logged; the old one stays."""
        async with self._reloading:
            if self.stopping:
                return False
            try:
                config, runtime = await asyncio.to_thread(self._anew)
            except DestinationActionsError as error:
                findings = [str(one) for one in getattr(error, "errors", (error,))]
                log.error(_REFUSED, extra={"fields": {"errors": findings}})  # noqa: TRY400 - they say it all
                return False
            except Exception:
                log.exception(_REFUSED)
                return False
            if self.stopping:
                await runtime.aclose()
                return False
            former, self._current = self.current, self._make(config, runtime)
            self._retire(former)
            log.info("configuration reloaded", extra={"fields": self.current.described()})
            return True

    def _anew(self) -> tuple[Config, AsyncRuntime]:
        config = self._load()
        self._keeps_to_the_store(config)
        return config, self._build(config)

    def _keeps_to_the_store(self, config: Config) -> None:
        """Refuse what the opened stores cannot follow."""
        hint = "stop the process and start it again"
        if config.stores != self.current.config.stores:
            raise ConfigurationError("the store cannot be changed while it is in use", pointer="/stores", hint=hint)
        if config.times != self.current.config.times:
            hint = "stop every process on this store and start them again"
            raise ConfigurationError("the claims' times cannot be changed in use", pointer="/claims", hint=hint)

    def _retire(self, former: S) -> None:
        task = asyncio.ensure_future(former.retire(self._drain))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def stop(self) -> None:
        """Let everything that is under way end within the drain time."""
        self.stopping = True
        log.info("stopping", extra={"fields": {"drain": self._drain}})
        await asyncio.gather(self.current.retire(self._drain), *self._retired)
        log.info("stopped")

    async def close(self) -> None:
        """End at once."""
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        if self._current is not None:
            await self._current.retire(0)
