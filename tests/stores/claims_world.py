"""A world for claim stores: an upstream that executes, workers that follow the protocol, stop, freeze and die.

It checks the invariants where they would break:

- I1 in a window of a key at most one trigger is executed among different events
- I2 an event is executed at most once
- I3 every suppression is justified by an executed trigger of another event
- I4 no key is blocked beyond lease and window
- I5 after a confirmation a redelivery sends nothing
- I6 a stale token neither sends nor changes anything
- I7 no personal data is in the store (the world hands out digests alone; the store's tests look into the file)
- I8 tokens never repeat
- I9 an event that was reported suppressed was never executed, before or after
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimStore, ClaimTimes, Verdict
from destination_actions.stores import MemoryClaims, SqliteClaims
from destination_actions.stores.clock import Instant, anchored, boot_of
from destination_actions.stores.sqlite.claims import read_entries, read_windows
from destination_actions.stores.transitions import Decision, Records, Stage, Transitions
from destination_actions.testing.clock import ManualClock

TIMES: Final = ClaimTimes(lease=4.0, send=3.0, grace=2.0, journal=24 * 3600.0)
PERIODS: Final = (5.0, 5.0, 20.0, 0.0)
TICKS: Final = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 21.0, 30.0)
OUTCOMES: Final = ("ok", "ok", "refused", "lost", "late", "unsent", "early")
"""Executed and answered; definitely not executed; executed, answer lost; executed up to GRACE later, answer lost;
not executed, and no answer; given back before anything was sent, as when a look-up fails."""

NEVER: Final = float("-inf")

_runs = count()


class Broken(AssertionError):  # noqa: N818 - reads as what happened: an invariant is broken
    """An invariant does not hold."""


def must(holds: bool, invariant: str, fact: str) -> None:
    """Fail with the invariant's name."""
    if not holds:
        raise Broken(f"{invariant}: {fact}")


@dataclass(slots=True)
class Event:
    """One delivery, with what the world knows of it."""

    name: str
    key: str
    delivery: str
    period: float
    executed: list[float] = field(default_factory=list)
    suppressed: bool = False
    confirmed: float = NEVER
    settled: bool = False
    finished: bool = False

    def request(self, checked: bool = False) -> ClaimRequest:
        return ClaimRequest(self.key, self.delivery, self.period, self.name, checked)


@dataclass(slots=True)
class Flight:
    """A request under way that lands at a given time."""

    event: Event
    lands: float


def immediately(call: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("the store waited")


class World:
    """Clock, upstream and books."""

    def __init__(
        self,
        store: ClaimStore,
        clock: ManualClock,
        call: Callable[[Coroutine[Any, Any, Any]], Any] = immediately,
        worker: type[Worker] | None = None,
        mourn: Callable[[str], None] | None = None,
    ) -> None:
        self.store, self.clock, self.call = store, clock, call
        self.worker = worker or Worker
        self.run = next(_runs)
        self.events: list[Event] = []
        self.workers: list[Worker] = []
        self.flights: list[Flight] = []
        self.tokens: set[str] = set()
        self.latest: dict[str, str] = {}
        self.mourn = mourn

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    # --- what the machine does ---

    def new_event(self, period: float) -> Event:
        name = f"run {self.run} event {len(self.events)}"
        delivery = digest(name)
        key = digest(f"run {self.run}") if period else digest("own", delivery)
        self.events.append(Event(name, key, delivery, period))
        self.deliver(self.events[-1])
        return self.events[-1]

    def deliver(self, event: Event) -> Worker:
        self.workers.append(self.worker(self, event))
        return self.workers[-1]

    def drive(self, worker: Worker, steps: int, outcome: str) -> None:
        worker.outcome = outcome
        for _ in range(steps):
            if next(worker.steps, None) is None:
                self.workers.remove(worker)
                return

    def tick(self, seconds: float) -> None:
        until = self.now + seconds
        for flight in sorted(self.flights, key=lambda flight: flight.lands):
            if flight.lands <= until:
                self.clock.advance(flight.lands - self.now)
                self.flights.remove(flight)
                self.execute(flight.event)
        self.clock.advance(until - self.now)

    def close(self) -> None:
        """Let everything come to its end: each event finishes, each key becomes free."""
        self.workers.clear()
        for _ in range(4):
            for event in self.events:
                if not event.finished:
                    self.drive(self.deliver(event), 20, "ok")
            self.tick(TIMES.send + TIMES.grace)
        self.tick(TIMES.lease + TIMES.send + TIMES.grace + max(PERIODS))
        for event in self.events:
            if not event.finished:
                self.drive(self.deliver(event), 20, "ok")
            must(event.finished, "I4", f"{event.name} never comes to an end")
            self.tick(TIMES.lease + TIMES.send + TIMES.grace + max(PERIODS))
        for event in self.events:
            last = self.claim(Event("last", event.key, digest("last", event.delivery), 0.0))
            must(last.verdict is Verdict.GRANTED, "I4", f"a key of {event.name} is {last.verdict} at the end")
            self.call(self.store.release(last.claim))

    def found_dead(self, worker: Worker) -> None:
        """A worker dies, and a store that knows whose its tokens are hears of it at once."""
        self.workers.remove(worker)
        for token in worker.tokens if self.mourn else ():
            self.mourn(token)

    # --- what workers do: the store ---

    def claim(self, event: Event, checked: bool = False) -> ClaimAnswer:
        answer = self.call(self.store.claim(event.request(checked)))
        if answer.claim is not None:
            must(answer.claim.token not in self.tokens, "I8", "a token came twice")
            self.tokens.add(answer.claim.token)
            self.latest[event.key] = answer.claim.token
        if answer.verdict is Verdict.COOLING:
            open_windows = [self.now < other.confirmed + other.period for other in self.rivals(event)]
            must(any(open_windows), "I3", f"{event.name} cools although no window is open")
        return answer

    def mark_sent(self, claim: Claim) -> bool:
        ok: bool = self.call(self.store.mark_sent(claim))
        must(not ok or self.latest[claim.key] == claim.token, "I6", "a stale token may send")
        return ok

    def release(self, claim: Claim) -> None:
        self.fenced(claim, self.store.release)

    def ambiguous(self, claim: Claim) -> None:
        self.fenced(claim, self.store.ambiguous)

    def fenced(self, claim: Claim, operation: Callable[[Claim], Coroutine[Any, Any, None]]) -> None:
        before = self.call(records_of(self.store, claim.key, claim.delivery))
        self.call(operation(claim))
        after = self.call(records_of(self.store, claim.key, claim.delivery))
        must(before == after or self.latest[claim.key] == claim.token, "I6", "a stale token changes a record")

    def confirm(self, event: Event, claim: Claim) -> None:
        self.call(self.store.confirm(claim))
        event.confirmed = self.now

    def settle(self, event: Event) -> None:
        self.call(self.store.settle(event.request()))
        event.settled = True

    # --- what workers do: the upstream ---

    def send(self, event: Event, outcome: str) -> None:
        must(event.confirmed == NEVER and not event.settled, "I5", f"{event.name} is sent after its confirmation")
        if outcome in ("ok", "lost"):
            self.execute(event)
        if outcome == "late":
            self.flights.append(Flight(event, self.now + TIMES.grace))

    def execute(self, event: Event) -> None:
        must(not event.executed, "I2", f"{event.name} is executed twice")
        must(not event.suppressed, "I9", f"{event.name} is executed after it was reported suppressed")
        for other in self.rivals(event):
            near = [at for at in other.executed if self.now < at + other.period]
            must(not near, "I1", f"{event.name} is executed in the window of {other.name}")
        event.executed.append(self.now)

    def found(self, event: Event) -> bool:
        return bool(event.executed)

    # --- what workers report ---

    def report_delivered(self, event: Event) -> None:
        must(bool(event.executed), "I9", f"{event.name} is reported delivered and was not executed")
        event.finished = True

    def report_suppressed(self, event: Event, by: str | None = None) -> None:
        must(not event.executed, "I9", f"{event.name} is reported suppressed and was executed")
        others = [other.name for other in self.rivals(event) if other.executed]
        must(bool(others) and by in (None, *others), "I3", f"{event.name} is suppressed without a trigger of another")
        event.suppressed = event.finished = True

    def report_unknown(self, event: Event) -> None:
        must(event.confirmed == NEVER, "I9", f"{event.name} is reported unknown after its confirmation")
        event.finished = True

    def rivals(self, event: Event) -> list[Event]:
        return [other for other in self.events if other.key == event.key and other is not event]


class Mourning(Transitions):
    """The protocol in a store that hears of deaths, as that of a file does: `dead` says since when a token's maker is
    gone."""

    def __init__(self, times: ClaimTimes) -> None:
        super().__init__(times)
        self.dead: dict[str, float] = {}

    def claim(self, records: Records, request: ClaimRequest, at: Instant, token: str) -> Decision:
        """Shorten the lease of a dead holder first."""
        window = records.window
        if window is not None and window.lease > at.now and window.token in self.dead:
            records = Records(self.left_behind(window, self.dead[window.token]), records.entry)
        return super().claim(records, request, at, token)


class Worker:
    """One delivery of an event, as the runtime carries it out; each step is one that may be the last."""

    def __init__(self, world: World, event: Event) -> None:
        self.world, self.event = world, event
        self.outcome = "ok"
        self.tokens: list[str] = []
        self.steps = self.work()

    def work(self) -> Iterator[str]:
        """Claim, read back where the verdict says so, then send and record."""
        world, event, checked = self.world, self.event, False
        while True:
            answer = world.claim(event, checked)
            self.tokens += [answer.claim.token] if answer.claim else []
            yield "claimed"
            match answer.verdict:
                case Verdict.BUSY:
                    return
                case Verdict.ALREADY_DONE:
                    world.report_delivered(event)
                    return
                case Verdict.COOLING | Verdict.ALREADY_SUPPRESSED:
                    world.report_suppressed(event, answer.by)
                    return
                case Verdict.COOLING_CHECK:
                    checked = not world.found(event)
                    yield "read back"
                    if not checked:
                        world.settle(event)
                        yield "settled"
                        world.report_delivered(event)
                        return
                case _:
                    assert answer.claim is not None
                    yield from self.resume(answer.claim, answer.verdict)
                    return

    def resume(self, claim: Claim, verdict: Verdict) -> Iterator[str]:
        """Go on with a held key: after an earlier attempt, look first."""
        if verdict is Verdict.RESUME:
            found = self.world.found(self.event)
            yield "read back"
            if found:
                yield from self.succeed(claim)
                return
        if self.outcome == "early":
            self.world.release(claim)
            return
        started = self.world.now
        if not self.world.mark_sent(claim):
            return
        yield "marked"
        if self.world.now - started >= TIMES.send:
            self.world.release(claim)
            return
        outcome = self.outcome
        self.world.send(self.event, outcome)
        yield "sent"
        yield from self.record(claim, outcome)

    def record(self, claim: Claim, outcome: str) -> Iterator[str]:
        """Tell the store what came of it."""
        if outcome == "ok":
            yield from self.succeed(claim)
        elif outcome == "refused":
            self.world.release(claim)
        else:
            self.unknown(claim)

    def succeed(self, claim: Claim) -> Iterator[str]:
        """Confirm, then report."""
        self.world.confirm(self.event, claim)
        yield "confirmed"
        self.world.report_delivered(self.event)

    def unknown(self, claim: Claim) -> None:
        """Keep the key."""
        self.world.ambiguous(claim)


async def records_of(store: ClaimStore, key: str, delivery: str) -> Records:
    """Read what one of our stores holds; a released window and none are the same."""
    match store:
        case SqliteClaims():
            read = store._database.run
            window = await read(lambda connection, _: read_windows(connection, [key]).get(key))
            entry = await read(lambda connection, _: read_entries(connection, [delivery]).get(delivery))
            records = Records(window, entry)
        case MemoryClaims():
            records = store._read(key, delivery)
        case _:
            records = await store.records(key, delivery)  # type: ignore[attr-defined]
    released = records.window is not None and records.window.stage is Stage.RELEASED
    return Records(None, records.entry) if released else records


def memory_world(
    protocol: Transitions | None = None, worker: type[Worker] | None = None, clock: ManualClock | None = None
) -> World:
    """A world over claims in memory that hear of deaths, under a protocol that may be wrong."""
    clock, protocol = clock or ManualClock(), protocol or Mourning(TIMES)
    anchor = anchored(clock, boot_of(clock))

    def mourn(token: str) -> None:
        if isinstance(protocol, Mourning):
            protocol.dead[token] = anchor.instant(clock).now

    return World(MemoryClaims(clock, transitions=protocol), clock, worker=worker, mourn=mourn)


def digest(*parts: str) -> str:
    """Give a digest, as the runtime's keys are."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
