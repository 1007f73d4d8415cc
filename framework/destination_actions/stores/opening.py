"""Stores by URL: `memory:`, `sqlite:PATH`, `nats://HOST:PORT`.

Plugins add schemes through the hook `register_stores`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from destination_actions.errors import ConfigurationError, nearest
from destination_actions.protocols import ClaimTimes, Clock, StoreFactory, Stores
from destination_actions.stores.claims_memory import MemoryClaims
from destination_actions.stores.clock import SystemClock
from destination_actions.stores.desk_memory import MemoryDesk
from destination_actions.stores.ledger_memory import MemoryLedger
from destination_actions.stores.nats import open_nats
from destination_actions.stores.queue_memory import MemoryQueue
from destination_actions.stores.shared_memory import MemoryRates, MemoryTokens
from destination_actions.stores.sqlite import open_sqlite


def open_memory(url: str, clock: Clock, times: ClaimTimes) -> Stores:
    """Open stores in this process's memory, with an install secret of their own. Everything is lost at exit."""
    if url.removeprefix("memory:"):
        raise ConfigurationError(f'the store URL "{url}" names something after memory:', hint='write just "memory:"')
    queue, rates = MemoryQueue(clock), MemoryRates(clock)
    return Stores(
        claims=MemoryClaims(clock, times),
        queue=queue,
        rates=rates,
        tokens=MemoryTokens(),
        ledger=MemoryLedger(clock),
        secret=secrets.token_bytes(32),
        desk=MemoryDesk(clock, queue, rates),
    )


BUILTIN_STORES: Final[Mapping[str, StoreFactory]] = {
    "memory": open_memory,
    "sqlite": open_sqlite,
    "nats": open_nats,
    "tls": open_nats,
}
"""The framework's own factories by URL scheme."""


def open_stores(
    url: str,
    *,
    clock: Clock | None = None,
    times: ClaimTimes | None = None,
    factories: Mapping[str, StoreFactory] = BUILTIN_STORES,
) -> Stores:
    """Open the stores that `url` names.

    `memory:` keeps them in this process; `sqlite:PATH` in a file that processes of one host share, such as
    `sqlite:state.db` or `sqlite:/var/lib/app/state.db`; `nats://one:4222,two:4222` in NATS servers that machines share.
    Raises `ConfigurationError` for a URL that no factory knows and `StoreError` for a store that cannot be used. Close
    them with `await stores.close()`.
    """
    scheme, colon, _ = url.partition(":")
    if not colon or scheme not in factories:
        known = ", ".join(f"{name}:" for name in sorted(factories))
        near = nearest(scheme, factories) if colon else None
        hint = near or f'write "memory:" or "sqlite:PATH"; known are {known}'
        raise ConfigurationError(f'no store is known for the URL "{_shown(url)}"', hint=hint)
    times = times or ClaimTimes()
    return replace(factories[scheme](url, clock or SystemClock(), times), times=times)


def _shown(url: str) -> str:
    """Leave out what may hold a password."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    return f"{scheme}://...@{rest.rpartition('@')[2]}" if "@" in rest else f"{scheme}{mark}{rest}"
