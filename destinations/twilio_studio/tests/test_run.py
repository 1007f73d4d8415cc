"""Through the queue: what is tried again, when, and that a burst is waited out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from destination_actions_twilio_studio.sandbox.world import ExternalId


async def outcomes_of(runtime: Any, events: list[Any], **options: Any) -> list[Any]:
    """Run events through the queue; the last outcome of each delivery."""
    return [outcome async for outcome in runtime.run(events, **options)]


class Later(dict[str, Any]):
    """Profiles that exist from a time on."""

    def __init__(self, clock: Any, seconds: float) -> None:
        super().__init__({"user_id:jane": [ExternalId("+15550001001")]})
        self._clock = clock
        self._from = clock.now() + seconds

    def get(self, key: str, default: Any = None) -> Any:
        """Nobody, until then."""
        return super().get(key, default) if self._clock.now() >= self._from else default


async def test_a_late_profile_is_waited_for(open_sandbox, make, event, clock) -> None:
    """The profile comes 100 seconds after the event: looking every 30 seconds or a little more finds it."""
    sandbox = await open_sandbox(profiles=Later(clock, 100))
    [outcome] = await outcomes_of(make(sandbox), [event(receivedAt="2023-11-14T22:13:20Z")], retry_for=3600)
    assert "delivered" == outcome.outcome
    assert 4 <= len(sandbox.ledger.of("profile")) <= 5


async def test_a_profile_that_never_comes(open_sandbox, make, event, clock) -> None:
    """After a quarter of an hour the event is rejected, though the queue would go on."""
    sandbox = await open_sandbox(profiles={})
    [outcome] = await outcomes_of(make(sandbox), [event(receivedAt="2023-11-14T22:13:20Z")], retry_for=14400)
    assert ("rejected", "profile_not_found") == (outcome.outcome, outcome.code)
    assert 4 <= len(sandbox.ledger.of("profile")) <= 32


async def test_a_burst_is_waited_out(sandbox, make, event) -> None:
    """Sixty people at once at 20 a second: all are contacted, once each."""
    runtime = make(sandbox, to={"@template": "+1555000{{properties.n}}"})
    events = [event(f"m{n}", userId=f"u{n}", properties={"n": f"{n:04}"}) for n in range(60)]
    outcomes = await outcomes_of(runtime, events, retry_for=600)
    assert Counter({"delivered": 60}) == Counter(outcome.outcome for outcome in outcomes)
    assert 60 == len({execution.to for execution in sandbox.executions}) == len(sandbox.executions)


@pytest.mark.parametrize("fault", ["accept-then-reset", "accept-then-500", "unavailable", "reset", "too-many"])
async def test_trouble_is_got_over(sandbox, make, event, fault) -> None:
    """Whatever happens to the first two tries, there is one execution in the end."""
    sandbox.faults.next(fault, times=2)
    [outcome] = await outcomes_of(make(sandbox), [event()], retry_for=3600)
    assert ("delivered", 1) == (outcome.outcome, len(sandbox.executions))


async def test_a_busy_contact_is_waited_for(open_sandbox, make, event) -> None:
    """The first execution lasts three minutes; then the second event goes."""
    sandbox = await open_sandbox(one_active=True, execution_seconds=180)
    outcomes = await outcomes_of(make(sandbox, coolingOffPeriod=0), [event("m1"), event("m2")], retry_for=3600)
    assert ["delivered", "delivered"] == [outcome.outcome for outcome in outcomes]
    first, second = sandbox.executions
    assert 180 <= second.created - first.created <= 260
