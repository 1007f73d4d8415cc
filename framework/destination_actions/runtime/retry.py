"""When a failed delivery is tried again: a pure rule, and a budget that keeps retries a small part of the traffic.

Full-jitter exponential back-off: a random time up to a ceiling that grows with every attempt. Whoever names a time
(a Retry-After, a wait for the truth about an unknown outcome) is obeyed: that time is the least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from destination_actions.outcomes import Failed

BUSY_FIRST = 0.05
BUSY_LONGEST = 2.0
"""A busy claim is looked at again soon, because it is usually given back within one request."""

NAMED = frozenset({"try_again", "unconfirmed", "authentication"})
"""The reasons of failures whose `after` somebody named."""

SAVED = 10.0
"""Seconds' worth of retries that a budget keeps for bad times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """How a destination's failed deliveries are tried again; times in seconds.

    The n-th retry waits up to `base * factor ** (n - 1)`, at most `cap`. `horizon` after it was accepted a delivery is
    not tried again. Retries may be `share` of the first tries, and `floor` a second besides. Unless `learn` is off, the
    lane finds out from 429s how many requests a second the API takes, and stays below that.
    """

    base: float = 1.0
    factor: float = 2.0
    cap: float = 300.0
    horizon: float = 4 * 3600.0
    share: float = 0.1
    floor: float = 10.0
    learn: bool = True

    def ceiling(self, attempts: int) -> float:
        """The longest wait after `attempts` attempts."""
        return float(min(self.cap, self.base * self.factor ** min(max(attempts - 1, 0), 64)))

    def delay(self, failed: Failed, attempts: int, random: Callable[[], float]) -> float:
        """Seconds until the next attempt after `attempts` of them; `random` gives values in [0, 1)."""
        if failed.reason == "busy":
            return min(failed.after, BUSY_LONGEST, BUSY_FIRST * 2.0 ** min(attempts, 8))
        if failed.reason == "rate":
            return failed.after * (1 + 0.1 * random())
        least = failed.after if failed.reason in NAMED else 0.0
        return max(least, random() * self.ceiling(attempts))

    def schedule(self) -> Iterator[tuple[int, float, float]]:
        """Each retry that the horizon lets be expected: its number, its ceiling, and when it comes on average."""
        at, number = 0.0, 1
        while (at := at + self.ceiling(number) / 2) <= self.horizon:
            yield number, self.ceiling(number), at
            number += 1


class RetryBudget:
    """Retries of one lane: a share of its first tries, and so many a second besides. Who is over it waits longer."""

    def __init__(self, rule: RetryRule, now: float) -> None:
        self._rule = rule
        self._left = self._most = rule.floor * SAVED
        self._at = now

    def tried(self) -> None:
        """Count a first try."""
        self._left = min(self._most, self._left + self._rule.share)

    def wait(self, now: float) -> float:
        """Take one retry from the budget; gives the seconds until there is one."""
        self._left = min(self._most, self._left + (now - self._at) * self._rule.floor) - 1.0
        self._at = now
        return max(0.0, -self._left / self._rule.floor)
