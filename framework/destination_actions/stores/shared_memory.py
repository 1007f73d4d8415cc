"""Rates and OAuth tokens in this process's memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from threading import Lock
from typing import Any

from destination_actions.protocols import Clock
from destination_actions.stores.rates import Lane, left_of, paused, taken


class MemoryRates:
    """A `RateStore` in memory. Usable from several loops and threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._lanes: dict[str, Lane] = {}

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """As `RateStore` says; the permits of a block come one every `1 / per_second` seconds."""
        with self._lock:
            now = self._clock.monotonic()
            self._lanes[lane], wait = taken(self._lanes.get(lane, Lane()), n, per_second, now, within)
            return wait

    async def pause(self, lane: str, seconds: float) -> None:
        """As `RateStore` says; a pause is never cut short by a shorter one."""
        with self._lock:
            self._lanes[lane] = paused(self._lanes.get(lane, Lane()), seconds, self._clock.monotonic())

    async def paused(self, lane: str) -> float:
        """As `RateStore` says."""
        return left_of(self._lanes.get(lane, Lane()), self._clock.monotonic())

    def known(self) -> Mapping[str, Lane]:
        """The lanes that have given permits or been paused; their times are of the clock's `monotonic`."""
        with self._lock:
            return dict(self._lanes)


class MemoryTokens:
    """A `TokenStore` in memory. Usable from several loops and threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, tuple[int, Mapping[str, Any]]] = {}

    async def get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """As `TokenStore` says."""
        kept = self._tokens.get(name)
        return None if kept is None else (kept[0], deepcopy(kept[1]))

    async def put(self, name: str, value: Mapping[str, Any], *, revision: int) -> bool:
        """As `TokenStore` says."""
        with self._lock:
            current, _ = self._tokens.get(name, (0, None))
            if current != revision:
                return False
            self._tokens[name] = (revision + 1, deepcopy(dict(value)))
            return True
