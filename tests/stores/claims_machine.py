"""The world as a Hypothesis state machine. `drive` is composite: it takes a worker several steps in one rule, so that
whole deliveries, and deliveries stopped at every point, are as likely as each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from claims_world import OUTCOMES, PERIODS, TICKS, World
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

MAX_EVENTS = 3
MAX_WORKERS = 3


class ClaimMachine(RuleBasedStateMachine):
    """Up to three events and three workers over a store."""

    make: ClassVar[Callable[[], World]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make()

    @initialize(period=st.sampled_from(PERIODS))
    def first_event(self, period: float) -> None:
        """Begin with one event."""
        self.world.new_event(period)

    @precondition(lambda self: len(self.world.events) < MAX_EVENTS and len(self.world.workers) < MAX_WORKERS)
    @rule(period=st.sampled_from(PERIODS))
    def new_event(self, period: float) -> None:
        """Another event arrives and is delivered to a worker."""
        self.world.new_event(period)

    @precondition(lambda self: self.world.events and len(self.world.workers) < MAX_WORKERS)
    @rule(which=st.integers(0, MAX_EVENTS - 1), steps=st.integers(0, 8), outcome=st.sampled_from(OUTCOMES))
    def redeliver(self, which: int, steps: int, outcome: str) -> None:
        """Deliver an event once more, and let the worker begin."""
        worker = self.world.deliver(self.world.events[which % len(self.world.events)])
        self.world.drive(worker, steps, outcome)

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, MAX_WORKERS - 1), steps=st.integers(1, 8), outcome=st.sampled_from(OUTCOMES))
    def drive(self, which: int, steps: int, outcome: str) -> None:
        """Take a worker some steps on."""
        self.world.drive(self.world.workers[which % len(self.world.workers)], steps, outcome)

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, MAX_WORKERS - 1))
    def crash(self, which: int) -> None:
        """A worker dies where it stands."""
        del self.world.workers[which % len(self.world.workers)]

    @precondition(lambda self: self.world.workers and self.world.mourn)
    @rule(
        which=st.integers(0, MAX_WORKERS - 1),
        steps=st.integers(0, 4),
        outcome=st.sampled_from(OUTCOMES),
        seconds=st.sampled_from(TICKS[:3]),
    )
    def found_dead(self, which: int, steps: int, outcome: str, seconds: float) -> None:
        """A worker goes some steps and dies where it stands; the store knows it, and another takes its place."""
        worker = self.world.workers[which % len(self.world.workers)]
        self.world.drive(worker, steps, outcome)
        if worker in self.world.workers:
            self.world.found_dead(worker)
            self.world.tick(seconds)
            self.world.drive(self.world.deliver(worker.event), steps, "ok")

    @rule(seconds=st.sampled_from(TICKS))
    def tick(self, seconds: float) -> None:
        """Time passes."""
        self.world.tick(seconds)

    def teardown(self) -> None:
        """Bring everything to its end."""
        self.world.close()


def run_machine(make: Callable[[], World], *, runs: int, steps: int = 30, start: int = 0) -> None:
    """Run the machine over a kind of world; raises `Broken` when an invariant does not hold."""
    machine = type("Machine", (ClaimMachine,), {"make": staticmethod(make)})
    quick = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(start)(machine), settings=quick)
