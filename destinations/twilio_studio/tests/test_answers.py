"""What Studio answers, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions_twilio_studio.answers import TABLE, row_of
from destination_actions_twilio_studio.sandbox import FAULTS, replying


async def one(runtime: Any, event: Any) -> Any:
    """Send one event to the one subscription."""
    [outcome] = await runtime.send(event)
    return outcome


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        ("problem", "rejected", 20001),
        (replying(400, '{"code": 21211, "message": "bad"}'), "rejected", 21211),
        (replying(400, '{"code": 21212, "message": "bad"}'), "rejected", 21212),
        (replying(400, '{"code": 20409, "message": "busy"}'), "failed", 20409),
        (replying(400, "[]"), "rejected", "refused"),
        (replying(400, ""), "rejected", "refused"),
        (replying(400, "{bad"), "rejected", "refused"),
        (replying(418, "{}"), "rejected", "refused"),
        ("redirect", "rejected", "redirect"),
        ("unauthorized", "failed", 20003),
        ("forbidden", "failed", 70051),
        (replying(403, "<html>", content_type="text/html"), "failed", "permission"),
        (replying(404, '{"code": 20404, "message": "gone"}'), "rejected", 20404),
        ("busy", "failed", 20409),
        (replying(409, ""), "failed", "contact_busy"),
        ("too-many", "failed", 20429),
        (replying(429, "<html>", content_type="text/html"), "failed", "rate_limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_definite_answers(sandbox, make, event, fault, outcome, code) -> None:
    """Each is the verdict of the table, with Twilio's code where there is one; the next event may go at once."""
    sandbox.faults.next(fault)
    runtime = make(sandbox)
    found = await one(runtime, event("m1"))
    assert (outcome, code) == (found.outcome, found.code)
    assert "delivered" == (await one(runtime, event("m2"))).outcome


@pytest.mark.parametrize(
    "fault",
    [replying(408, ""), replying(500, "{}"), "unavailable", "html", "reset", "accept-then-reset", "accept-then-500"],
)
async def test_unknown_answers(sandbox, make, event, fault) -> None:
    """Nobody can tell whether it was executed: it stays unconfirmed."""
    sandbox.faults.next(fault)
    found = await one(make(sandbox), event())
    assert ("failed", "unconfirmed") == (found.outcome, found.reason)


@pytest.mark.parametrize(
    "fault", ["accept-then-truncate", "accept-then-garbage", "accept-then-drip", replying(202, "{}", accepts=True)]
)
async def test_an_acceptance_is_one_whatever_its_body(sandbox, make, event, fault) -> None:
    """A 2xx status line is a yes; a SID that cannot be read is `unknown`."""
    sandbox.faults.next(fault)
    found = await one(make(sandbox), event())
    sid = sandbox.executions[0].sid if fault == "accept-then-drip" else "unknown"
    assert ("delivered", sid) == (found.outcome, found.data["executionSid"])


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("7", 7.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("soon", 1.0),
        ("1000000000", 3600.0),
    ],
)
async def test_retry_after(sandbox, make, event, header, after) -> None:
    """Seconds or a date, within an hour; what cannot be read is a second."""
    sandbox.faults.next(replying(429, "{}", retry_after=header))
    assert after == (await one(make(sandbox), event())).after


@pytest.mark.parametrize(("policy", "outcome", "after"), [("retry", "failed", 60.0), ("drop", "rejected", None)])
async def test_a_busy_contact(open_sandbox, make, event, policy, outcome, after) -> None:
    """By setting it is tried again every minute, or rejected."""
    sandbox = await open_sandbox(one_active=True)
    runtime = make(sandbox, {"contactBusy": policy}, coolingOffPeriod=0)
    await one(runtime, event("m1"))
    found = await one(runtime, event("m2"))
    assert (outcome, after, 20409) == (found.outcome, getattr(found, "after", None), found.code)


async def test_refused_credentials_stop_the_lane(sandbox, make, event) -> None:
    """Every event would fail, so none uses an attempt; the message says what to check and shows no secret."""
    found = await one(make(sandbox, {"authToken": "a-wrong-auth-token"}), event())
    assert ("authentication", True, False) == (found.reason, found.lane, found.counts)
    assert "authToken" in found.message or "auth token" in found.message
    assert "a-wrong-auth-token" not in str(found.to_json())


def test_the_table_is_complete() -> None:
    """Every status has a row, whatever its code; the last word is never an accident."""
    rows = {status: row_of(status, None) for status in range(200, 600)}
    assert all(row in TABLE for row in rows.values())
    assert "accepted" == row_of(201, 20409).verdict
    assert {"accepted", "refused", "authentication", "later", "busy", "unknown"} == {row.verdict for row in TABLE}


def test_faults_cover_the_vocabulary() -> None:
    """The sandbox can give every documented kind of answer."""
    assert {429, 401, 403, 409, 503, 400, 502, 302, 500, 201} <= {
        fault.reply.status for fault in FAULTS.values() if fault.reply
    }
