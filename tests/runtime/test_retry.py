"""The retry rule and its budget, without a clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from destination_actions import Failed
from destination_actions.runtime.retry import RetryBudget, RetryRule
from hypothesis import given, settings
from hypothesis import strategies as st

RULES = st.builds(
    RetryRule,
    base=st.floats(1, 60),
    factor=st.floats(1, 5),
    cap=st.floats(10, 3600),
    horizon=st.floats(0, 20_000),
)


def failed(reason: str = "not_sent", after: float = 1.0) -> Failed:
    """A failure."""
    names = {"destination": "d", "subscription": "s", "action": "a", "message_id": "m"}
    return Failed(**names, reason=reason, message="", after=after)


@given(RULES, st.integers(1, 500), st.floats(0, 1, exclude_max=True))
def test_jitter_is_full_and_capped(rule: RetryRule, attempts: int, dice: float) -> None:
    """A wait is anywhere from nothing to a ceiling, which grows by the factor up to the cap and never shrinks."""
    assert 0 <= rule.delay(failed(), attempts, lambda: dice) <= rule.ceiling(attempts) <= rule.cap
    assert rule.ceiling(attempts) <= rule.ceiling(attempts + 1)
    assert 0.0 == rule.delay(failed(), attempts, lambda: 0.0)


def test_the_ceilings_of_the_default_rule() -> None:
    """1 s, doubled, at most 5 minutes."""
    rule = RetryRule()
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == [rule.ceiling(n) for n in range(1, 12)]
    assert rule.cap == rule.ceiling(10**6)


@given(st.sampled_from(["try_again", "unconfirmed", "authentication"]), st.floats(0, 3600), st.floats(0, 0.999))
def test_a_named_time_is_the_least(reason: str, after: float, dice: float) -> None:
    """Whoever names a time is obeyed, however long the rule would wait by itself."""
    assert after <= RetryRule().delay(failed(reason, after), 1, lambda: dice)


def test_a_busy_claim_is_looked_at_soon() -> None:
    """Waiting for somebody else's request does not back off as a failure does."""
    delays = [RetryRule().delay(failed("busy", 30.0), n, lambda: 0.5) for n in (0, 1, 20)]
    assert [0.05, 0.1, 2.0] == delays


@given(RULES)
@settings(max_examples=50, deadline=None)
def test_the_schedule_keeps_to_the_horizon(rule: RetryRule) -> None:
    """The expected times rise and end at the horizon; they are half the ceilings apart."""
    rows = list(rule.schedule())
    assert list(range(1, len(rows) + 1)) == [number for number, _, _ in rows]
    assert all(at <= rule.horizon for _, _, at in rows)
    assert all(later[2] - earlier[2] == pytest.approx(later[1] / 2) for earlier, later in pairwise(rows))


@given(st.lists(st.tuples(st.floats(0, 0.5), st.booleans()), max_size=400), st.floats(0, 1), st.floats(0.5, 20))
@settings(max_examples=60, deadline=None)
def test_retries_stay_a_small_part(steps: list[tuple[float, bool]], share: float, floor: float) -> None:
    """However tries and retries come: up to any moment no more retries are due than a share of the tries, the floor a
    second, and ten seconds of it in advance."""
    rule = RetryRule(share=share, floor=floor)
    budget, now, tries = RetryBudget(rule, 0.0), 0.0, 0
    due: list[float] = []
    for passed, first in steps:
        now += passed
        if first:
            budget.tried()
            tries += 1
        else:
            due.append(now + budget.wait(now))
        assert sum(at <= now for at in due) <= 10 * floor + share * tries + floor * now + 1e-6


def test_an_idle_budget_holds_nobody_up() -> None:
    """The first retries of a quiet lane wait for nothing."""
    budget = RetryBudget(RetryRule(), 0.0)
    assert [0.0] * 100 == [budget.wait(0.0) for _ in range(100)]
    assert 0.1 == pytest.approx(budget.wait(0.0))
