"""Fifteen wrong protocols, each wrong in one place: the tests have to notice every one of them.

Some are wrong in the store (other transitions), some in what a worker does with it. Several are what well-known systems
do; the docstrings say what goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from claims_world import TIMES, Mourning, Worker, World, memory_world
from destination_actions.protocols import Claim, ClaimRequest, Verdict
from destination_actions.stores.clock import Instant
from destination_actions.stores.transitions import Decision, Marked, Records, Stage, Transitions, Window

# --- wrong in the worker ---


class Upstream(Worker):
    """Sets the window before the call and never gives it back: a failed call suppresses its own retry."""

    def work(self) -> Iterator[str]:
        """Look, set, send."""
        windows, event, now = _windows(self.world), self.event, self.world.now
        if windows.get(event.key, 0.0) > now:
            self.world.report_suppressed(event)
            return
        windows[event.key] = now + event.period
        yield "set"
        outcome = self.outcome
        self.world.send(event, outcome)
        yield "sent"
        if outcome == "ok":
            self.world.report_delivered(event)


class SetAfterwards(Worker):
    """Looks, sends, then sets: two at once both send."""

    def work(self) -> Iterator[str]:
        """Look, send, set."""
        windows, event = _windows(self.world), self.event
        if windows.get(event.key, 0.0) > self.world.now:
            self.world.report_suppressed(event)
            return
        yield "looked"
        outcome = self.outcome
        self.world.send(event, outcome)
        yield "sent"
        if outcome == "ok":
            windows[event.key] = self.world.now + event.period
            self.world.report_delivered(event)


class ReleaseOnTimeout(Worker):
    """Takes no answer for no: what was executed is sent again."""

    def unknown(self, claim: Claim) -> None:
        """Give the key back."""
        self.world.release(claim)


class NoPeriodNoProtocol(Worker):
    """Sends without a claim when there is no window: one event delivered twice is sent twice."""

    def work(self) -> Iterator[str]:
        """Send at once with period 0."""
        if self.event.period:
            yield from super().work()
            return
        outcome = self.outcome
        self.world.send(self.event, outcome)
        yield "sent"
        if outcome == "ok":
            self.world.report_delivered(self.event)


def _windows(world: World) -> dict[str, float]:
    """The plain cache that these two use instead of a claim store; it dies with its world."""
    windows: dict[str, float] = world.__dict__.setdefault("windows", {})
    return windows


# --- wrong in the store ---


class NoFence(Transitions):
    """Marks whoever asks: a holder that froze sends beside the one that came after it."""

    def mark_sent(self, records: Records, claim: Claim, at: Instant) -> Marked:
        """Ignore token and lease."""
        window = records.window
        if window is None:
            return Marked(records, ok=False)
        live = replace(window, stage=Stage.HELD, token=claim.token, lease=at.now + 1)
        return super().mark_sent(Records(live, records.entry), claim, at)


class ReleaseAnyone(Transitions):
    """Releases without asking whose claim it is, as a plain DEL does."""

    def release(self, records: Records, claim: Claim) -> Records:
        """Ignore the token."""
        window = records.window
        live = None if window is None else replace(window, stage=Stage.HELD, token=claim.token)
        return super().release(Records(live, records.entry), claim)


class OwnNeedsNoLease(Transitions):
    """Lets the same event in while it is being sent: two deliveries of it are both sent."""

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """End the event's own lease."""
        window = records.window
        if window is not None and window.delivery == request.delivery and window.stage is not Stage.DONE:
            records = Records(replace(window, lease=at.now), records.entry)
        return super().claim(records, request, at, token)


class NoJournal(Transitions):
    """Remembers windows alone: an event delivered again after its window is sent again."""

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Forget the entry."""
        return super().claim(Records(records.window, None), request, at, token)


class WindowFromClaim(Transitions):
    """Counts the window from the claim: a slow call leaves less of it than was promised, or nothing."""

    def mark_sent(self, records: Records, claim: Claim, at: Instant) -> Marked:
        """End the window a period after the claim."""
        window, (after, ok) = records.window, super().mark_sent(records, claim, at)
        if not ok or window is None or after.window is None:
            return Marked(after, ok)
        until = (window.lease - TIMES.lease if window.stage is Stage.HELD else at.now) + claim.seconds
        return Marked(Records(replace(after.window, until=until), after.entry), ok)

    def confirm(self, records: Records, claim: Claim, data: object, at: Instant) -> Records:
        """Leave the window where it ends."""
        window, after = records.window, super().confirm(records, claim, None, at)
        if window is None or after.window is None:
            return after
        return Records(replace(after.window, until=window.until), after.entry)


class SuppressUnresolved(Transitions):
    """Suppresses beside an outcome that is not known: when the other was never executed, both are lost."""

    def _others(self, records: Records, window: Window, request: ClaimRequest, at: Instant) -> Decision:
        finished = replace(window, stage=Stage.DONE) if window.stage is Stage.SENT else window
        records, answer = super()._others(records, finished, request, at)
        return Decision(Records(window, records.entry), answer)


class NoReadBack(Transitions):
    """Suppresses an event that was attempted without looking: it may have been executed."""

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Take every request as checked."""
        return super().claim(records, replace(request, checked=True), at, token)


class UnrecordedSuppression(Transitions):
    """Answers COOLING without writing it down: a later delivery of the same event is sent."""

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Keep the journal as it was."""
        after, answer = super().claim(records, request, at, token)
        if answer.verdict is Verdict.COOLING:
            return Decision(records, answer)
        return Decision(after, answer)


class NoGraceForTheDead(Mourning):
    """Takes what a dead worker sent for landed at once: the read-back comes before it, and it is sent again."""

    def left_behind(self, window: Window, since: float) -> Window:
        """End every lease with its holder."""
        return replace(window, lease=min(window.lease, since))


class FreedWithTheDead(Mourning):
    """Frees the key that a dead worker held, sent or not: others go in the window of what it sent."""

    def left_behind(self, window: Window, since: float) -> Window:
        """End lease and window."""
        after = super().left_behind(window, since)
        return after if window.stage is Stage.DONE else replace(after, until=min(after.until, after.lease))


class CountedTokens(Transitions):
    """Counts tokens within the record, which starts anew when the record does: old tokens become valid again."""

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Count on while the record lives."""
        window = records.window
        lives = window is not None and not self._free(window, at)
        counted = str(int(window.token) + 1) if lives and window is not None else "1"
        return super().claim(records, request, at, counted)


WRONG_WORKERS: Final = (Upstream, SetAfterwards, ReleaseOnTimeout, NoPeriodNoProtocol)
WRONG_TRANSITIONS: Final = (
    NoFence,
    ReleaseAnyone,
    OwnNeedsNoLease,
    NoJournal,
    WindowFromClaim,
    SuppressUnresolved,
    NoReadBack,
    UnrecordedSuppression,
    NoGraceForTheDead,
    FreedWithTheDead,
)


def world_of(wrong: type[Worker] | type[Transitions]) -> Callable[[], World]:
    """Give a maker of worlds in which one thing is wrong."""

    def make() -> World:
        return memory_world(worker=wrong) if issubclass(wrong, Worker) else memory_world(wrong(TIMES))

    return make
