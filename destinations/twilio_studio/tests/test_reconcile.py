"""An attempt whose outcome is unknown is looked up: found by our key, sent again only when it is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from destination_actions.protocols import ClaimTimes
from destination_actions_twilio_studio import reconcile
from destination_actions_twilio_studio.sandbox import Fault, replying
from destination_actions_twilio_studio.sandbox.world import ExternalId


async def tried(runtime: Any, event: Any, clock: Any, *, wait: float = 16) -> Any:
    """Send, let the grace pass, and send the same event again; the second outcome."""
    [first] = await runtime.send(event)
    assert ("failed", "unconfirmed") == (first.outcome, first.reason)
    clock.advance(wait)
    [second] = await runtime.send(event)
    return second


@pytest.mark.parametrize("fault", ["accept-then-reset", "accept-then-500"])
async def test_what_was_executed_is_found(sandbox, make, event, clock, fault) -> None:
    """One execution, and the outcome has its SID."""
    sandbox.faults.next(fault)
    found = await tried(make(sandbox), event(), clock)
    [execution] = sandbox.executions
    assert ("delivered", True) == (found.outcome, found.repeated)
    assert {"executionSid": execution.sid, "status": "active", "to": "+1******1001", "readBack": True} == found.data


async def test_a_lost_answer_is_found(sandbox, make, event, clock) -> None:
    """The request was taken and nothing ever came back; the deadline is the send's."""
    sandbox.faults.next("accept-then-hang")
    runtime = make(sandbox, options={"times": ClaimTimes(send=0.2)})
    assert ("delivered", 1) == ((await tried(runtime, event(), clock)).outcome, len(sandbox.executions))


@pytest.mark.parametrize("fault", ["reset", "unavailable", "html"])
async def test_what_was_not_executed_is_sent_again(sandbox, make, event, clock, fault) -> None:
    """Nothing was found, so the second attempt starts the flow."""
    sandbox.faults.next(fault)
    found = await tried(make(sandbox), event(), clock)
    assert ("delivered", False, 1) == (found.outcome, found.repeated, len(sandbox.executions))


async def test_somebody_else_s_execution_is_not_ours(sandbox, make, event, clock) -> None:
    """Same flow, same number, same minute, another delivery: our key decides."""
    runtime = make(sandbox, coolingOffPeriod=0)
    await runtime.send(event("m1"))
    sandbox.faults.next("unavailable")
    await tried(runtime, event("m2"), clock)
    assert ["m1", "m2"] == [execution.data["messageId"] for execution in sandbox.executions]


async def test_other_contacts_are_not_read(sandbox, make, event, clock) -> None:
    """Only executions of the person's numbers are looked into; newer ones of others are passed over."""
    runtime = make(sandbox, coolingOffPeriod=0)
    sandbox.faults.next("accept-then-reset")
    await runtime.send(event("m1"))
    for user in ("ravi", "mia", "tom"):
        await runtime.send(event(f"of-{user}", userId=user))
    clock.advance(16)
    [found] = await runtime.send(event("m1"))
    assert ("delivered", True) == (found.outcome, found.repeated)
    assert [sandbox.executions[0].sid] == [seen.call.segments[-2] for seen in sandbox.ledger.of("context")]


async def test_a_number_that_has_changed_since(open_sandbox, make, event, clock) -> None:
    """The person got a newer number after the attempt: the execution is found under the older one."""
    phones = [ExternalId("+15550001001", created_at="2020-01-01T00:00:00Z")]
    sandbox = await open_sandbox(profiles={"user_id:jane": phones})
    sandbox.faults.next("accept-then-reset")
    runtime = make(sandbox)
    await runtime.send(event())
    phones.append(ExternalId("+15550002002", created_at="2023-01-01T00:00:00Z"))
    clock.advance(16)
    [found] = await runtime.send(event())
    assert ("delivered", "+1******1001", 1) == (found.outcome, found.data["to"], len(sandbox.executions))


async def test_a_profile_that_has_gone_since(open_sandbox, make, event, clock) -> None:
    """Without numbers every execution since the attempt is looked into."""
    profiles = {"user_id:jane": [ExternalId("+15550001001")]}
    sandbox = await open_sandbox(profiles=profiles)
    sandbox.faults.next("accept-then-reset")
    runtime = make(sandbox)
    await runtime.send(event())
    profiles.clear()
    clock.advance(16)
    [found] = await runtime.send(event())
    assert ("delivered", True) == (found.outcome, found.repeated)


async def test_pages_of_executions(open_sandbox, make, event, clock, monkeypatch) -> None:
    """The execution is on a later page."""
    monkeypatch.setattr(reconcile, "PAGE", 2)
    sandbox = await open_sandbox(creates_per_second=None)
    sandbox.faults.next("accept-then-reset")
    runtime = make(sandbox, coolingOffPeriod=0, to="+15550001001")
    await runtime.send(event("m1"))
    for number in range(5):
        await runtime.send(event(f"later-{number}", userId=f"u{number}"))
    clock.advance(16)
    [found] = await runtime.send(event("m1"))
    assert ("delivered", True, 6) == (found.outcome, found.repeated, len(sandbox.executions))
    assert 3 == len(sandbox.ledger.of("list"))
    assert {"auth-token"} == {seen.credential for seen in sandbox.ledger.of("list")}


@pytest.mark.parametrize(("limit", "value"), [("CONTEXTS", 2), ("PAGES", 1)])
async def test_too_much_to_look_through(open_sandbox, make, event, clock, monkeypatch, limit, value) -> None:
    """It is not guessed: the delivery stays unconfirmed, and nothing is sent."""
    monkeypatch.setattr(reconcile, "PAGE", 2)
    monkeypatch.setattr(reconcile, limit, value)
    sandbox = await open_sandbox(creates_per_second=None)
    sandbox.faults.next("unavailable")
    runtime = make(sandbox, coolingOffPeriod=0, to="+15550001001")
    await runtime.send(event("m1"))
    for number in range(5):
        await runtime.send(event(f"later-{number}", userId=f"u{number}"))
    clock.advance(16)
    [found] = await runtime.send(event("m1"))
    assert ("failed", "unconfirmed", 5) == (found.outcome, found.reason, len(sandbox.executions))


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("list", replying(503, "")),
        ("list", replying(401, "{}")),
        ("list", replying(200, "<html>")),
        ("list", Fault("reset", how="reset")),
        ("context", replying(500, "")),
        ("profile", replying(503, "")),
    ],
)
async def test_an_api_that_does_not_answer(sandbox, make, event, clock, operation, fault) -> None:
    """It cannot be told, so nothing is sent; later the same event finds out."""
    sandbox.faults.next("accept-then-reset")
    runtime = make(sandbox)
    await runtime.send(event())
    clock.advance(16)
    sandbox.faults.next(fault, on=operation)
    [second] = await runtime.send(event())
    assert ("failed", "unconfirmed") == (second.outcome, second.reason)
    clock.advance(16)
    [third] = await runtime.send(event())
    assert ("delivered", True, 1) == (third.outcome, third.repeated, len(sandbox.executions))


async def test_a_busy_contact_is_evidence(open_sandbox, make, event, clock) -> None:
    """The list was late, so it is sent again and the contact is busy: the second look finds our own execution."""
    sandbox = await open_sandbox(one_active=True)
    sandbox.faults.next("accept-then-reset")
    sandbox.faults.next(replying(200, '{"executions": [], "meta": {}}'), on="list")
    found = await tried(make(sandbox), event(), clock)
    assert [None, 409] == [seen.status for seen in sandbox.ledger.of("create")]
    assert ("delivered", sandbox.executions[0].sid) == (found.outcome, found.data["executionSid"])
    assert 1 == len(sandbox.executions)


async def test_a_contact_that_is_busy_with_something_else(open_sandbox, make, event, clock) -> None:
    """The second look finds nothing of ours either: it is a busy contact like any other."""
    sandbox = await open_sandbox(one_active=True)
    runtime = make(sandbox, coolingOffPeriod=0)
    sandbox.faults.next("unavailable")
    await runtime.send(event("m1"))
    await runtime.send(event("m2"))
    clock.advance(16)
    [found] = await runtime.send(event("m1"))
    assert ("failed", 20409, 1) == (found.outcome, found.code, len(sandbox.executions))


async def test_contexts_in_the_list_are_used(sandbox, make, event, clock) -> None:
    """Where the list shows what the flow was given, nothing more is read."""
    sandbox.faults.next("accept-then-reset")
    runtime = make(sandbox)
    await runtime.send(event())
    [execution] = sandbox.executions
    shown = execution.to_json(sandbox.world.account_sid, sandbox.settings["baseUrl"], clock.now())
    body = {"executions": [shown | {"context": execution.context()}], "meta": {}}
    sandbox.faults.next(replying(200, json.dumps(body)), on="list")
    clock.advance(16)
    [found] = await runtime.send(event())
    assert ("delivered", []) == (found.outcome, sandbox.ledger.of("context"))


async def test_what_came_after_the_attempts_is_not_looked_through(sandbox, make, event, clock, monkeypatch) -> None:
    """However many executions the person has had since, a read-back sees those of the attempts' time, and ends."""
    monkeypatch.setattr(reconcile, "CONTEXTS", 3)
    runtime = make(sandbox, coolingOffPeriod=0)
    sandbox.faults.next("unavailable")
    await runtime.send(event("m1"))
    clock.advance(200)
    for number in range(5):
        await runtime.send(event(f"later-{number}"))
    [found] = await runtime.send(event("m1"))
    assert ("delivered", False, 0) == (found.outcome, found.repeated, len(sandbox.ledger.of("context")))
