"""How a rate is shared: each lane remembers when its next permit is free; a block of permits moves that moment on.

There is no burst: after a quiet time the first permit is free at once, the second one interval later. So workers that
lease blocks in turn never exceed the rate together, not even for a moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """When the next permit of a lane is free, and until when the lane gives none."""

    free: float = 0.0
    paused: float = 0.0


def taken(lane: Lane, n: int, per_second: float, now: float, within: float = math.inf) -> tuple[Lane, float]:
    """Take `n` permits; gives the lane after it and the seconds until the first may be used.

    When that is more than `within`, the lane stays as it is.
    """
    if n < 1 or not (math.isfinite(per_second) and per_second > 0):
        raise ValueError(f"a block is one permit or more of a rate above zero, not {n!r} of {per_second!r} a second")
    start = max(now, lane.free, lane.paused)
    if start - now > within:
        return lane, start - now
    return Lane(start + n / per_second, lane.paused), start - now


def paused(lane: Lane, seconds: float, now: float) -> Lane:
    """Give no permit before `seconds` have passed, nor before an earlier pause ends."""
    return Lane(lane.free, max(lane.paused, now + seconds))


def left_of(lane: Lane, now: float) -> float:
    """Seconds until the pause of a lane is over."""
    return max(0.0, lane.paused - now)
