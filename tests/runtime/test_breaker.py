"""The circuit breaker against a model that remembers everything."""

from __future__ import annotations

from destination_actions.runtime.breaker import Breaker, BreakerRule
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

RULE = BreakerRule(share=0.5, requests=4, window=10.0, interval=5.0, refused=20.0)


class BreakerMachine(RuleBasedStateMachine):
    """A breaker, and every request since it last opened or closed."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(RULE)
        self.now = 100.0
        self.why: str | None = None
        self.seen: list[tuple[float, bool]] = []
        self.next = 0.0
        self.under_way: list[bool] = []

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 5.0, 20.0]))
    def tick(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule()
    def begin(self) -> None:
        """Something is tried if that is allowed: any number while closed, one an interval while open."""
        if self.breaker.wait(self.now) > 0:
            return
        probe = self.breaker.try_one(self.now)
        assert (self.why is not None) == probe
        if probe:
            self.next = self.now + self.interval
        self.under_way.append(probe)

    @rule(which=st.integers(0, 5))
    def succeed(self, which: int) -> None:
        """A success of a probe closes; one of before says nothing."""
        if not self.under_way:
            return
        probe = self.under_way.pop(which % len(self.under_way))
        closes = self.why is not None and probe
        assert closes == self.breaker.succeeded(self.now, probe=probe)
        if closes:
            self.why, self.seen = None, []
        elif self.why is None:
            self.seen.append((self.now, False))

    @rule(which=st.integers(0, 5))
    def fail(self, which: int) -> None:
        """It opens when half of at least four requests of the last ten seconds failed."""
        if not self.under_way:
            return
        self.under_way.pop(which % len(self.under_way))
        opens = False
        if self.why is None:
            self.seen.append((self.now, True))
            recent = [bad for at, bad in self.seen if at > self.now - RULE.window]
            opens = len(recent) >= RULE.requests and sum(recent) >= RULE.share * len(recent)
        assert opens == self.breaker.failed(self.now)
        if opens:
            self.open("failures")

    @rule()
    def refuse(self) -> None:
        """Refused credentials open it at once, and an open one stays as it is."""
        assert (self.why is None) == self.breaker.refused(self.now)
        if self.why is None:
            self.open("authentication")

    def open(self, why: str) -> None:
        """Note that it opened."""
        self.why, self.seen = why, []
        self.next = self.now + self.interval

    @property
    def interval(self) -> float:
        return RULE.refused if self.why == "authentication" else RULE.interval

    @invariant()
    def agrees(self) -> None:
        """State and waiting time are those of the model."""
        assert self.why == self.breaker.why
        assert (max(0.0, self.next - self.now) if self.why else 0.0) == self.breaker.wait(self.now)


def test_a_breaker_does_what_its_model_does() -> None:
    """Whatever is tried, succeeds, fails or is refused."""
    run_state_machine_as_test(
        BreakerMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None, database=None)
    )
