"""The gate of a lane: how many deliveries may start now. It joins concurrency, pause, breaker and pace.

All configured destinations of one account share a gate. What the store knows of the lane (pauses, the pace) is shared
by all workers, and looked at a few times a second.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from destination_actions.errors import StoreError
from destination_actions.outcomes import Failed, Outcome
from destination_actions.protocols import Clock, Stores
from destination_actions.runtime.breaker import Breaker, BreakerRule
from destination_actions.runtime.notices import NoticeBoard
from destination_actions.runtime.pace import QUIET, SURE, Pace, grown, slowed
from destination_actions.runtime.permits import Permits
from destination_actions.runtime.retry import RetryBudget, RetryRule
from destination_actions.runtime.signals import Signal, most_telling, signal_of

log = logging.getLogger("destination_actions")

LOOK = 0.5
"""Seconds between looks at what the store knows of a lane."""

START = 4
"""Calls at a time in the beginning."""

QUICK = 16
"""Calls at a time up to which each answer allows one more; from there on they grow slowly."""

SOME = 3
"""Answers that a worker has to have seen to take the pace as used up."""

UNNAMED = 1.0
"""Seconds that a refusal without a time asks for."""

LONGEST = 60.0
"""Seconds of pause to which refusals one after the other lead where the API names no time."""

BLOCK = 0.1
"""Seconds' worth of permits that are taken from the store at a time."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call that was let through: in which epoch of the gate, and whether it is the breaker's probe."""

    epoch: int
    probe: bool


class Gate:
    """One lane's gate. `concurrency` is how many calls may be under way."""

    def __init__(
        self, key: str, stores: Stores, clock: Clock, retry: RetryRule, breaker: BreakerRule, concurrency: int
    ) -> None:
        self.key = key
        self.breaker = Breaker(breaker)
        self.budget = RetryBudget(retry, clock.monotonic())
        self.retry = retry
        self.concurrency = concurrency
        self.pace: Pace | None = None
        self.under_way = 0
        self._stores = stores
        self._clock = clock
        self._notices = NoticeBoard(stores.tokens, clock, key)
        self._window = float(min(START, concurrency))
        self._epoch = 0
        self._opens = 0.0
        self._looked = -LOOK
        self._revision = 0
        self._permits = Permits()
        self._answers: deque[float] = deque(maxlen=100_000)
        self._hungry = False
        self._pause = 0.0
        self._progress = 1

    # --- before calls ------------------------------------------------------------------------------------------------

    def room(self) -> int:
        """How many calls may start now."""
        now = self._clock.monotonic()
        if self.closed_for(now) > 0:
            return 0
        if self.breaker.why:
            return 1
        room = int(self._window) - self.under_way
        return max(0, room if self._rate is None else min(room, self._permits.usable(now)))

    def closed_for(self, now: float) -> float:
        """Seconds for which nothing may start, whatever has ended."""
        return max(self._opens - now, self.breaker.wait(now), 0.0)

    def next_room(self) -> float | None:
        """Seconds until time alone makes room; None when a call has to end first."""
        now = self._clock.monotonic()
        closed = self.closed_for(now)
        if closed > 0:
            return closed
        if int(self._window) <= self.under_way:
            return None
        return self._permits.wait(now) if self._rate is not None else 0.0

    async def look(self) -> None:
        """Read what the store knows, and get permits where the lane has a pace."""
        now = self._clock.monotonic()
        try:
            if now >= self._looked + LOOK:
                self._looked = now
                self._opens = max(self._opens, now + await self._stores.rates.paused(self.key))
                if self.retry.learn:
                    await self._read_pace()
            if self._rate is not None and self._permits.spent and self.closed_for(now) <= 0:
                await self._more_permits(self._rate)
        except StoreError as error:
            self._opens = max(self._opens, now + LOOK)
            log.warning("the store's record of lane %s cannot be read: %s", self.key, error)

    def offered(self, room: int, taken: int) -> None:
        """Note how many deliveries came for how much room: all of it used means that more may be waiting."""
        if room:
            self._hungry = taken >= room

    def started(self) -> Ticket:
        """Note a call that starts."""
        self.under_way += 1
        self._permits.use()
        return Ticket(self._epoch, self.breaker.try_one(self._clock.monotonic()))

    # --- after calls -------------------------------------------------------------------------------------------------

    async def ended(self, ticket: Ticket, outcomes: Sequence[Outcome]) -> None:
        """Note how a call ended: one outcome, or those of a batch, of which the most telling counts."""
        self.under_way -= 1
        now = self._clock.monotonic()
        outcome = most_telling(outcomes)
        signal, open_for = signal_of(outcome), self.breaker.why
        try:
            if signal is Signal.LIMITED and isinstance(outcome, Failed):
                await self._limited(ticket, outcome, now)
            elif signal in {Signal.BROKEN, Signal.REFUSED}:
                await self._broken(ticket, signal, outcome, now)
            else:
                self._answered(ticket, signal, now)
            if self.breaker.why != open_for or (ticket.probe and self.breaker.why):
                message = str(getattr(outcome, "message", ""))
                await self._notices.put_up(self.breaker.why, message, self.breaker.interval)
        except StoreError as error:
            log.warning("the store's record of lane %s cannot be written: %s", self.key, error)

    def abandoned(self) -> None:
        """Note a call that was broken off."""
        self.under_way -= 1

    def _answered(self, ticket: Ticket, signal: Signal, now: float) -> None:
        if self.breaker.why is None or ticket.probe:
            self._succeeded(ticket, signal, now)
        if ticket.epoch != self._epoch:
            return
        growth = 1.0 if self._window < QUICK else 2.0 / self._window
        self._window = min(self._window + growth, float(self.concurrency))
        if signal is Signal.NOTHING:
            self._permits.give_back()
        else:
            self._answers.append(self._clock.now())
            self._progress += 1

    def _succeeded(self, ticket: Ticket, signal: Signal, now: float) -> None:
        if signal is Signal.ANSWERED and self.breaker.succeeded(now, probe=ticket.probe):
            log.warning("lane %s works again", self.key)

    async def _limited(self, ticket: Ticket, outcome: Failed, now: float) -> None:
        """Pause the lane for all workers; after a 429, go slower. Calls that were under way together count once."""
        first = ticket.epoch == self._epoch
        if first:
            early = self._progress == 0 and outcome.after <= UNNAMED
            self._pause = min(2 * self._pause, LONGEST) if early else 0.0
            self._progress = 0
        self._pause = max(self._pause, outcome.after)
        if first or now + self._pause > self._opens + LOOK:
            self._opens = max(self._opens, now + self._pause)
            await self._stores.rates.pause(self.key, self._pause)
        if first:
            self._begin_anew()
            if outcome.status == 429 and self.retry.learn:
                await self._slow_down(self._pause)

    async def _broken(self, ticket: Ticket, signal: Signal, outcome: Outcome, now: float) -> None:
        refused = signal is Signal.REFUSED
        opened = self.breaker.refused(now) if refused else self.breaker.failed(now)
        if opened:
            self._begin_anew()
            seconds, why = self.breaker.interval, getattr(outcome, "message", "")
            log.error("lane %s: %s; its deliveries wait, one is tried every %g s", self.key, why, seconds)
        if opened or ticket.probe:
            await self._stores.rates.pause(self.key, self.breaker.interval)

    def _begin_anew(self) -> None:
        self._epoch += 1
        self._window = 1.0

    # --- the pace ----------------------------------------------------------------------------------------------------

    @property
    def _rate(self) -> float | None:
        return None if self.pace is None else self.pace.rate

    async def _read_pace(self) -> None:
        record = await self._stores.tokens.get(self._name)
        if record is not None:
            self._revision, self.pace = record[0], Pace.from_json(record[1])
        if self.pace is not None and self._hungry and self._clock.now() >= self.pace.grown + 2 * LOOK:
            await self._write(grown(self.pace, self._clock.now()))

    async def _slow_down(self, after: float) -> None:
        """Record that the limit was met. Somebody else's record in between is read, and added to."""
        await self._read_pace()
        now = self._clock.now()
        while (evidence := self._evidence(now)) is not None:
            if await self._write(slowed(self.pace, *evidence, now + after, now)):
                self._answers.clear()
                break
            await self._read_pace()
        self._permits = Permits()

    def _evidence(self, now: float) -> tuple[float, float] | None:
        """How many requests the API took, and since when; None where this worker knows too little.

        At a pace that all workers used up together, the pace tells; otherwise what this worker has counted.
        """
        some = len(self._answers) >= SOME
        if some and self._rate is not None and self.pace is not None and self._hungry and now >= self.pace.until:
            since = max(self.pace.until, now - QUIET)
            return self._rate * (now - since), since
        recent = [at for at in self._answers if at >= now - QUIET]
        enough = len(recent) >= SURE or self.pace is not None
        return (float(len(recent)), recent[0] if recent else now) if enough else None

    async def _write(self, pace: Pace) -> bool:
        written = await self._stores.tokens.put(self._name, pace.to_json(), revision=self._revision)
        if written:
            self._revision, self.pace = self._revision + 1, pace
        return written

    @property
    def _name(self) -> str:
        return f"pace:{self.key}"

    async def _more_permits(self, rate: float) -> None:
        count = max(1, int(rate * BLOCK))
        wait = await self._stores.rates.take_rate(self.key, count, per_second=rate)
        self._permits = Permits(count, self._clock.monotonic() + max(wait, 0.0), rate)
