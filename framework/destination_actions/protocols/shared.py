"""What workers share: rates and OAuth tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class RateStore(Protocol):
    """Shares a rate between workers by leasing blocks of it."""

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """Lease `n` permits of a lane; gives the seconds to wait before the first may be used: less than zero when the
        store took so long that its moment is past.

        When that is more than `within`, nothing was leased: come back after the difference.
        """

    async def pause(self, lane: str, seconds: float) -> None:
        """Give no permit of this lane before `seconds` have passed."""

    async def paused(self, lane: str) -> float:
        """Seconds until the pause of this lane is over; 0 when there is none."""


@runtime_checkable
class TokenStore(Protocol):
    """Keeps OAuth tokens; writers compare and set."""

    async def get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """The revision and value kept under `name`."""

    async def put(self, name: str, value: Mapping[str, Any], *, revision: int) -> bool:
        """Replace revision `revision` (0: nothing there yet). False when somebody else was first."""
