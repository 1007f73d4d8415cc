"""Finding a limit that nobody tells: the pure rule, and bursts against APIs that count in different ways."""

from __future__ import annotations

import os

import pytest
from destination_actions.runtime.pace import OFF, STRIKES, Pace, grown, slowed
from hypothesis import given
from hypothesis import strategies as st
from limits import EACH_MINUTE, LIMITS, Burst, Whim

BURST = 10 * EACH_MINUTE
MINIMUM = (BURST - EACH_MINUTE) / EACH_MINUTE * 60
"""Seconds in which an API that lets a minute's worth through at once can take the burst."""
STEADY = BURST / EACH_MINUTE * 60
"""The same for one that spreads them."""
SPREAD = {"a bucket for a second", "a second at a time", "a bucket for two"}


CAMPAIGN = bool(os.environ.get("DESTINATION_ACTIONS_CAMPAIGN"))
"""Whether every kind of limit is tried; `make campaign` says so. Otherwise the two that differ most."""


def kinds(*few: str) -> list[str]:
    """All kinds of limits, or a few."""
    return list(LIMITS) if CAMPAIGN else list(few)


@pytest.mark.parametrize("kind", kinds("a minute at a time"))
def test_a_tenfold_burst_arrives_in_time(kind: str) -> None:
    """Every delivery arrives within 1.2 times the least time, and under 2 % of the calls are refused."""
    result = Burst(LIMITS[kind](), BURST).run()
    least = STEADY if kind in SPREAD else MINIMUM
    assert result.seconds <= 1.2 * least
    assert result.waste < 0.02


@pytest.mark.skipif(not CAMPAIGN, reason="part of make campaign")
@pytest.mark.parametrize("kind", ["a minute at a time", "a bucket for a second"])
def test_four_workers_share_what_they_learn(kind: str) -> None:
    """Together they are as fast and waste as little as one."""
    result = Burst(LIMITS[kind](), BURST, workers=4).run()
    assert result.seconds <= 1.2 * STEADY
    assert result.waste < 0.02


@pytest.mark.skipif(not CAMPAIGN, reason="part of make campaign")
@pytest.mark.parametrize("kind", ["a minute at a time", "a bucket for a second"])
def test_an_api_that_names_no_time(kind: str) -> None:
    """Without Retry-After the end of the minute is found out by asking less and less often."""
    result = Burst(LIMITS[kind](), BURST, told=False).run()
    assert result.seconds <= 1.2 * STEADY
    assert result.waste < 0.02


def test_whims_are_no_limit() -> None:
    """An API that refuses one in 25 whatever the rate is not crept up to: it soon gets what it can take."""
    refused = Whim(0.04)
    result = Burst(refused, BURST).run()
    assert result.seconds < 0.3 * BURST


def test_no_limit_costs_nothing() -> None:
    """Where nobody refuses, nothing is held back for longer than the first answers take."""
    result = Burst(Whim(0.0), BURST, latency=0.1).run()
    assert (0, BURST) == (result.wasted, result.calls)
    assert result.seconds < 2 * BURST / 64 * 0.1


def test_the_first_guess() -> None:
    """What the API took, over the time until it may be asked again; a little less to go on with."""
    pace = slowed(None, 750, 100.0, 160.0, 101.0)
    assert (12.5, 11.875) == (pace.guess, pace.rate)


def test_evidence_of_one_limit_adds_up() -> None:
    """Workers that meet the same limit, and questions that come too early, make one guess together."""
    pace = slowed(slowed(None, 400, 100.0, 160.0, 101.0), 350, 100.5, 160.0, 101.0)
    assert 12.5 == pace.guess
    early = slowed(slowed(None, 750, 100.0, 102.0, 101.0), 1, 102.0, 160.0, 103.0)
    assert pytest.approx(751 / 60) == early.guess


def test_refusals_that_no_rate_prevents() -> None:
    """After some 429s in a row below the guess there is no rate; a while later it is looked for again."""
    pace, now = slowed(None, 100, 0.0, 10.0, 9.0), 10.0
    for _ in range(3 * STRIKES):
        pace = slowed(pace, 20, now, now + 12.0, now + 11.0) if pace.rate else pace
        now += 12.0
    now = pace.until
    assert pace.rate is None
    assert slowed(pace, 100, now, now + 1, now).rate is None
    assert slowed(pace, 100, now + OFF, now + OFF + 10, now + OFF + 9).rate is not None


paces = st.builds(
    Pace,
    rate=st.floats(0.02, 1e4),
    guess=st.floats(0.02, 1e4),
    since=st.just(0.0),
    until=st.floats(0, 100),
    taken=st.floats(0, 1e4),
    before=st.none() | st.floats(0.02, 1e4),
    grown=st.floats(0, 100),
)


@given(paces, st.floats(100, 1000))
def test_growth_is_gentle(pace: Pace, now: float) -> None:
    """A look makes the rate grow, by a few per cent at most; it survives the store."""
    later = grown(pace, now)
    assert pace.rate is not None
    assert later.rate is not None
    assert pace.rate <= later.rate <= 1.07 * pace.rate
    assert later == Pace.from_json(later.to_json())


@given(paces, st.floats(0, 1e4), st.floats(0, 60))
def test_a_refusal_never_makes_it_faster(pace: Pace, taken: float, pause: float) -> None:
    """After a 429 the rate is below the one before, and above nothing."""
    later = slowed(pace, taken, 150.0, 200.0 + pause, 200.0)
    assert pace.rate is not None
    assert later.rate is None or 0 < later.rate <= max(pace.rate, pace.before or 0.0, later.guess, 0.02)
