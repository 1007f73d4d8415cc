"""The rate that a lane's API was found to take. A pure rule; the record is shared by all workers through the store.

An API that answers 429 has a limit that it does not tell. What it took until then, over the time until it may be asked
again, is the best guess at it. From a little below that guess the rate creeps up until the next 429; where the guess
turns out to be too low, it grows fast. Where 429s come however slow it goes, they have nothing to do with the rate, and
there is none for a while. Times are wall-clock seconds, rates are requests a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

BELOW = 0.95
"""Where to go on after a limit was met, as a part of the guess."""

SURE = 12
"""Requests that a guess needs."""

PATIENT = 100
"""Requests for which the rate creeps at least."""

PATIENCE = 30.0
"""Seconds for which the rate creeps at least; after that, the guess was too low."""

FIRST_PATIENCE = 10.0
"""The same for the first guess, which is the roughest."""

CREEP = 0.0002
"""Growth a request near the guess, so that there are hundreds of requests for each that is refused."""

FASTEST_CREEP = 0.005
"""Growth a second near the guess at the most."""

RUN = 0.03
"""Growth a second far above it."""

QUIET = 120.0
"""Seconds of requests that a first guess looks back on."""

DEEPEST = 0.75
"""The part of the rate to which a 429 soon after another can bring it down."""

LONG = 10.0
"""Seconds of evidence that a guess needs to bring the rate down further."""

STRIKES = 5
"""429s in a row below the guess after which the rate is taken to have nothing to do with them."""

OFF = 300.0
"""Seconds for which there is no rate then."""

LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` is in force since `grown`, None: none; `guess` is the limit as last seen.

    The last time the limit was met, the API had taken `taken` requests since `since`, at `before` a second (None: as
    fast as they came), and may be asked again at `until`. `strikes` counts the 429s in a row that came below the guess.
    """

    rate: float | None
    guess: float
    since: float
    until: float
    taken: float
    before: float | None
    grown: float
    strikes: int = 0

    def to_json(self) -> dict[str, Any]:
        """The record as the store keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Pace:
        """Read a record."""
        return cls(**record)

    def over(self, now: float) -> bool:
        """Whether this record says nothing any more: 429s had nothing to do with the rate, a while ago."""
        return self.rate is None and now >= self.until + OFF


def slowed(pace: Pace | None, taken: float, since: float, until: float, now: float) -> Pace:
    """The pace after a 429 at `now`: the API took `taken` requests since `since`, and nobody may ask until `until`.

    A 429 before the last one's `until`, or with next to nothing taken since, tells of the same limit met: by another
    worker, or because it was too early to ask. Then the evidence adds up.
    """
    if pace is None or pace.over(now):
        return _guessed(taken, since, until, None, 0)
    if pace.rate is None:
        return replace(pace, until=max(until, pace.until))
    if now < pace.until and pace.before is not None:
        return replace(pace, until=max(until, pace.until))
    if now < pace.until or taken < SURE:
        since, until = min(since, pace.since), max(until, pace.until)
        return _guessed(taken + pace.taken, since, until, pace.before, pace.strikes)
    strikes = pace.strikes + 1 if pace.rate < pace.guess * (1 + BELOW) / 2 else 0
    ran = pace.rate > pace.guess * (2 - BELOW)
    return _guessed(taken * BELOW if ran else taken, since, until, pace.rate, strikes)


def _guessed(taken: float, since: float, until: float, before: float | None, strikes: int) -> Pace:
    seen = taken / max(until - since, 0.001)
    rate = BELOW * (seen if before is None else min(seen, before))
    if before is not None and until - since < LONG:
        rate = max(rate, DEEPEST * before)
    return Pace(max(rate, LEAST) if strikes < STRIKES else None, seen, since, until, taken, before, until, strikes)


def grown(pace: Pace, now: float) -> Pace:
    """The pace when all of it was used from `pace.grown` until now, and nobody complained."""
    if pace.rate is None:
        return pace
    seconds = min(max(now - pace.grown, 0.0), 2.0)
    near = pace.rate <= pace.guess * (2 - BELOW) and _patient(pace, pace.rate, now - pace.until)
    growth = min(CREEP * pace.rate, FASTEST_CREEP) if near else RUN
    return replace(pace, rate=pace.rate * (1 + seconds * growth), grown=now)


def _patient(pace: Pace, rate: float, quiet: float) -> bool:
    """Whether the guess still stands after so many seconds without a 429."""
    if pace.before is None:
        return quiet < FIRST_PATIENCE
    return quiet < PATIENCE or quiet * rate < PATIENT
