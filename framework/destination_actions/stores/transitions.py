"""The claim protocol as pure functions: records and a request in, new records and an answer out.

Every store runs these very functions inside its own atomic step (a lock, a transaction, a compare-and-set of one
value), so all stores decide alike. Two records carry a decision:

- the **window**, one for each key: who holds it, how far that delivery has come, and until when;
- the **entry**, one for each delivery: attempted, done or suppressed. The journal is made of these.

::

            claim                 mark_sent              confirm
    free ------------> HELD ----------------> SENT ----------------> DONE -- window over --> free
      ^                 |  |                   |  |
      |---- release ----'  '- lease over       |  '- lease over: the same delivery resumes,
      |   (definite no)       free             |     another waits until the window is over
      '--------------- release ----------------'

All times in records are store time (`destination_actions.stores.clock`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from destination_actions.definitions import LONGEST_COOLDOWN
from destination_actions.events import Json
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes, Verdict
from destination_actions.stores.clock import Instant
from destination_actions.values import light, maker, new_tuple


class Stage(IntEnum):
    """How far the delivery that owns a window has come. The numbers are what stores keep."""

    HELD = 0
    SENT = 1
    DONE = 2
    RELEASED = 3


class Mark(IntEnum):
    """What is known of a delivery. The numbers are what stores keep."""

    ATTEMPTED = 1
    DONE = 2
    SUPPRESSED = 3


@light
@dataclass(frozen=True, slots=True)
class Window:
    """The record of a key. `lease` fences the holder; `until` ends the window that others have to respect."""

    stage: Stage
    delivery: str
    message: str
    token: str
    lease: float
    until: float = 0.0
    data: Json = None

    @property
    def ends(self) -> float:
        """The moment from which this record says nothing any more."""
        return max(self.lease, self.until)


@light
@dataclass(frozen=True, slots=True)
class Entry:
    """The record of a delivery. `touched` starts its age; `attempted` is when it was first marked as sent.

    `attempted_wall` is the same moment as the wall clock had it. `until` and `by` go with a suppression, `data` with a
    confirmation.
    """

    mark: Mark
    touched: float
    attempted: float | None = None
    attempted_wall: float | None = None
    until: float | None = None
    by: str | None = None
    data: Json = None


class Records(NamedTuple):
    """What a store holds for one key and one delivery."""

    window: Window | None = None
    entry: Entry | None = None


class Decision(NamedTuple):
    """New records, and the answer to a claim."""

    records: Records
    answer: ClaimAnswer


class Marked(NamedTuple):
    """New records, and whether the request may leave."""

    records: Records
    ok: bool


def check_seconds(seconds: float) -> None:
    """Raise `ValueError` unless `seconds` is a period: a finite number from 0 to the longest cooldown."""
    given: object = seconds  # whatever its annotation says, it comes from configuration and events
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not 0 <= seconds <= LONGEST_COOLDOWN:  # NaN compares as false
        raise ValueError(f"a period lasts from 0 to {LONGEST_COOLDOWN} seconds, not {seconds!r}")


# Looking a member of an enumeration up takes Python 3.11 a fifth of a microsecond, and a delivery needs some twenty.
_HELD, _SENT, _DONE, _RELEASED = Stage
_ATTEMPTED, _MARK_DONE, _SUPPRESSED = Mark
_GRANTED, _RESUME = Verdict.GRANTED, Verdict.RESUME

_window, _entry, _claim, _answer = maker(Window), maker(Entry), maker(Claim), maker(ClaimAnswer)


class Transitions:
    """The protocol's operations under given times. Holds no state."""

    def __init__(self, times: ClaimTimes) -> None:
        self.times = times

    # --- claim ---

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Decide whether a delivery may act now. `token` is a new one, used when the claim is given."""
        seconds = request.seconds
        if type(seconds) is not float or not 0.0 <= seconds <= LONGEST_COOLDOWN:
            check_seconds(seconds)
        window, entry = records
        if window is None and entry is None:  # nothing is known of either, as for nearly every delivery
            lease = at.now + self.times.lease
            taken = _window(_HELD, request.delivery, request.message, token, lease)
            claim = _claim(request.key, request.delivery, request.seconds, token)
            return new_tuple(Decision, (new_tuple(Records, (taken, None)), _answer(_GRANTED, claim)))
        records = self._remembered(records, at)
        window, entry = records
        if entry is not None and entry.mark is not _ATTEMPTED:
            return Decision(records, self._finished(entry, at))
        if window is None or self._free(window, at):
            return self._take(records, request, at, token)
        if window.delivery == request.delivery:
            return self._own(records, window, request, at, token)
        return self._others(records, window, request, at)

    def _remembered(self, records: Records, at: Instant) -> Records:
        """Forget an entry that has outlived the journal, so that it does not matter when a store removes it."""
        entry = records.entry
        if entry is None or entry.touched + self.times.journal > at.now:
            return records
        return Records(records.window, None)

    def _finished(self, entry: Entry, at: Instant) -> ClaimAnswer:
        if entry.mark is _MARK_DONE:
            return ClaimAnswer(Verdict.ALREADY_DONE, data=entry.data)
        until = None if entry.until is None else at.on_the_wall(entry.until)
        return ClaimAnswer(Verdict.ALREADY_SUPPRESSED, until=until, by=entry.by)

    def _free(self, window: Window, at: Instant) -> bool:
        match window.stage:
            case Stage.RELEASED:
                return True
            case Stage.HELD:
                return window.lease <= at.now
            case _:
                return window.until <= at.now

    def _take(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Hold a free key. Nothing of this claim was sent, but an earlier attempt may have been."""
        taken = Window(_HELD, request.delivery, request.message, token, at.now + self.times.lease)
        verdict = _GRANTED if records.entry is None else _RESUME
        return self._given(verdict, Records(taken, records.entry), request, at)

    def _own(self, records: Records, window: Window, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Decide on a key that this very delivery took: done, alive elsewhere, or left behind."""
        if window.stage is _DONE:
            return Decision(records, ClaimAnswer(Verdict.ALREADY_DONE, data=window.data))
        if at.now < window.lease:
            return Decision(records, self._busy(window, at))
        resumed = replace(window, token=token, lease=at.now + self.times.lease)
        return self._given(_RESUME, Records(resumed, records.entry), request, at)

    def _others(self, records: Records, window: Window, request: ClaimRequest, at: Instant) -> Decision:
        """Decide on a key that another delivery took: unresolved, or confirmed and its window open."""
        if window.stage is not _DONE:
            return Decision(records, self._busy(window, at))
        until, by = at.on_the_wall(window.until), window.message
        if records.entry is not None and not request.checked:
            first, last = self._attempted(records.entry, at)
            check = ClaimAnswer(Verdict.COOLING_CHECK, until=until, by=by, attempted=first, attempted_last=last)
            return Decision(records, check)
        entry = Entry(_SUPPRESSED, at.now, until=window.until, by=by)
        return Decision(Records(window, entry), ClaimAnswer(Verdict.COOLING, until=until, by=by))

    def _busy(self, window: Window, at: Instant) -> ClaimAnswer:
        """Say when to ask again: when the lease is over; then, the owner may resolve it any time, now and again."""
        if window.lease > at.now:
            return ClaimAnswer(Verdict.BUSY, retry_in=window.lease - at.now)
        return ClaimAnswer(Verdict.BUSY, retry_in=min(window.until - at.now, self.times.send + self.times.grace))

    def _given(self, verdict: Verdict, records: Records, request: ClaimRequest, at: Instant) -> Decision:
        assert records.window is not None  # noqa: S101 - for the type checker: callers just made it
        claim = Claim(request.key, request.delivery, request.seconds, records.window.token)
        if verdict is not _RESUME:
            return Decision(records, ClaimAnswer(verdict, claim=claim))
        first, last = self._attempted(records.entry, at)
        return Decision(records, ClaimAnswer(verdict, claim=claim, attempted=first, attempted_last=last))

    def _attempted(self, entry: Entry | None, at: Instant) -> tuple[float | None, float | None]:
        """Give the wall-clock times of the first attempt and of the last: the earlier and the later one when the wall
        clock was set in the meantime.

        A read-back of too long a time reads a little more; one of too short a time may see nothing.
        """
        if entry is None or entry.attempted is None or entry.attempted_wall is None:
            return None, None
        first, last = at.on_the_wall(entry.attempted), at.on_the_wall(entry.touched)
        then = round(entry.attempted_wall + (entry.touched - entry.attempted), 3)
        return min(first, entry.attempted_wall), max(last, then)

    # --- what follows a claim ---

    def mark_sent(self, records: Records, claim: Claim, at: Instant) -> Marked:
        """Record that a request is about to leave; refuse a holder whose token or lease is over."""
        window, entry = records
        if window is None or not self._fenced(window, claim) or window.lease <= at.now:
            return Marked(records, ok=False)
        lease = at.now + self.times.send + self.times.grace
        # Made outright: this is on the way of every delivery, and `replace` takes four times as long.
        until = lease + claim.seconds
        sent = _window(_SENT, window.delivery, window.message, window.token, lease, until, window.data)
        first = _entry(_ATTEMPTED, at.now, at.now, round(at.wall, 3))
        attempt = first if entry is None else replace(entry, touched=at.now)
        return new_tuple(Marked, (new_tuple(Records, (sent, attempt)), True))

    def confirm(self, records: Records, claim: Claim, data: Json, at: Instant) -> Records:
        """Record success. Truth first: the delivery is done whoever holds the key by now."""
        window, until = records.window, at.now + claim.seconds
        done = _entry(_MARK_DONE, at.now, data=data)
        if window is None:
            return Records(None, done)
        if self._fenced(window, claim):
            made = _window(_DONE, window.delivery, window.message, window.token, 0.0, until, data)
            return new_tuple(Records, (made, done))
        if window.stage in (_SENT, _DONE) and window.token != claim.token:
            return Records(replace(window, until=max(window.until, until)), done)
        return Records(window, done)

    def release(self, records: Records, claim: Claim) -> Records:
        """Record a definite failure: the key is free, and nothing was attempted."""
        window, entry = records
        if window is None or not self._fenced(window, claim):
            return records
        kept = None if entry is not None and entry.mark is _ATTEMPTED else entry
        return Records(replace(window, stage=_RELEASED, lease=0.0, until=0.0), kept)

    def ambiguous(self, records: Records, claim: Claim, at: Instant) -> Records:
        """Record an unknown outcome: the window lasts at least a period from now."""
        window, entry = records
        if window is None or window.stage is not _SENT or not self._fenced(window, claim):
            return records
        return Records(replace(window, until=max(window.until, at.now + claim.seconds)), entry)

    def settle(self, records: Records, data: Json, at: Instant) -> Records:
        """Record that a read-back found the delivery executed; the window stays with its owner."""
        return Records(records.window, Entry(_MARK_DONE, at.now, data=data))

    def left_behind(self, window: Window, since: float) -> Window:
        """What is left of a lease whose holder died, which was found out at `since` (store time).

        A dead holder sends nothing. What it had sent may be on the way for as long as that of one that gave up on it.
        """
        match window.stage:
            case Stage.HELD:
                return replace(window, lease=min(window.lease, since))
            case Stage.SENT:
                return replace(window, lease=min(window.lease, since + self.times.grace))
            case _:
                return window

    def _fenced(self, window: Window, claim: Claim) -> bool:
        """Whether this claim still owns the window and has not come to its end."""
        return window.token == claim.token and (window.stage is _HELD or window.stage is _SENT)
