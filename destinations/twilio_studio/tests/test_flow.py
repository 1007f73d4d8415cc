"""The action end to end: what the sandbox saw, what the outcome says, and who may go next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from destination_actions.stores import SystemClock

FLOW = "FW00000000000000000000000000000005"
SENDER = "+15551234567"


async def one(runtime: Any, event: Any) -> Any:
    """Send one event to the one subscription."""
    [outcome] = await runtime.send(event)
    return outcome


async def test_the_request(sandbox, make, event) -> None:
    """Three form fields; the parameters carry who, what and which delivery, and the mapped object under its own key."""
    mapping = {"parameters": {"orderId": {"@path": "$.properties.order_id"}, "userId": "mine"}}
    await one(make(sandbox, **mapping), event(anonymousId="a1", properties={"order_id": "o-1"}))
    [seen] = sandbox.ledger.of("create")
    assert f"/v2/Flows/{FLOW}/Executions" == seen.call.target
    assert ["To", "From", "Parameters"] == [key for key, _ in seen.call.form]
    assert ("+15550001001", SENDER) == (seen.call.value("To"), seen.call.value("From"))
    parameters = json.loads(seen.call.value("Parameters"))
    assert 64 == len(parameters.pop("deliveryKey"))
    assert {
        "userId": "jane",
        "anonymousId": "a1",
        "event": "Order Completed",
        "messageId": "m1",
        "parameters": {"orderId": "o-1", "userId": "mine"},
    } == parameters


async def test_a_number_of_any_length_reaches_the_flow(sandbox, make, event) -> None:
    """JSON knows no longest whole number."""
    await one(make(sandbox, parameters={"n": {"@path": "$.properties.n"}}), event(properties={"n": 2**70}))
    [seen] = sandbox.ledger.of("create")
    assert {"n": 2**70} == json.loads(seen.call.value("Parameters"))["parameters"]


async def test_the_message_id_is_there_whatever_the_mapping_says(sandbox, make, event) -> None:
    """A mapping that leaves the message id empty does not take it from the parameters."""
    await one(make(sandbox, messageId={"@path": "$.nothing"}), event())
    [seen] = sandbox.ledger.of("create")
    assert "m1" == json.loads(seen.call.value("Parameters"))["messageId"]


async def test_the_outcome(sandbox, make, event) -> None:
    """The execution's SID and status, the masked number, and Twilio's gauge."""
    outcome = await one(make(sandbox), event())
    assert "delivered" == outcome.outcome
    assert {
        "executionSid": sandbox.executions[0].sid,
        "status": "active",
        "to": "+1******1001",
        "concurrentRequests": 1,
    } == outcome.data


@pytest.mark.parametrize("kind", ["track", "identify", "screen", "group", "alias"])
async def test_any_event_type_may_trigger(sandbox, make, event, kind) -> None:
    """A mapping exported from Segment, with its hidden eventType and platform keys, works for every type."""
    mapping = {
        "coolingOffPeriod": 60,
        "userId": {"@path": "$.userId"},
        "anonymousId": {"@path": "$.anonymousId"},
        "eventType": {"@path": "$.type"},
        "__segment_internal_sync_mode": "add",
        "enable_batching": False,
    }
    assert "delivered" == (await one(make(sandbox, **mapping), event(type=kind))).outcome


async def test_an_api_key_is_used_in_place_of_the_token(sandbox, make, event) -> None:
    """Twilio sees the key, Segment its token, and neither the other's."""
    key = {"apiKeySid": "SK00000000000000000000000000000000", "apiKeySecret": "sandbox-key-secret", "authToken": None}
    assert "delivered" == (await one(make(sandbox, key), event())).outcome
    assert ["profile-token", "api-key"] == [seen.credential for seen in sandbox.ledger]


async def test_each_api_gets_its_own_credentials(sandbox, make, event) -> None:
    """No credential of one API reaches the other."""
    await one(make(sandbox), event())
    assert [("profiles", "profile-token"), ("studio", "auth-token")] == [
        (seen.call.api, seen.credential) for seen in sandbox.ledger
    ]


# --- what is not sent ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"flowSid": "../../x"}, "/flowSid"),
        ({"flowSid": FLOW + "/../Services"}, "/flowSid"),
        ({"flowSid": FLOW + "\n"}, "/flowSid"),
        ({"flowSid": "%2e%2e"}, "/flowSid"),
        ({"from": "+15551234567\n"}, "/from"),
        ({"from": "5551234567"}, "/from"),
        ({"from": "MG123"}, "/from"),
        ({"from": "+1555&To=+1900"}, "/from"),
        ({"to": "+15551234567\n"}, "/to"),
        ({"to": "(555) 123-4567"}, "/to"),
        ({"to": SENDER}, "/to"),
        ({"coolingOffPeriod": -5}, "/coolingOffPeriod"),
        ({"coolingOffPeriod": 1.5}, "/coolingOffPeriod"),
        ({"coolingOffPeriod": "abc"}, "/coolingOffPeriod"),
        ({"coolingOffPeriod": "NaN"}, "/coolingOffPeriod"),
        ({"coolingOffPeriod": 366 * 86400}, "/coolingOffPeriod"),
        ({"parameters": "text"}, "/parameters"),
        ({"userId": {"@path": "$.nobody"}}, "/userId"),
        ({"userId": "", "anonymousId": ""}, "/userId"),
        ({"userId": {"@path": "$.context"}}, "/userId"),
    ],
)
async def test_an_invalid_payload_makes_no_request(sandbox, make, event, mapping, pointer) -> None:
    """Every bad value is named by its field, and neither API hears of it."""
    outcome = await one(make(sandbox, **mapping), event(context={"a": 1}))
    assert ("invalid", [pointer]) == (outcome.outcome, [problem.pointer for problem in outcome.problems])
    assert 0 == len(sandbox.ledger)


@pytest.mark.parametrize("user", ["a/b?x=1#h", "../../x", "..", ".", "%2e%2e", "a%2Fb", "line\nbreak", "ä&=+ "])
async def test_an_id_cannot_leave_its_place(sandbox, make, event, user) -> None:
    """Whatever a user id holds, the lookup keeps its path and its query, for that id and no other."""
    await one(make(sandbox), event(userId=user))
    [seen] = sandbox.ledger.of("profile")
    *head, profile, tail = seen.call.segments
    assert (["v1", "spaces", "spa_sandbox", "collections", "users", "profiles"], "external_ids") == (head, tail)
    assert (f"user_id:{user.lower()}", "phone") == (profile, seen.call.query["include"])
    assert not set(seen.call.target) & set("\n#ä ")


async def test_form_fields_cannot_be_injected(sandbox, make, event) -> None:
    """Text from an event stays in the parameters: the API sees exactly three fields."""
    text = 'x&To=+19005550000","to":"y'
    await one(make(sandbox, parameters={"note": {"@path": "$.properties.note"}}), event(properties={"note": text}))
    [seen] = sandbox.ledger.of("create")
    assert ["To", "From", "Parameters"] == [key for key, _ in seen.call.form]
    assert text == sandbox.executions[0].data["parameters"]["note"]


async def test_settings_placeholders_in_events_stay_text(sandbox, make, event) -> None:
    """What an event says about the environment is only text."""
    await one(make(sandbox), event(event="${env:TWILIO_AUTH_TOKEN}"))
    assert "${env:TWILIO_AUTH_TOKEN}" == sandbox.executions[0].data["event"]


@pytest.mark.parametrize(("size", "outcome"), [(15_000, "delivered"), (17_000, "rejected")])
async def test_parameters_have_a_limit(sandbox, make, event, size, outcome) -> None:
    """Up to 16 KiB of JSON."""
    found = await one(make(sandbox, parameters={"text": "ä" * (size // 2)}), event())
    assert outcome == found.outcome
    assert (outcome == "rejected") == (getattr(found, "code", None) == "parameters_too_long")


async def test_the_number_that_was_found_is_not_called_from_itself(sandbox, make, event) -> None:
    """To = From is refused before the request, also when the number comes from the profile."""
    found = await one(make(sandbox, **{"from": "+15550001001"}), event())
    assert ("rejected", "same_number", []) == (found.outcome, found.code, sandbox.ledger.of("create"))


@pytest.mark.parametrize(
    ("sender", "settings", "code", "to"),
    [
        ("MG" + "0a" * 16, {}, None, "+15550001001"),
        ("whatsapp:+15551234567", {}, "channel_not_allowed", None),
        ("whatsapp:+15551234567", {"allowChannelPrefixes": True}, None, "whatsapp:+15550001001"),
        ("messenger:12345", {"allowChannelPrefixes": True}, "to_needed", None),
    ],
)
async def test_senders(sandbox, make, event, sender, settings, code, to) -> None:
    """Numbers and messaging services always, channels when allowed; people are found by number where that works."""
    found = await one(make(sandbox, settings, **{"from": sender}), event())
    assert code == getattr(found, "code", None)
    assert [to] * (code is None) == [one.to for one in sandbox.executions]


# --- the cooldown ----------------------------------------------------------------------------------------------------
async def test_the_documented_example(sandbox, make, event, clock) -> None:
    """A second order within 300 s is suppressed, somebody else's is not, and after 300 s it goes again."""
    runtime = make(sandbox, coolingOffPeriod=300)
    first = await one(runtime, event("m1"))
    until = clock.now() + 300
    second = await one(runtime, event("m2"))
    other = await one(runtime, event("m3", userId="ravi"))
    assert ["delivered", "suppressed", "delivered"] == [first.outcome, second.outcome, other.outcome]
    assert ("m1", until) == (second.by, second.until)
    clock.advance(301)
    assert "delivered" == (await one(runtime, event("m4"))).outcome
    assert 3 == len(sandbox.executions)


@pytest.mark.parametrize(("period", "window"), [(0, 0), (None, 60), ("30", 30), (30.0, 30), ("", 60)])
async def test_periods(sandbox, make, event, clock, period, window) -> None:
    """0 turns it off, null is the default, and a number may come as text; the same event never acts twice."""
    runtime = make(sandbox, coolingOffPeriod=period)
    outcomes = [(await one(runtime, event(message))).outcome for message in ("m1", "m1", "m2")]
    assert ["delivered", "delivered", "suppressed" if window else "delivered"] == outcomes
    clock.advance(window - 0.5 if window else 0)
    assert ("suppressed" if window else "delivered") == (await one(runtime, event("m3"))).outcome
    clock.advance(1)
    assert "delivered" == (await one(runtime, event("m4"))).outcome


async def test_a_user_id_is_not_an_anonymous_id(sandbox, make, event) -> None:
    """The same text as user id and as anonymous id is two people."""
    runtime = make(sandbox, to="+15550001001")
    outcomes = [
        await one(runtime, event("m1", userId="x")),
        await one(runtime, event("m2", userId=None, anonymousId="x")),
        await one(runtime, event("m3", userId=None, anonymousId="x")),
    ]
    assert ["delivered", "delivered", "suppressed"] == [outcome.outcome for outcome in outcomes]


async def test_events_at_the_same_time_trigger_once(sandbox, make, event) -> None:
    """Twenty events of one person at once: one goes, and the others say which it was."""
    runtime = make(sandbox, options={"clock": SystemClock()}, coolingOffPeriod=300)
    outcomes = [found for [found] in await runtime.send_batch([event(f"m{number}") for number in range(20)])]
    [winner] = [found for found in outcomes if found.outcome == "delivered"]
    assert {winner.message_id} == {found.by for found in outcomes if found.outcome == "suppressed"}
    assert (20, 1) == (len(outcomes), len(sandbox.executions))


async def test_the_same_event_at_the_same_time_triggers_once(sandbox, make, event) -> None:
    """Ten copies of one event at once, with no cooling-off period: one execution, and all say which."""
    runtime = make(sandbox, options={"clock": SystemClock()}, coolingOffPeriod=0)
    outcomes = [found for [found] in await runtime.send_batch([event()] * 10)]
    assert [sandbox.executions[0].sid] * 10 == [found.data["executionSid"] for found in outcomes]
    assert 1 == len(sandbox.executions)


async def test_after_a_definite_no_anybody_may_go(sandbox, make, event) -> None:
    """A 429 leaves no trace: any event of that person goes at once."""
    sandbox.faults.next("too-many")
    runtime = make(sandbox)
    first = await one(runtime, event("m1"))
    assert ("failed", "try_again", 1.0, True) == (first.outcome, first.reason, first.after, first.lane)
    assert "delivered" == (await one(runtime, event("m2"))).outcome


async def test_after_a_503_only_the_same_event_may_go(sandbox, make, event, clock) -> None:
    """The outcome is unknown: another event stays busy; the same one reads back, finds nothing, and sends."""
    sandbox.faults.next("unavailable")
    runtime = make(sandbox, options={"busy_wait": 0})
    first = await one(runtime, event("m1"))
    assert ("failed", "unconfirmed") == (first.outcome, first.reason)
    clock.advance(first.after + 1)
    other = await one(runtime, event("m2"))
    assert ("failed", "busy") == (other.outcome, other.reason)
    same = await one(runtime, event("m1"))
    assert ("delivered", 1) == (same.outcome, len(sandbox.executions))
