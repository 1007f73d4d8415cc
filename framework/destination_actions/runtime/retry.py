"""When a failed delivery is tried again: capped exponential back-off with jitter; whoever names a time is obeyed.

Base 1 s, doubled, at most 5 minutes, half of it random (the spread that keeps returning traffic from arriving at
once). A busy claim is looked at again soon, because it is usually given back within one request.
"""

from __future__ import annotations

from collections.abc import Callable

from destination_actions.outcomes import Failed

LONGEST = 300.0
BUSY_FIRST = 0.05
BUSY_LONGEST = 2.0


def delay_of(failed: Failed, attempts: int, random: Callable[[], float]) -> float:
    """Seconds until the next attempt after `attempts` of them; `random` gives values in [0, 1)."""
    if failed.reason == "busy":
        return min(failed.after, BUSY_LONGEST, BUSY_FIRST * 2.0 ** min(attempts, 8))
    if failed.reason in {"try_again", "unconfirmed", "authentication", "rate"}:
        return failed.after * (1 + 0.1 * random())
    grown = min(LONGEST, failed.after * 2.0 ** min(max(attempts - 1, 0), 10))
    return grown * (0.5 + 0.5 * random())
