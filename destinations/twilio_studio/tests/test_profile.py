"""Whose number is found: newest, paged, of the right type, under the right id; and what happens when there is none."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions_twilio_studio.profile import newest_first
from destination_actions_twilio_studio.profile_cache import ProfileCache
from destination_actions_twilio_studio.sandbox import Fault, replying
from destination_actions_twilio_studio.sandbox.world import ExternalId

OLD, NEW = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"


def phone(number: Any, created: Any = OLD, kind: Any = "phone") -> dict[str, Any]:
    """One external id as the API gives it."""
    return {"id": number, "type": kind, "created_at": created}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([phone("a", OLD), phone("b", NEW)], ["b", "a"]),
        ([phone("b", NEW), phone("a", OLD)], ["b", "a"]),
        ([phone("a", OLD), phone("b", "garbage")], ["a", "b"]),
        ([phone("a", None), phone("b", OLD)], ["b", "a"]),
        ([phone("a", NEW, "email"), phone("b", OLD)], ["b"]),
        ([phone("", NEW), phone(None, NEW), phone(5, NEW)], []),
        ([{"id": "a"}, {"created_at": OLD}], []),
        ([phone("a", "2023-01-05T15:01:00.367999999Z"), phone("b", "2023-01-05T15:01:00.367000001Z")], ["a", "b"]),
        ([phone("a", "2023-01-05T15:01:00+05:00"), phone("b", "2023-01-05T12:00:00Z")], ["b", "a"]),
        ([phone("a", NEW), phone("b", NEW)], ["b", "a"]),
    ],
)
def test_the_newest_comes_first(ids, expected) -> None:
    """By `created_at` in full precision; ids of other types do not count, unreadable dates are oldest.

    Of two at the same moment the later in the list comes first, as at Segment.
    """
    assert expected == newest_first(ids)


async def sent_to(sandbox: Any, runtime: Any, event: Any) -> list[str | None]:
    """Send one event; the addresses that new executions were asked for."""
    await runtime.send(event)
    return [seen.call.value("To") for seen in sandbox.ledger.of("create")]


async def test_the_newest_number_is_contacted(sandbox, make, event) -> None:
    """Jane has two numbers."""
    assert ["+15550001001"] == await sent_to(sandbox, make(sandbox), event())


async def test_pages_are_followed(open_sandbox, make, event) -> None:
    """The newest of 250 numbers is on the third page."""
    numbers = [ExternalId(f"+1555{n:07}", created_at=f"2020-01-01T00:{n // 60:02}:{n % 60:02}Z") for n in range(250)]
    sandbox = await open_sandbox(profiles={"user_id:jane": numbers})
    assert ["+15550000249"] == await sent_to(sandbox, make(sandbox), event())
    assert [None, "100", "200"] == [seen.call.query.get("next") for seen in sandbox.ledger.of("profile")]


async def test_pages_have_an_end(open_sandbox, make, event) -> None:
    """Five pages are looked at, then the newest of those is taken."""
    sandbox = await open_sandbox(profiles={"user_id:jane": [ExternalId("+15550000001")] * 1000})
    await make(sandbox).send(event())
    assert 5 == len(sandbox.ledger.of("profile"))


async def test_a_number_in_the_mapping_needs_no_lookup(sandbox, make, event) -> None:
    """With `to` the Profile API is not asked."""
    assert ["+15550007777"] == await sent_to(sandbox, make(sandbox, to="+15550007777"), event())
    assert [] == sandbox.ledger.of("profile")


@pytest.mark.parametrize("user", ["no-phone", "nobody"])
async def test_the_anonymous_id_is_the_second_choice(sandbox, make, event, user) -> None:
    """No profile or no number under the user id: the anonymous id is tried."""
    sent = await sent_to(sandbox, make(sandbox), event(userId=user, anonymousId="visitor-1"))
    assert ["+15550001005"] == sent


async def test_ids_are_looked_up_in_lower_case(sandbox, make, event) -> None:
    """The lookup is in lower case, what the flow gets is as it came."""
    await make(sandbox).send(event(userId="JANE"))
    assert "/user_id:jane/" in sandbox.ledger.of("profile")[0].call.target
    assert "JANE" == sandbox.executions[0].data["userId"]


async def test_nobody_with_a_number(sandbox, make, event) -> None:
    """A profile without a phone number is a definite no."""
    [outcome] = await make(sandbox).send(event(userId="no-phone"))
    assert ("rejected", "no_phone") == (outcome.outcome, outcome.code)


async def test_a_newest_number_that_cannot_be_used(open_sandbox, make, event) -> None:
    """An older number is not used in its place: it may be somebody else's by now."""
    ids = [ExternalId("+15550001001", created_at=OLD), ExternalId("(555) 000-1234", created_at=NEW)]
    sandbox = await open_sandbox(profiles={"user_id:jane": ids})
    [outcome] = await make(sandbox).send(event())
    assert ("rejected", "phone_not_e164") == (outcome.outcome, outcome.code)
    assert "000-12" not in outcome.message


async def test_a_profile_that_is_not_there_yet(sandbox, make, event, clock) -> None:
    """A young event waits for its profile; after a quarter of an hour there is none."""
    runtime = make(sandbox)
    young = event(userId="late", receivedAt="2023-11-14T22:13:20Z")
    [first] = await runtime.send(young)
    assert ("failed", "profile_not_found", 30.0) == (first.outcome, first.code, first.after)
    clock.advance(901)
    [last] = await runtime.send(young)
    assert ("rejected", "profile_not_found") == (last.outcome, last.code)
    assert [] == sandbox.ledger.of("create")


async def test_a_failed_lookup_gives_the_claim_back(sandbox, make, event) -> None:
    """Another event of the same person goes at once when the lookup failed."""
    sandbox.faults.next("unavailable", on="profile")
    runtime = make(sandbox)
    [first] = await runtime.send(event("m1"))
    [second] = await runtime.send(event("m2"))
    assert ("failed", "delivered") == (first.outcome, second.outcome)


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "lane"),
    [
        (replying(401, '{"error": {"code": "authentication_error"}}'), "failed", "profile_token", True),
        (replying(403, "{}"), "failed", "profile_token", True),
        (replying(429, "{}", retry_after="7"), "failed", "profile_rate_limit", True),
        (replying(500, "{}"), "failed", "profile_unavailable", False),
        (replying(503, "<html>", content_type="text/html"), "failed", "profile_unavailable", False),
        (replying(408, ""), "failed", "profile_unavailable", False),
        (replying(200, "<html>"), "failed", "profile_unreadable", False),
        (replying(200, "[]"), "failed", "profile_unreadable", False),
        (replying(200, "{}"), "rejected", "no_phone", None),
        (replying(200, '{"data": "text"}'), "rejected", "no_phone", None),
        (replying(200, '{"data": [1, null, "x"]}'), "rejected", "no_phone", None),
        (replying(400, "{}"), "rejected", "profile_refused", None),
        (replying(302, "", Location="http://127.0.0.1:9/"), "rejected", "profile_refused", None),
        (Fault("reset", how="reset"), "failed", "profile_unavailable", False),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
async def test_answers_of_the_profile_api(sandbox, make, event, fault, outcome, code, lane) -> None:
    """Each answer is a definite no for this event, for now, or for the credentials."""
    sandbox.faults.next(fault, on="profile")
    [found] = await make(sandbox).send(event())
    assert (outcome, code, lane) == (found.outcome, found.code, getattr(found, "lane", None))
    assert [] == sandbox.ledger.of("create")


async def test_retry_after_of_the_profile_api(sandbox, make, event) -> None:
    """A 429 names its seconds."""
    sandbox.faults.next(replying(429, "{}", retry_after="7"), on="profile")
    [found] = await make(sandbox).send(event())
    assert 7.0 == found.after


async def test_a_refused_token_is_named(sandbox, make, event) -> None:
    """The message says which credential it is about, and does not show it."""
    [found] = await make(sandbox, {"profileApiAccessToken": "some-wrong-token"}).send(event())
    assert "profileApiAccessToken" in found.message
    assert "some-wrong-token" not in str(found.to_json())


async def test_without_a_cache_each_event_asks(sandbox, make, event) -> None:
    """The default: a number that changed is seen at once."""
    runtime = make(sandbox, coolingOffPeriod=0)
    for message in ("m1", "m2"):
        await runtime.send(event(message))
    assert 2 == len(sandbox.ledger.of("profile"))


async def test_a_cached_number_is_used_until_it_is_too_old(sandbox, make, event, clock) -> None:
    """Asked for once in `profileCacheSeconds`; the same number is contacted."""
    runtime = make(sandbox, {"profileCacheSeconds": 30}, coolingOffPeriod=0)
    for message in ("m1", "m2", "m3"):
        await runtime.send(event(message))
        clock.advance(20)
    assert 2 == len(sandbox.ledger.of("profile"))
    assert ["+15550001001"] * 3 == [seen.call.value("To") for seen in sandbox.ledger.of("create")]


async def test_what_was_not_found_is_asked_for_again(sandbox, make, event) -> None:
    """Nobody's profile may be made any moment."""
    runtime = make(sandbox, {"profileCacheSeconds": 30}, coolingOffPeriod=0)
    for message in ("m1", "m2"):
        await runtime.send(event(message, userId="no-phone"))
    assert 2 == len(sandbox.ledger.of("profile"))


def test_the_cache_is_bounded_and_forgets_the_oldest() -> None:
    """Two places, three people; and a number that is put again is as new as that."""
    cache = ProfileCache(10, size=2)
    cache.put("a", None, "+1", 0)
    cache.put("b", None, "+2", 1)
    cache.put("a", None, "+3", 2)
    cache.put("c", None, "+4", 3)
    assert [None, "+3", "+4"] == [cache.get(user, None, 4) for user in "bac"]
    assert [None, "+4"] == [cache.get(user, None, 12.5) for user in "ac"]
