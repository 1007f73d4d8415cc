"""A batch gives each event the outcome that it gets alone, whatever the API and the plugin do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from destination_actions import (
    Accepted,
    AsyncRuntime,
    AuthenticationFailed,
    DefinitionError,
    Delivered,
    Failed,
    Filtered,
    Invalid,
    Refused,
    Rejected,
    Suppressed,
    TryAgain,
    Unknown,
    accepted,
)
from destination_actions.protocols import ClaimTimes
from destination_actions.stores import SystemClock, open_stores
from destination_actions.testing import ManualClock
from hypothesis import example, given, settings
from hypothesis import strategies as st
from notes import SETTINGS, SUBSCRIPTION, URL, action, destination

Json = dict[str, Any]


def track(message: str = "m1", user: str = "u1", **more: Any) -> Json:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user, **more}


def kinds(outcomes: Sequence[Sequence[Any]]) -> list[str]:
    """The kind of the one outcome of each event."""
    return [outcome.outcome for [outcome] in outcomes]


# --- the law ----------------------------------------------------------------------------------------------------------

ANSWERS: dict[str, Callable[[], httpx.Response]] = {
    "created": lambda: httpx.Response(201),
    "bad": lambda: httpx.Response(400),
    "missing": lambda: httpx.Response(404),
    "credentials": lambda: httpx.Response(401),
    "forbidden": lambda: httpx.Response(403),
    "limit": lambda: httpx.Response(429, headers={"Retry-After": "7"}),
    "server": lambda: httpx.Response(500),
    "later": lambda: httpx.Response(503, headers={"Retry-After": "70"}),
    "timeout": lambda: httpx.Response(408),
}
FAILURES: dict[str, Exception] = {"reset": httpx.ReadError("reset"), "connect": httpx.ConnectError("refused")}
FAULTS = ("bug", "bug after", "nothing", "refuses", "exits", "unsafe")
BULK = ("created", "bad", "missing", "credentials", "forbidden", "limit")


def what(note: Any) -> str:
    """What is to become of a note; its text says so."""
    return str(note.text)


async def api(request: httpx.Request) -> httpx.Response:
    """Answer as the note's text says: a list of statuses for a list, else the status itself."""
    body = json.loads(request.content)
    if isinstance(body, list):
        statuses = [ANSWERS[item["text"]]().status_code for item in body]
        return httpx.Response(200, json={"statuses": statuses})
    if body["text"] in FAILURES:
        raise FAILURES[body["text"]]
    answer = ANSWERS.get(body["text"], ANSWERS["created"])()
    return httpx.Response(answer.status_code, headers=answer.headers, json={"to": body["to"]})


async def performed(note: Any, send: Any) -> Any:
    """Perform one note, with all the faults that a plugin may have."""
    if what(note) == "bug":
        raise KeyError("bug")
    if what(note) == "refuses":
        raise Refused("not this one", code="no")
    if what(note) == "exits":
        raise SystemExit(3)
    url = "https://user@notes.test/" if what(note) == "unsafe" else URL
    response = await send("POST", url, json={"to": note.person, "text": note.text})
    if what(note) == "bug after":
        raise ValueError("bug")
    return None if what(note) == "nothing" else accepted(response)


async def perform(ctx: Any, note: Any) -> Any:
    """One event."""
    return await performed(note, ctx.send)


async def each(ctx: Any, notes: Any) -> Any:
    """A batch as several requests, each for one payload."""

    def send_for(item: int) -> Any:
        return lambda method, url, **options: ctx.send(method, url, only=[item], **options)

    async def one(item: int) -> Any:
        try:
            return await performed(notes[item], send_for(item))
        except SystemExit as error:
            return error

    return await asyncio.gather(*(one(item) for item in range(len(notes))), return_exceptions=True)


def read(status: int) -> Any:
    """One status of a bulk answer."""
    headers = {"Retry-After": "7"} if status == 429 else {}
    try:
        return accepted(httpx.Response(status, headers=headers))  # type: ignore[arg-type]
    except (Refused, TryAgain, AuthenticationFailed) as answer:
        return answer


async def bulk(ctx: Any, notes: Any) -> Any:
    """A batch as one request with a status for each payload."""
    response = await ctx.send("POST", URL, json=[{"to": note.person, "text": note.text} for note in notes])
    answers = [read(status) for status in response.json()["statuses"]]
    return [
        Accepted({"to": note.person}) if isinstance(answer, Accepted) else answer
        for note, answer in zip(notes, answers, strict=True)
    ]


async def by_key(ctx: Any, notes: Any) -> Any:
    """As `bulk`, in another order, by delivery key."""
    answers = await bulk(ctx, notes)
    return dict(reversed(list(zip(ctx.delivery_keys, answers, strict=True))))


async def sent(target: Any, events: Sequence[Json], *, together: bool, on_unknown: str) -> list[Json]:
    """What a fresh runtime makes of the events, one after the other or in one batch."""
    subscription = SUBSCRIPTION | {"mapping": {"text": {"@path": "$.text"}, "period": {"@path": "$.period"}}}
    runtime = AsyncRuntime(
        target,
        settings=SETTINGS,
        subscriptions=[subscription],
        http=httpx.MockTransport(api),
        clock=ManualClock(auto=True),
        busy_wait=0,
        on_unknown=on_unknown,
    )
    async with runtime:
        rows = await runtime.send_batch(events) if together else [await runtime.send(event) for event in events]
    return [compared(outcome.to_json()) for [outcome] in rows]


def compared(outcome: Json) -> Json:
    """All of an outcome but the sentence about a faulty plugin, which names the function."""
    faulty = outcome.get("reason") == "plugin_fault"
    return {key: value for key, value in outcome.items() if not (faulty and key == "message")}


def events_of(texts: Sequence[str]) -> st.SearchStrategy[list[Json]]:
    """Batches with messages that repeat, people that repeat, and events that match nothing or are not valid."""
    one = st.builds(
        track,
        message=st.sampled_from(["m1", "m2", "m3", "m4"]),
        user=st.sampled_from(["u1", "u2", "u3", ""]),
        text=st.sampled_from(texts),
        period=st.sampled_from([0, 60]),
        type=st.sampled_from(["track"] * 7 + ["page"]),
    )
    return st.lists(one, max_size=8)


ALL = (*ANSWERS, *FAILURES, *FAULTS)
POLICIES = st.sampled_from(["reconcile", "retry", "suppress"])


@settings(max_examples=80, deadline=None)
@given(events=events_of(ALL), policy=POLICIES, size=st.sampled_from([1, 2, 1000]))
@example(events=[track(text="created", period=60)] * 3, policy="retry", size=1000)
@example(
    events=[track("m1", "u1", text="limit"), track("m1", "u2", text="created"), track("m2", "u1", text="created")],
    policy="retry",
    size=2,
)
def test_a_batch_of_several_requests_gives_what_single_events_get(events, policy, size) -> None:
    """Every answer, broken connection and fault, repeated messages and shared cooldown keys: the same outcomes."""
    target = destination(action(perform=perform, perform_batch=each, batch_size=size))
    alone = asyncio.run(sent(target, events, together=False, on_unknown=policy))
    assert alone == asyncio.run(sent(target, events, together=True, on_unknown=policy))


@pytest.mark.parametrize("perform_batch", [bulk, by_key])
@settings(max_examples=40, deadline=None)
@given(events=events_of(BULK), policy=POLICIES)
def test_a_batch_of_one_request_gives_what_single_events_get(perform_batch, events, policy) -> None:
    """An API that answers for each item, in order or by key: the same outcomes."""
    target = destination(action(perform=perform, perform_batch=perform_batch))
    alone = asyncio.run(sent(target, events, together=False, on_unknown=policy))
    assert alone == asyncio.run(sent(target, events, together=True, on_unknown=policy))


@settings(max_examples=30, deadline=None)
@given(events=events_of(ALL), policy=POLICIES)
def test_whatever_is_written_the_other_is_derived(events, policy) -> None:
    """Only `perform`, only `perform_batch`, or both: the outcomes of a batch are those of single events."""
    both = asyncio.run(sent(destination(action(perform=perform)), events, together=False, on_unknown=policy))
    for parts in ({"perform": perform}, {"perform": None, "perform_batch": each}):
        for together in (False, True):
            target = destination(action(**parts))
            assert both == asyncio.run(sent(target, events, together=together, on_unknown=policy))


# --- answers that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [None, [], [Accepted()], [Accepted()] * 3, True, "ok", Accepted(), {"x": Accepted()}, {1: 2}, ()],
)
@pytest.mark.parametrize("sends", [False, True])
async def test_an_answer_that_does_not_fit_is_no_success(make, answer, sends) -> None:
    """Wrong length, None or foreign keys: nothing is shifted or guessed. After a yes of the API it is not repeated."""

    async def odd(ctx: Any, notes: Any) -> Any:
        if sends:
            await ctx.send("POST", URL, json=[])
        return answer

    outcomes = await make(destination(action(perform=None, perform_batch=odd))).send_batch(
        [track("m1", "u1"), track("m2", "u2")]
    )
    assert [Unknown if sends else Failed] * 2 == [type(outcome) for [outcome] in outcomes]
    assert {"plugin_fault"} == {outcome.reason for [outcome] in outcomes}


async def test_a_missing_key_is_missing_for_its_own_item(make) -> None:
    """Answers by key: the item without one is a fault, the others stand."""

    async def partial(ctx: Any, notes: Any) -> Any:
        return {ctx.delivery_keys[0]: Accepted({"n": 0}), ctx.delivery_keys[2]: Refused("no"), "stranger": Accepted()}

    outcomes = await make(destination(action(perform_batch=partial))).send_batch(
        [track(f"m{n}", f"u{n}") for n in range(3)]
    )
    assert ["delivered", "failed", "rejected"] == kinds(outcomes)
    assert "no answer for this delivery key" in outcomes[1][0].message


async def test_one_odd_item_sinks_no_other(make) -> None:
    """An item that is no answer is a fault of its own."""

    async def odd(ctx: Any, notes: Any) -> Any:
        return [Accepted(), None, {"id": 1}, RuntimeError("bug"), Refused("no"), TryAgain("later", after=9)]

    outcomes = await make(destination(action(perform_batch=odd))).send_batch(
        [track(f"m{n}", f"u{n}") for n in range(6)]
    )
    assert ["delivered", "failed", "failed", "failed", "rejected", "failed"] == kinds(outcomes)
    assert ["plugin_fault"] * 3 == [outcome.reason for [outcome] in outcomes[1:4]]
    assert ("try_again", 9.0) == (outcomes[5][0].reason, outcomes[5][0].after)


@pytest.mark.parametrize("raised", [RuntimeError("bug"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_whatever_perform_batch_raises_is_an_outcome(make, raised) -> None:
    """Every event of the batch fails, and the claims are given back."""

    async def broken(ctx: Any, notes: Any) -> Any:
        raise raised

    runtime = make(destination(action(perform_batch=broken)), busy_wait=0)
    for _ in range(2):
        outcomes = await runtime.send_batch([track("m1", "u1"), track("m2", "u2")])
        assert {"plugin_fault"} == {outcome.reason for [outcome] in outcomes}


async def test_an_exception_after_some_requests_leaves_each_item_where_it_was(make) -> None:
    """Accepted by the API: unknown and not repeated. Not sent yet: failed. No answer: unconfirmed."""

    async def breaks(ctx: Any, notes: Any) -> Any:
        await ctx.send("POST", URL, json={"to": "u0", "text": "created"}, only=[0])
        with pytest.raises(Exception, match="500"):
            await ctx.send("POST", URL, json={"to": "u1", "text": "server"}, only=[1])
        raise RuntimeError("bug")

    runtime = make(destination(action(perform_batch=breaks)), http=httpx.MockTransport(api))
    outcomes = await runtime.send_batch([track(f"m{n}", f"u{n}") for n in range(3)])
    assert ["unknown", "failed", "failed"] == kinds(outcomes)
    assert ["plugin_fault", "unconfirmed", "plugin_fault"] == [outcome.reason for [outcome] in outcomes]


# --- claims -----------------------------------------------------------------------------------------------------------


async def test_a_request_marks_only_the_claims_of_its_payloads(make, clock) -> None:
    """While one item's request is under way, the others have not been attempted and may go elsewhere."""
    stores = open_stores("memory:", clock=clock)
    marked: list[str] = []
    mark = stores.claims.mark_sent

    async def noted(claim: Any) -> bool:
        marked.append(claim.delivery)
        return await mark(claim)

    claims = stores.claims
    claims.mark_sent = noted  # type: ignore[method-assign]
    keys: list[str] = []

    async def some(ctx: Any, notes: Any) -> Any:
        keys.extend(ctx.delivery_keys)
        await ctx.send("POST", URL, json={}, only=[1, 1])
        return [Refused("no")] * 3

    await make(destination(action(perform_batch=some)), stores=stores).send_batch(
        [track(f"m{n}", f"u{n}") for n in range(3)]
    )
    assert [keys[1]] == marked


@pytest.mark.parametrize("together", [False, True])
async def test_what_certainly_was_not_sent_gives_its_claim_back(make, together) -> None:
    """No connection: the event has failed, and another event of that person goes at once, alone or in a batch."""
    target = destination(action(perform=perform, perform_batch=each))
    mapping = {"mapping": {"text": {"@path": "$.text"}}}
    runtime = make(target, subscriptions=[SUBSCRIPTION | mapping], http=httpx.MockTransport(api), busy_wait=0)
    events = [track("m1", text="connect"), track("m2", "u2", text="created"), track("m3", text="created")]
    outcomes = await runtime.send_batch(events) if together else [await runtime.send(event) for event in events]
    assert ["failed", "delivered", "delivered"] == kinds(outcomes)
    assert "not_sent" == outcomes[0][0].reason


@pytest.mark.parametrize("only", [[], [3], [-1], [0, 7]])
async def test_only_must_name_payloads(make, api, only) -> None:
    """An index that is none is the plugin's fault, and nothing is sent."""

    async def wrong(ctx: Any, notes: Any) -> Any:
        await ctx.send("POST", URL, json={}, only=only)

    outcomes = await make(destination(action(perform_batch=wrong))).send_batch(
        [track(f"m{n}", f"u{n}") for n in range(3)]
    )
    assert {"plugin_fault"} == {outcome.reason for [outcome] in outcomes}
    assert [] == api.requests


async def test_a_lost_claim_takes_the_request_but_not_the_claims_with_it(make, api, clock) -> None:
    """One item's claim went to somebody else: nothing is sent for the request, and the other item may go at once."""
    stores = open_stores("memory:", clock=clock)
    mark, lost = stores.claims.mark_sent, [True]

    async def losing(claim: Any) -> bool:
        if lost and claim.delivery == second[0]:
            return False
        return await mark(claim)

    second: list[str] = []
    stores.claims.mark_sent = losing  # type: ignore[method-assign]

    async def together(ctx: Any, notes: Any) -> Any:
        second[:] = second or [ctx.delivery_keys[1]]
        response = await ctx.send("POST", URL, json=[])
        return [accepted(response)] * len(notes)

    runtime = make(destination(action(perform=None, perform_batch=together)), stores=stores, busy_wait=0)
    events = [track("m1", "u1"), track("m2", "u2")]
    outcomes = await runtime.send_batch(events)
    assert [("failed", "busy")] * 2 == [(outcome.outcome, outcome.reason) for [outcome] in outcomes]
    assert [] == api.requests
    lost.clear()
    assert ["delivered", "delivered"] == kinds(await runtime.send_batch(events))


async def test_a_busy_key_holds_up_nobody_else(make, api) -> None:
    """Another worker holds one of the keys: the rest goes at once, and that item goes alone when the key is free."""
    entered, leave = asyncio.Event(), asyncio.Event()
    calls: list[list[str]] = []

    async def slow(ctx: Any, note: Any) -> Any:
        entered.set()
        await leave.wait()
        raise Refused("no")

    async def fast(ctx: Any, notes: Any) -> Any:
        calls.append([note.person for note in notes])
        leave.set()
        return [Accepted()] * len(notes)

    stores = open_stores("memory:", clock=SystemClock())
    options = {"stores": stores, "clock": SystemClock()}
    other = make(destination(action(perform=slow)), **options)
    mine = make(destination(action(perform=None, perform_batch=fast)), **options)
    holding = asyncio.ensure_future(other.send(track("other", "u1")))
    await entered.wait()
    outcomes = await mine.send_batch([track(f"m{n}", f"u{n}") for n in range(3)])
    await holding
    assert ["delivered"] * 3 == kinds(outcomes)
    assert [["u0", "u2"], ["u1"]] == calls


async def test_the_second_event_of_a_person_waits_for_the_first(make) -> None:
    """In one batch: the first is performed, then the second is suppressed by it, or goes when the first was refused."""
    calls: list[list[str]] = []

    async def first_fails(ctx: Any, notes: Any) -> Any:
        calls.append([note.text for note in notes])
        return [Refused("no") if note.text == "refused" else Accepted() for note in notes]

    runtime = make(
        destination(action(perform=None, perform_batch=first_fails)),
        subscriptions=[SUBSCRIPTION | {"mapping": {"text": {"@path": "$.text"}}}],
    )
    outcomes = await runtime.send_batch(
        [track(f"m{n}", text=text) for n, text in enumerate(["refused", "a", "b"])] + [track("m9", "u9", text="c")]
    )
    assert ["rejected", "delivered", "suppressed", "delivered"] == kinds(outcomes)
    assert [["refused", "c"], ["a"]] == calls
    assert isinstance(outcomes[2][0], Suppressed)
    assert "m1" == outcomes[2][0].by


# --- what goes together -----------------------------------------------------------------------------------------------


def noting(calls: list[list[str]]) -> Any:
    """A `perform_batch` that notes whom it was called for."""

    async def perform_batch(ctx: Any, notes: Any) -> Any:
        calls.append([note.person for note in notes])
        assert [note.person for note in notes] == [event["userId"] for event in ctx.events]
        return [Accepted() for _ in notes]

    return perform_batch


async def test_events_go_together_by_key_and_size(make) -> None:
    """Payloads with equal keys share a call of at most `batch_size`, one whose key is None goes alone."""
    calls: list[list[str]] = []

    def key(settings: Any, note: Any) -> object:
        return None if note.person == "x" else note.person[0]

    grouped = action(perform=None, perform_batch=noting(calls), batch_key=key, batch_size=2)
    people = ["a1", "b1", "x", "a2", "a3", "b2"]
    outcomes = await make(destination(grouped)).send_batch([track(f"m{n}", user) for n, user in enumerate(people)])
    assert ["delivered"] * 6 == kinds(outcomes)
    assert [["a1", "a2"], ["a3"], ["b1", "b2"], ["x"]] == sorted(calls)


@pytest.mark.parametrize("key", [lambda s, n: 1 / 0, lambda s, n: [n.person]])
async def test_a_batch_key_that_fails_sends_alone(make, caplog, key) -> None:
    """A fault in it, or a key that cannot be compared, is logged with the action's name and costs no event."""
    calls: list[list[str]] = []
    broken = action(perform=None, perform_batch=noting(calls), batch_key=key)
    outcomes = await make(destination(broken)).send_batch([track("m1", "u1"), track("m2", "u2")])
    assert ["delivered"] * 2 == kinds(outcomes)
    assert [["u1"], ["u2"]] == sorted(calls)
    assert "notes.note: its batch_key failed" in caplog.text


def test_a_batch_has_at_least_one_item() -> None:
    """A size of 0 is refused where the action is declared."""
    with pytest.raises(DefinitionError, match="batch_size must be at least 1"):
        action(batch_size=0)


async def test_a_group_that_fails_leaves_the_others(make, api) -> None:
    """Each call has its own effect: one unknown outcome does not make another call's events unknown."""

    async def perform_batch(ctx: Any, notes: Any) -> Any:
        return [accepted(await ctx.send("POST", URL, json=[]))] * len(notes)

    async def by_auth(request: httpx.Request) -> httpx.Response:
        api.requests.append(request)
        return httpx.Response([500, 201, 404][len(api.requests) - 1])

    grouped = action(perform=None, perform_batch=perform_batch, batch_key=lambda s, note: note.person[0])
    runtime = make(destination(grouped), http=httpx.MockTransport(by_auth))
    outcomes = await runtime.send_batch([track(f"m{n}", user) for n, user in enumerate(["a1", "b1", "c1", "a2"])])
    found = sorted((outcome.outcome, getattr(outcome, "reason", "")) for [outcome] in outcomes)
    by_first = {user[0]: outcome.outcome for user, [outcome] in zip(["a1", "b1", "c1"], outcomes, strict=False)}
    assert {"delivered", "failed", "rejected"} == set(by_first.values())
    assert outcomes[0][0].outcome == outcomes[3][0].outcome
    assert len(found) == 4


async def test_events_that_do_not_match_keep_their_place(make) -> None:
    """Filtered, invalid and performed events of a batch have their outcomes in the order of the events."""
    calls: list[list[str]] = []
    runtime = make(destination(action(perform=None, perform_batch=noting(calls))))
    page = {"type": "page", "messageId": "p"}
    nobody = {"type": "track", "messageId": "n"}
    outcomes = await runtime.send_batch([track("m1", "u1"), page, nobody, track("m2", "u2"), 5])
    assert [Delivered, Filtered, Invalid, Delivered, Invalid] == [type(outcome) for [outcome] in outcomes]
    assert [["u1", "u2"]] == calls


async def test_an_empty_batch_is_nothing(make, api) -> None:
    """No events, no outcomes, no call."""
    assert [] == await make(destination(action(perform_batch=each))).send_batch([])
    assert [] == api.requests


async def test_a_batch_that_takes_too_long_says_so_of_each_item(make, clock) -> None:
    """The time of `perform_batch` is bounded: what was accepted is unknown then, what was not sent has failed."""

    async def hangs(ctx: Any, notes: Any) -> Any:
        await ctx.send("POST", URL, json={}, only=[0])
        await asyncio.Event().wait()

    times = ClaimTimes(lease=0.1, send=1.0, grace=0.1)
    runtime = make(destination(action(perform=None, perform_batch=hangs)), times=times)
    outcomes = await runtime.send_batch([track("m1", "u1"), track("m2", "u2")])
    assert [Unknown, Failed] == [type(outcome) for [outcome] in outcomes]
    assert all("did not finish within" in outcome.message for [outcome] in outcomes)


async def test_a_cancelled_batch_gives_its_claims_back(make) -> None:
    """Cancelled before anything left: the same people can be reached at once."""
    entered = asyncio.Event()

    async def hangs(ctx: Any, notes: Any) -> Any:
        entered.set()
        await asyncio.Event().wait()

    async def fine(ctx: Any, notes: Any) -> Any:
        return [Accepted()] * len(notes)

    stores = open_stores("memory:", clock=SystemClock())
    options = {"stores": stores, "clock": SystemClock(), "busy_wait": 0}
    stuck = make(destination(action(perform=None, perform_batch=hangs)), **options)
    task = asyncio.ensure_future(stuck.send_batch([track("m1", "u1"), track("m2", "u2")]))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    free = make(destination(action(perform=None, perform_batch=fine)), **options)
    outcomes = await free.send_batch([track("m3", "u1"), track("m4", "u2")])
    assert ["delivered"] * 2 == kinds(outcomes)
    assert not any(isinstance(outcome, Rejected) for [outcome] in outcomes)
