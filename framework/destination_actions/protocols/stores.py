"""Everything that a runtime keeps its state in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from destination_actions.protocols.claims import ClaimStore, ClaimTimes
from destination_actions.protocols.desk import Desk
from destination_actions.protocols.ledger import Ledger
from destination_actions.protocols.queue import Queue
from destination_actions.protocols.shared import RateStore, TokenStore
from destination_actions.protocols.time import Clock


async def _nothing() -> None:
    """Close nothing."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a runtime keeps its state in. `secret` is the install secret (32 bytes) that all workers share.

    `times` are those that its claims go by, where that is known: a request has to end before the window that the store
    opened for it, so the runtime goes by them too.
    """

    claims: ClaimStore
    queue: Queue
    rates: RateStore
    tokens: TokenStore
    ledger: Ledger
    secret: bytes = field(repr=False)
    close: Callable[[], Any] = _nothing
    desk: Desk | None = None
    times: ClaimTimes | None = None


StoreFactory: TypeAlias = Callable[[str, Clock, ClaimTimes], Stores]
"""Opens the stores that a URL names, or raises `StoreError` or `ConfigurationError` with what to do."""
