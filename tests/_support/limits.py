"""APIs with a limit that they do not tell, and a burst that meets them; on virtual time."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from destination_actions import Delivered, Failed, Outcome
from destination_actions.protocols import Clock
from destination_actions.runtime.breaker import BreakerRule
from destination_actions.runtime.gate import LOOK, Gate
from destination_actions.runtime.retry import RetryRule
from destination_actions.stores import open_stores
from destination_actions.testing.virtual import VirtualClock, VirtualLoop

EACH_MINUTE = 750


class Limit(Protocol):
    """How an API counts."""

    def take(self, now: float) -> float | None:
        """None: the request is taken. Otherwise the seconds after which it is worth asking again."""


@dataclass
class Bucket:
    """Tokens come at a rate and are kept up to a number."""

    capacity: float
    rate: float = EACH_MINUTE / 60
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.capacity

    def take(self, now: float) -> float | None:
        """Take a token."""
        self.left = min(self.capacity, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return None
        return (1 - self.left) / self.rate


@dataclass
class Window:
    """So many requests in each window of the wall clock."""

    number: int
    seconds: float
    offset: float = 0.0
    counts: dict[int, int] = field(default_factory=dict)

    def take(self, now: float) -> float | None:
        """Count a request."""
        window = int((now + self.offset) // self.seconds)
        if self.counts.get(window, 0) >= self.number:
            return (window + 1) * self.seconds - now - self.offset
        self.counts[window] = self.counts.get(window, 0) + 1
        return None


@dataclass
class Sliding:
    """So many requests in any span of so many seconds."""

    number: int
    seconds: float
    taken: list[float] = field(default_factory=list)

    def take(self, now: float) -> float | None:
        """Count a request."""
        self.taken = [at for at in self.taken if at > now - self.seconds]
        if len(self.taken) >= self.number:
            return self.taken[0] + self.seconds - now
        self.taken.append(now)
        return None


@dataclass
class Whim:
    """Refuses one in so many, whatever the rate."""

    share: float
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def take(self, now: float) -> float | None:
        """Throw the dice."""
        return 1.0 if self.dice.random() < self.share else None


LIMITS: dict[str, Callable[[], Limit]] = {
    "a minute at a time": lambda: Window(EACH_MINUTE, 60.0),
    "a minute at a time, begun": lambda: Window(EACH_MINUTE, 60.0, offset=30.0),
    "any minute": lambda: Sliding(EACH_MINUTE, 60.0),
    "a second at a time": lambda: Window(13, 1.0),
    "a bucket for a minute": lambda: Bucket(EACH_MINUTE),
    "a bucket for a second": lambda: Bucket(12.5),
    "a bucket for two": lambda: Bucket(2),
}
"""750 requests a minute, as APIs count them."""


@dataclass
class Result:
    """What became of a burst: seconds to the last answer, calls, and those of them that were refused."""

    seconds: float
    calls: int
    wasted: int

    @property
    def waste(self) -> float:
        """The part of the calls that was refused."""
        return self.wasted / self.calls


@dataclass
class Burst:
    """Deliveries that all wait at once, and workers that share what they learn; only the gates are real."""

    limit: Limit
    count: int
    workers: int = 1
    told: bool = True
    latency: float = 0.1
    result: Result = field(default_factory=lambda: Result(0.0, 0, 0))

    def run(self) -> Result:
        """Deliver all."""
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, VirtualLoop)
            runner.run(self._whole(VirtualClock(loop, 0.0)))
        return self.result

    async def _whole(self, clock: Clock) -> None:
        stores = open_stores("memory:", clock=clock)
        rules = (RetryRule(), BreakerRule(), 64)
        await asyncio.gather(*(self._worker(Gate("lane", stores, clock, *rules), clock) for _ in range(self.workers)))

    async def _worker(self, gate: Gate, clock: Clock) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while self.count or under_way:
            await gate.look()
            room = gate.room()
            begun = min(room, self.count)
            gate.offered(room, begun)
            self.count -= begun
            under_way |= {asyncio.ensure_future(self._call(gate, clock)) for _ in range(begun)}
            wait = gate.next_room() if self.count else None
            pause = asyncio.ensure_future(clock.sleep(LOOK if wait is None else min(wait, LOOK)))
            _, pending = await asyncio.wait({pause, *under_way}, return_when=asyncio.FIRST_COMPLETED)
            under_way = {task for task in pending if task is not pause}
            pause.cancel()

    async def _call(self, gate: Gate, clock: Clock) -> None:
        ticket = gate.started()
        await clock.sleep(self.latency / 2)
        wait = self.limit.take(clock.now())
        await clock.sleep(self.latency / 2)
        self.result.calls += 1
        self.result.wasted += wait is not None
        self.count += wait is not None
        self.result.seconds = clock.now()
        await gate.ended(ticket, [outcome(wait if self.told or wait is None else 1.0)])


def outcome(wait: float | None) -> Outcome:
    """What the API's answer becomes."""
    names = {"destination": "d", "subscription": "s", "action": "a", "message_id": "m"}
    if wait is None:
        return Delivered(**names)
    after = float(math.ceil(wait))
    return Failed(**names, reason="try_again", message="429", status=429, after=after, lane=True, counts=False)
