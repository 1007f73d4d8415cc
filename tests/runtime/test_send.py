"""One event through the runtime: outcomes, cooldown, and what a failure does to the claim."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from destination_actions import (
    AuthenticationFailed,
    Delivered,
    Failed,
    Filtered,
    Found,
    Invalid,
    Refused,
    Rejected,
    Suppressed,
    TryAgain,
    Unknown,
)
from destination_actions.schemas import load_schema
from destination_actions.stores import SystemClock
from jsonschema import Draft202012Validator
from notes import SUBSCRIPTION, URL, action, destination


def track(message: str = "m1", user: str = "u1", **more: Any) -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "event": "Order Completed", "messageId": message, "userId": user, **more}


async def test_a_matching_event_is_delivered(make, api) -> None:
    """The request carries mapped, default and constant values; the outcome carries the API's answer."""
    [outcome] = await make().send(track())
    assert isinstance(outcome, Delivered)
    assert {"id": 1} == outcome.data
    [request] = api.requests
    body = json.loads(request.content)
    assert ("u1", "hello") == (body["to"], body["text"])
    assert URL == str(request.url)
    assert httpx.BasicAuth("acme", "s3cret-token")._auth_header == request.headers["authorization"]


async def test_an_event_that_does_not_match_is_filtered(make, api) -> None:
    """Nothing is sent for another type of event."""
    [outcome] = await make().send({"type": "page", "messageId": "m1"})
    assert isinstance(outcome, Filtered)
    assert [] == api.requests


async def test_an_invalid_payload_names_the_field(make, api) -> None:
    """Every problem comes at once, with pointer, code, label and sentence."""
    subscription = SUBSCRIPTION | {"mapping": {"period": -1, "person": {"@path": "$.nobody"}}}
    [outcome] = await make(subscriptions=[subscription]).send(track())
    assert isinstance(outcome, Invalid)
    assert {"/person", "/period"} == {problem.pointer for problem in outcome.problems} | {
        "/person" for problem in outcome.problems if "person" in problem.message.lower()
    }
    assert [] == api.requests


async def test_something_that_is_no_event_is_invalid(make) -> None:
    """A list or a text is not an event; the caller gets an outcome, not an exception."""
    for thing in ([], "text", None, 5):
        [outcome] = await make().send(thing)
        assert isinstance(outcome, Invalid)


async def test_the_second_event_of_a_person_is_suppressed(make, api) -> None:
    """Within the period the outcome says until when and by which event; another person's event goes."""
    runtime = make()
    await runtime.send(track("m1"))
    [second] = await runtime.send(track("m2"))
    [other] = await runtime.send(track("m3", user="u2"))
    assert isinstance(second, Suppressed)
    assert "m1" == second.by
    assert second.until is not None
    assert isinstance(other, Delivered)
    assert 2 == len(api.requests)


async def test_after_the_period_the_next_event_goes(make, clock) -> None:
    """The window is counted from the confirmation and then is over."""
    runtime = make()
    await runtime.send(track("m1"))
    clock.advance(59)
    [early] = await runtime.send(track("m2"))
    clock.advance(2)
    [late] = await runtime.send(track("m3"))
    assert isinstance(early, Suppressed)
    assert isinstance(late, Delivered)


async def test_the_same_event_is_delivered_once(make, api) -> None:
    """A repeated event gives the recorded answer without a request, with and without a window."""
    for period in (60, 0):
        runtime = make(subscriptions=[SUBSCRIPTION | {"mapping": {"period": period}}])
        [first] = await runtime.send(track("m1"))
        [again] = await runtime.send(track("m1"))
        assert (False, True) == (first.repeated, again.repeated)
        assert first.data == again.data
    assert 2 == len(api.requests)


async def test_period_zero_has_no_window(make, api) -> None:
    """With 0 seconds every event goes, each once."""
    runtime = make(subscriptions=[SUBSCRIPTION | {"mapping": {"period": 0}}])
    for message in ("m1", "m2"):
        [outcome] = await runtime.send(track(message))
        assert isinstance(outcome, Delivered)
    assert 2 == len(api.requests)


async def test_of_concurrent_duplicates_one_goes(make, api) -> None:
    """Ten events of one person at once: one is delivered, nine are suppressed by it, one request is made."""
    runtime = make(clock=SystemClock())
    outcomes = await asyncio.gather(*(runtime.send(track(f"m{n}")) for n in range(10)))
    kinds = [type(outcome) for [outcome] in outcomes]
    assert (1, 9) == (kinds.count(Delivered), kinds.count(Suppressed))
    assert 1 == len(api.requests)


async def test_after_429_any_event_of_that_person_may_go_at_once(make, api) -> None:
    """A definite no gives the claim back; Retry-After is in the outcome."""
    api.script = [httpx.Response(429, headers={"retry-after": "7"})]
    runtime = make()
    [refused] = await runtime.send(track("m1"))
    [other] = await runtime.send(track("m2"))
    assert isinstance(refused, Failed)
    assert ("try_again", 7.0, True) == (refused.reason, refused.after, refused.lane)
    assert isinstance(other, Delivered)


async def test_after_503_only_the_same_event_may_try_again(make, api, clock) -> None:
    """An unknown outcome keeps the claim: another event of that person stays busy, before and after the lease."""
    api.script = [httpx.Response(503)]
    runtime = make(busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    [busy] = await runtime.send(track("m2"))
    clock.advance(unsure.after + 1)
    [still_busy] = await runtime.send(track("m2"))
    [again] = await runtime.send(track("m1"))
    [cooled] = await runtime.send(track("m2"))
    assert isinstance(unsure, Failed)
    assert "unconfirmed" == unsure.reason
    assert ["busy", "busy"] == [busy.reason, still_busy.reason]
    assert isinstance(again, Delivered)
    assert isinstance(cooled, Suppressed)
    assert 2 == len(api.requests)


async def test_a_lost_answer_is_as_unknown_as_a_503(make, api) -> None:
    """A connection that breaks after the request left keeps the claim."""
    api.script = [httpx.ReadError("reset")]
    runtime = make(busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    [busy] = await runtime.send(track("m2"))
    assert ("unconfirmed", "busy") == (unsure.reason, busy.reason)


async def test_reconcile_finds_what_was_done(make, api, clock) -> None:
    """After an unknown outcome the same event asks the action, which finds it: no second request."""
    seen: list[Any] = []

    async def find(ctx: Any, note: Any) -> Found:
        seen.append((ctx.delivery_key, ctx.attempted))
        return Found({"id": "found"})

    api.script = [httpx.Response(500)]
    runtime = make(destination(action(reconcile=find)), busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    clock.advance(unsure.after + 1)
    [found] = await runtime.send(track("m1"))
    assert isinstance(found, Delivered)
    assert ({"id": "found"}, True) == (found.data, found.repeated)
    assert 1 == len(api.requests)
    assert seen[0][0] == json.loads(api.requests[0].content)["key"]
    assert seen[0][1] is not None


async def test_reconcile_that_finds_nothing_sends_again(make, api, clock) -> None:
    """None means: it was not executed."""

    async def find(ctx: Any, note: Any) -> None:
        return None

    api.script = [httpx.Response(500)]
    runtime = make(destination(action(reconcile=find)), busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    clock.advance(unsure.after + 1)
    [done] = await runtime.send(track("m1"))
    assert isinstance(done, Delivered)
    assert 2 == len(api.requests)


async def test_a_reconcile_that_fails_keeps_the_claim(make, api, clock) -> None:
    """While nobody can tell, nothing is sent and nothing is released."""

    async def find(ctx: Any, note: Any) -> None:
        raise RuntimeError("list is down")

    api.script = [httpx.Response(500)]
    runtime = make(destination(action(reconcile=find)), busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    clock.advance(unsure.after + 1)
    [failed] = await runtime.send(track("m1"))
    [busy] = await runtime.send(track("m2"))
    assert ("unconfirmed", "busy") == (failed.reason, busy.reason)
    assert 1 == len(api.requests)


async def test_a_reconcile_that_outlasts_the_lease_says_so(make, api, clock) -> None:
    """Nothing was found, but somebody else may hold the key by then: nothing is sent; the message says what to do."""

    async def find(ctx: Any, note: Any) -> None:
        await ctx.clock.sleep(11)

    api.script = [httpx.Response(500)]
    runtime = make(destination(action(reconcile=find)), busy_wait=0)
    [unsure] = await runtime.send(track("m1"))
    clock.advance(unsure.after + 1)
    [slow] = await runtime.send(track("m1"))
    assert ("failed", "unconfirmed", 1) == (slow.outcome, slow.reason, len(api.requests))
    assert "raise claims.lease" in slow.message


async def test_the_policy_suppress_never_sends_twice(make, api, clock) -> None:
    """An unknown outcome is terminal then, and stays so."""
    api.script = [httpx.Response(500)]
    runtime = make(on_unknown="suppress", busy_wait=0)
    [unknown] = await runtime.send(track("m1"))
    clock.advance(60)
    [again] = await runtime.send(track("m1"))
    assert [Unknown, Unknown] == [type(unknown), type(again)]
    assert 1 == len(api.requests)


@pytest.mark.parametrize(
    ("raised", "kind", "reason"),
    [
        (Refused("no such note", code=404), Rejected, "refused"),
        (TryAgain("later", after=3), Failed, "try_again"),
        (AuthenticationFailed("bad token"), Failed, "authentication"),
        (RuntimeError("bug"), Failed, "plugin_fault"),
        (SystemExit(3), Failed, "plugin_fault"),
        (KeyboardInterrupt(), Failed, "plugin_fault"),
        (GeneratorExit(), Failed, "plugin_fault"),
    ],
)
async def test_whatever_perform_raises_is_an_outcome(make, raised, kind, reason) -> None:
    """Answers mean what they say, everything else is a fault of the plugin; the claim is given back."""

    async def broken(ctx: Any, note: Any) -> Any:
        raise raised

    runtime = make(destination(action(perform=broken)), busy_wait=0)
    for message in ("m1", "m2"):
        [outcome] = await runtime.send(track(message))
        assert isinstance(outcome, kind)
        assert reason == outcome.reason


@pytest.mark.parametrize("answer", [None, True, {"id": 1}])
async def test_an_answer_that_is_none_is_a_fault(make, answer) -> None:
    """Returning anything but Accepted is never a success."""

    async def forgetful(ctx: Any, note: Any) -> Any:
        return answer

    [outcome] = await make(destination(action(perform=forgetful))).send(track())
    assert isinstance(outcome, Failed)
    assert "not Accepted" in outcome.message


async def test_a_fault_after_a_yes_is_not_sent_again(make, api) -> None:
    """When the API said yes and the plugin then breaks, the outcome is unknown and terminal."""

    async def clumsy(ctx: Any, note: Any) -> Any:
        await ctx.send("POST", URL, json={})
        raise KeyError("sid")

    [outcome] = await make(destination(action(perform=clumsy))).send(track())
    assert isinstance(outcome, Unknown)
    assert 1 == len(api.requests)


@pytest.mark.parametrize("body", [b"", b'{"sid": "FN', b"<html>Created</html>"])
async def test_a_yes_is_a_yes_whatever_its_body(make, api, body) -> None:
    """A plugin that asks a 201 for JSON which it has not got was successful: confirmed, and its window is open."""

    async def reads(ctx: Any, note: Any) -> Any:
        return (await ctx.send("POST", URL, json={})).json()["sid"]

    api.script = [httpx.Response(201, content=body)]
    runtime = make(destination(action(perform=reads)))
    [outcome] = await runtime.send(track("m1"))
    [cooling] = await runtime.send(track("m2"))
    assert ("delivered", {}, "suppressed", "m1") == (outcome.outcome, outcome.data, cooling.outcome, cooling.by)
    assert 1 == len(api.requests)


async def test_a_yes_without_a_body_says_nothing_of_a_batch(make, api) -> None:
    """What became of each item stood in the body: it stays unknown."""

    async def reads(ctx: Any, notes: Any) -> Any:
        return (await ctx.send("POST", URL, json={})).json()

    api.script = [httpx.Response(201, content=b"{")]
    runtime = make(destination(action(perform=None, perform_batch=reads, batch_size=10)))
    outcomes = await runtime.send_batch([track("m1"), track("m2") | {"userId": "another"}])
    assert ["unknown", "unknown"] == [outcome.outcome for [outcome] in outcomes]


async def test_a_secret_is_in_no_outcome(make, api) -> None:
    """Whatever the API or the plugin says, known secrets are masked."""

    async def talkative(ctx: Any, note: Any) -> Any:
        raise Refused(f"the token {ctx.settings.token.reveal()} is wrong")

    [outcome] = await make(destination(action(perform=talkative))).send(track())
    assert "s3cret-token" not in json.dumps(outcome.to_json())
    assert "***" in outcome.message


async def test_a_plain_function_performs_in_a_thread(make, api) -> None:
    """`def perform` has the same context in blocking form, the same engine and the same claim."""
    import threading

    from destination_actions import accepted

    threads: list[str] = []

    def blocking(ctx: Any, note: Any) -> Any:
        threads.append(threading.current_thread().name)
        ctx.http.get("https://notes.test/v1/people/u1")
        return accepted(ctx.send("POST", URL, json={"to": note.person}))

    runtime = make(destination(action(perform=blocking)))
    [outcome] = await runtime.send(track("m1"))
    [second] = await runtime.send(track("m2"))
    assert isinstance(outcome, Delivered)
    assert isinstance(second, Suppressed)
    assert ["GET", "POST"] == [request.method for request in api.requests]
    assert threading.main_thread().name not in threads


async def test_subscriptions_are_isolated(make, api) -> None:
    """One subscription's fault does not touch its sibling; outcomes keep the order of the configuration."""

    async def broken(ctx: Any, note: Any) -> Any:
        raise RuntimeError("bug")

    runtime = make(
        destination(action(), action(slug="broken", title="Broken", perform=broken)),
        subscriptions=[
            SUBSCRIPTION | {"name": "first", "action": "broken"},
            SUBSCRIPTION | {"name": "second"},
            SUBSCRIPTION | {"name": "third", "subscribe": 'type = "page"'},
        ],
    )
    outcomes = await runtime.send(track())
    assert [Failed, Delivered, Filtered] == [type(outcome) for outcome in outcomes]
    assert ["first", "second", "third"] == [outcome.subscription for outcome in outcomes]


async def test_an_event_without_a_message_id_gets_a_random_one(make) -> None:
    """Two events without messageId are two deliveries."""
    runtime = make(subscriptions=[SUBSCRIPTION | {"mapping": {"period": 0}}])
    event = {"type": "track", "userId": "u1"}
    [first], [second] = await runtime.send(event), await runtime.send(event)
    assert isinstance(second, Delivered)
    assert first.message_id != second.message_id
    assert {"type": "track", "userId": "u1"} == event


async def test_a_cancelled_send_gives_its_claim_back(make, api) -> None:
    """Cancelled before anything left: the next event of that person goes at once."""
    entered = asyncio.Event()

    async def hang(ctx: Any, note: Any) -> Any:
        entered.set()
        await asyncio.Event().wait()

    runtime = make(destination(action(perform=hang)), busy_wait=0)
    task = asyncio.ensure_future(runtime.send(track("m1")))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    entered.clear()
    second = asyncio.ensure_future(runtime.send(track("m2")))
    await entered.wait()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_every_outcome_follows_the_schema(make, api, clock) -> None:
    """`to_json()` of each kind validates against `schemas/outcome.schema.json`."""
    schema = Draft202012Validator(load_schema("outcome"))
    api.script = [httpx.Response(201, json={"id": 1}), httpx.Response(503), httpx.Response(404)]
    runtime = make(busy_wait=0)
    sent = [track("m1"), track("m2"), track("m3", "u2"), track("m4", "u3"), {"type": "page", "messageId": "m5"}]
    outcomes = [outcome for event in sent for outcome in await runtime.send(event)]
    [invalid] = await runtime.send({"type": "track", "messageId": "m6"})
    kinds = {"delivered", "suppressed", "failed", "rejected", "filtered", "invalid"}
    assert kinds == {outcome.outcome for outcome in (*outcomes, invalid)}
    for outcome in (*outcomes, invalid):
        assert [] == [error.message for error in schema.iter_errors(outcome.to_json())]
