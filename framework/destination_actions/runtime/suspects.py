"""Deliveries that were in hand when a worker died, more than once: which of them may be tried now.

One that kills its worker takes others with it. So suspects are tried one at a time, until the guilty one is found; one
whose call came to an end here is innocent, and goes on as any other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from destination_actions.protocols import Lease

SUSPECT: Final = 2
"""Losses after which a delivery is one."""

ALONE: Final = 2.0
"""Seconds for which a suspect keeps those of other lanes waiting: one that is slow is most likely only that."""

_REMEMBERED: Final = 10_000


class Suspects:
    """The suspects of one worker."""

    def __init__(self) -> None:
        self._in_hand: dict[str, tuple[str, float]] = {}
        self._innocent: OrderedDict[str, None] = OrderedDict()

    def includes(self, lease: Lease) -> bool:
        """Whether a delivery is suspected."""
        return lease.losses >= SUSPECT and lease.delivery.key not in self._innocent

    def may_begin(self, lease: Lease, now: float) -> bool:
        """Whether no other keeps it waiting (monotonic `now`). It is in hand then."""
        lane = lease.delivery.lane
        if any(other == lane or now < since + ALONE for other, since in self._in_hand.values()):
            return False
        self._in_hand[lease.delivery.key] = (lane, now)
        return True

    def broken_off(self, leases: Iterable[Lease]) -> None:
        """Note deliveries whose call did not come to its end; also ones that nobody suspects."""
        for lease in leases:
            self._in_hand.pop(lease.delivery.key, None)

    def survived(self, leases: Iterable[Lease]) -> None:
        """Note deliveries whose call came to its end."""
        for lease in leases:
            if self._in_hand.pop(lease.delivery.key, None) is not None:
                self._innocent[lease.delivery.key] = None
        while len(self._innocent) > _REMEMBERED:
            self._innocent.popitem(last=False)
