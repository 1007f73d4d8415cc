"""What the ledger holds after deliveries: every end once, every attempt, what may be replayed, and nothing secret."""

from __future__ import annotations

import asyncio
import base64
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from destination_actions import Accepted, AsyncRuntime, Delivered, Found, Refused, hookimpl
from destination_actions.config import LedgerConfig
from destination_actions.errors import StoreError
from destination_actions.protocols import AttemptEntry, LedgerEntry, LedgerQuery, Stores
from destination_actions.runtime.facts import person_key
from destination_actions.runtime.pins import differences
from destination_actions.schemas import load_schema
from destination_actions.stores import open_stores
from jsonschema import Draft202012Validator
from notes import SETTINGS, SUBSCRIPTION, action, destination


def track(message: str, user: str = "user-one", **more: Any) -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user, **more}


async def entries(runtime: AsyncRuntime, **query: Any) -> list[LedgerEntry]:
    """What the ledger holds, the oldest first."""
    return list(await runtime.stores.ledger.entries(LedgerQuery(**query)))[::-1]


async def ends(runtime: AsyncRuntime) -> list[tuple[str, str, str]]:
    """How everything ended, by messageId."""
    return sorted((entry.message_id, entry.state, entry.reason) for entry in await entries(runtime))


async def attempts(runtime: AsyncRuntime, message: str) -> list[AttemptEntry]:
    """The attempts of one event's delivery."""
    [entry] = [one for one in await entries(runtime) if one.message_id == message]
    return list(await runtime.stores.ledger.attempts(entry.key))


async def run(runtime: AsyncRuntime, *events: dict[str, Any], **options: Any) -> list[Any]:
    """Take events through the queue; the outcomes."""
    return [outcome async for outcome in runtime.run(list(events), **options)]


@pytest.fixture
async def lasting(make: Callable[..., AsyncRuntime], clock: Any, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Build runtimes over one SQLite file, which is closed at the end."""
    stores = open_stores(f"sqlite:{tmp_path}/state.db", clock=clock)
    yield lambda *arguments, **options: make(*arguments, **{"stores": stores} | options)
    await stores.close()


# --- every end, once -------------------------------------------------------------------------------------------------


async def test_every_outcome_ends_in_a_state(make, api) -> None:
    """Delivered, suppressed, rejected, invalid, expired; filtered is counted and not recorded."""
    api.script = [httpx.Response(201), httpx.Response(400), httpx.Response(429, headers={"retry-after": "30"})] + [
        httpx.Response(429, headers={"retry-after": "30"})
    ] * 5
    runtime = make()
    for message, user in (("m1", "jane"), ("m2", "jane"), ("m3", "ravi"), ("m4", "mia")):
        await run(runtime, track(message, user), retry_for=40)
    await run(runtime, {"type": "track", "messageId": "m5"}, {"type": "page", "messageId": "m6"})
    await runtime._records().flush()
    assert [
        ("m1", "delivered", "confirmed"),
        ("m2", "suppressed", "cooldown"),
        ("m3", "rejected", "refused"),
        ("m4", "expired", "try_again"),
        ("m5", "invalid", "required"),
    ] == await ends(runtime)
    tallies = {(one.state, one.reason): one.count for one in await runtime.stores.ledger.tallies()}
    assert 1 == tallies["filtered", "no_match"]
    assert 6 == sum(tallies.values())


async def test_what_is_counted_is_written_although_nothing_comes(make, clock, monkeypatch) -> None:
    """Whoever keeps a runtime has it written when a second is over; what a store refuses is counted later."""

    async def filtered() -> int:
        return sum(one.count for one in await runtime.stores.ledger.tallies() if one.state == "filtered")

    async def refused(_: Any) -> None:
        raise StoreError("the disk is full")

    runtime = make()
    for number in range(3):
        await runtime.send({"type": "page", "messageId": f"m{number}"})
        await runtime.tidy()
    assert 1 == await filtered()
    clock.advance(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(runtime.stores.ledger, "count", refused)
        await runtime.tidy()
    assert 1 == await filtered()
    clock.advance(1.0)
    await runtime.tidy()
    assert 3 == await filtered()


async def test_send_records_too(make, api) -> None:
    """Without a queue the ends are the same; what may be sent again has not ended."""
    api.script = [httpx.Response(429)]
    runtime = make()
    await runtime.send(track("m1"))
    assert [] == await entries(runtime)
    await runtime.send(track("m1"))
    await runtime.send({"type": "track", "messageId": "m2"})
    await runtime.send_batch([track("m3"), {"type": "page", "messageId": "m4"}])
    expected = [("m1", "delivered", "confirmed"), ("m2", "invalid", "required"), ("m3", "suppressed", "cooldown")]
    assert expected == await ends(runtime)
    assert ["failed", "delivered"] == [one.outcome for one in await attempts(runtime, "m1")]


async def test_an_unknown_end_is_recorded(make, api) -> None:
    """With onUnknown suppress, a lost answer is unknown, and its event is kept."""
    api.script = [httpx.ReadError("lost")]
    runtime = make(on_unknown="suppress")
    await run(runtime, track("m1"))
    [entry] = await entries(runtime)
    assert ("unknown", "unconfirmed", track("m1")) == (entry.state, entry.reason, entry.event)


async def test_a_delivery_without_a_subscription_is_dead(make, api, lasting) -> None:
    """What waits for a subscription that is gone is recorded as dead."""
    runtime = lasting()
    await runtime.enqueue([track("m1")])
    other = lasting(subscriptions=[SUBSCRIPTION | {"name": "Other"}])
    await run(other)
    assert [("m1", "dead", "not_configured")] == await ends(other)


async def test_what_may_have_been_executed_does_not_expire(make, api, clock) -> None:
    """A delivery whose time is over is unknown when its last attempt may have been executed, or was lost with its
    worker; it has expired only when nothing was done for certain."""
    runtime = make()
    api.script = [httpx.Response(503)]
    await run(runtime, track("m1", "jane"), retry_for=5)
    await runtime.enqueue([track("m2", "ravi")])
    await runtime.stores.queue.take(1, lease=1.0)
    clock.advance(4 * 3600.0)
    api.script = [httpx.Response(429, headers={"retry-after": "30"})] * 2
    await run(runtime, track("m3", "mia"), retry_for=5)
    assert [
        ("m1", "unknown", "unconfirmed"),
        ("m2", "unknown", "try_again"),
        ("m3", "expired", "try_again"),
    ] == await ends(runtime)


async def test_a_repeated_event_is_recorded_once(make) -> None:
    """The same event again changes nothing in the ledger."""
    runtime = make()
    for _ in range(3):
        await runtime.send(track("m1"))
    await run(runtime, track("m1"))
    assert [("m1", "delivered", "confirmed")] == await ends(runtime)


async def test_a_crash_between_record_and_acknowledgement(lasting, monkeypatch) -> None:
    """A delivery that was recorded and not acknowledged comes again; the record stands, nothing is sent twice, and who
    observes is told again."""
    told: list[str] = []

    class Observing:
        """With an observer the two are two steps."""

        @hookimpl
        def delivery_settled(self, outcome: Any) -> None:
            """Hear of an end."""
            told.append(outcome.message_id)

    runtime = lasting(plugins=[Observing()])
    queue = runtime.stores.queue
    await runtime.enqueue([track("m1")])
    with monkeypatch.context() as patch:

        async def killed(lease: Any) -> bool:
            raise asyncio.CancelledError

        patch.setattr(queue, "ack", killed)
        with pytest.raises(BaseException):  # noqa: B017 - whatever a dying worker raises
            await asyncio.wait_for(run(runtime), 0.5)
    runtime._clock.advance(1000)
    again = lasting(plugins=[Observing()])
    assert [("delivered", True)] == [(one.outcome, one.repeated) for one in await run(again)]
    assert [("m1", "delivered", "confirmed")] == await ends(runtime)
    assert {"m1"} == set(told)
    assert len(told) > 1


async def test_a_ledger_that_fails_loses_nothing(make, api, caplog) -> None:
    """`send` still gives the outcome, and says in the log that it was not recorded."""
    runtime = make()

    def broken(*_: Any, **__: Any) -> bool:
        raise StoreError("disk full")

    runtime.stores.ledger.note = broken
    [outcome] = await runtime.send(track("m1"))
    assert isinstance(outcome, Delivered)
    assert "disk full" in caplog.text


# --- what an entry says ----------------------------------------------------------------------------------------------


async def test_an_entry_says_who_when_and_what(make, clock) -> None:
    """People stand as digests; times are of the clock; the details are the outcome's; no event without need."""
    runtime = make()
    accepted = clock.now()
    await run(runtime, track("m1", "jane", anonymousId="anon-1"))
    [entry] = await entries(runtime)
    secret = runtime.stores.secret
    assert (person_key(secret, "jane"), person_key(secret, "anon-1")) == entry.people
    assert (accepted, 0, 1, {"id": 1}, None) == (
        entry.accepted,
        entry.generation,
        entry.attempts,
        entry.details["data"],
        entry.event,
    )


async def test_attempts_have_request_and_answer(lasting, api) -> None:
    """Each attempt with method, address, status, headers of interest and bodies cut down; ids and numbers masked."""
    answer = {"echo": "user-one called +15551234567", "long": "x" * 5000}
    headers = {"retry-after": "1", "x-request-id": "r-1", "set-cookie": "secret=1"}
    api.script = [httpx.Response(429, json=answer, headers=headers)]
    runtime = lasting()
    await run(runtime, track("m1"))
    first, second = await attempts(runtime, "m1")
    assert ["failed", "delivered"] == [first.outcome, second.outcome]
    [exchange] = first.exchanges
    assert ("POST", "https://notes.test/v1/notes", 429) == (exchange["method"], exchange["url"], exchange["status"])
    assert {"retry-after": "1", "x-request-id": "r-1", "content-type": "application/json"} == exchange[
        "responseHeaders"
    ]
    assert '"to":"***"' in exchange["requestBody"]
    assert exchange["responseBody"].startswith('{"echo":"*** called +1******4567"')
    assert 2048 == len(exchange["responseBody"])
    assert 201 == second.exchanges[0]["status"]


async def test_what_is_kept_can_be_chosen(lasting) -> None:
    """Bodies can be left out, exchanges too, and events of delivered ones kept."""
    runtime = lasting(ledger=LedgerConfig(bodies=False, delivered_events=True))
    await run(runtime, track("m1"))
    [entry], [attempt] = await entries(runtime), await attempts(runtime, "m1")
    assert track("m1") == entry.event
    assert {"requestBody", "responseBody"} & attempt.exchanges[0].keys() == set()
    runtime = lasting(ledger=LedgerConfig(exchanges=False))
    await run(runtime, track("m2", "ravi"))
    assert [[]] == [list(one.exchanges) for one in await attempts(runtime, "m2")]


async def test_a_ledger_is_pruned_while_it_is_written(make, clock) -> None:
    """Every minute, what is older than the configured days goes."""
    runtime = make(ledger=LedgerConfig(keep_days=1))
    await run(runtime, track("m1", "a"))
    clock.advance(2 * 24 * 3600)
    await run(runtime, track("m2", "b"))
    assert [("m2", "delivered", "confirmed")] == await ends(runtime)


async def test_pruning_goes_on_until_it_is_done(lasting, clock) -> None:
    """A pruning that found something is followed by the next in half a second, not in a minute."""
    runtime = lasting(ledger=LedgerConfig(keep_entries=1))
    for number, seconds in enumerate([60, 1, 1]):
        await run(runtime, track(f"m{number}", f"u{number}"))
        clock.advance(seconds)
    assert ["m2"] == [message for message, _, _ in await ends(runtime)]


# --- pins ------------------------------------------------------------------------------------------------------------


async def test_a_pin_tells_what_changed(make, lasting) -> None:
    """Trigger, a field of the mapping and an open setting are told apart; a secret changes nothing."""
    base = {"settings": SETTINGS, "subscriptions": [SUBSCRIPTION | {"mapping": {"text": "a"}}]}
    changed = {
        "settings": SETTINGS | {"account": "other"},
        "subscriptions": [SUBSCRIPTION | {"mapping": {"text": "b", "period": 5}, "subscribe": 'type != "page"'}],
    }
    renewed = base | {"settings": SETTINGS | {"token": "another-token"}}

    def pin(options: dict[str, Any]) -> Any:
        runtime = lasting(**options)
        return runtime._records().pin_of(runtime.plan.subscriptions[0])

    assert pin(base) == pin(renewed)
    expected = ["the trigger (subscribe) changed", "mapping.period is new", "mapping.text changed"]
    assert [*expected, "settings.account changed"] == differences(pin(base).document, pin(changed).document)


# --- replay ----------------------------------------------------------------------------------------------------------


async def replayed(runtime: AsyncRuntime, **options: Any) -> list[Any]:
    """Replay everything that failed."""
    replays = runtime.replays()
    found = await replays.failed(LedgerQuery())
    candidates = await replays.examined(found, original=options.pop("original", False), **options)
    assert [] == [one.obstacle for one in candidates if one.obstacle]
    return [outcome async for outcome in replays.run(candidates, rate=100.0)]


async def test_only_failed_legs_are_replayed(lasting, api) -> None:
    """Of an event with two subscriptions, the one that was refused goes again, as a new generation; then nothing is
    left."""
    subscriptions = [
        SUBSCRIPTION,
        SUBSCRIPTION | {"name": "Second", "mapping": {"person": {"@path": "$.userId"}, "period": 0}},
    ]
    api.script = [httpx.Response(201), httpx.Response(400)]
    runtime = lasting(subscriptions=subscriptions)
    await run(runtime, track("m1"), concurrency=1)
    [refused] = [one for one in await entries(runtime) if one.state == "rejected"]
    [outcome] = await replayed(runtime)
    assert ("delivered", refused.subscription, 3) == (outcome.outcome, outcome.subscription, len(api.requests))
    assert [] == await replayed(runtime)
    assert [(0, True), (1, False)] == [
        (one.generation, one.replayed) for one in await entries(runtime) if one.subscription == refused.subscription
    ]


async def test_the_cooldown_holds_for_a_replay(lasting, api) -> None:
    """An event of the same person that went through meanwhile suppresses the replay."""
    api.script = [httpx.Response(400)]
    runtime = lasting()
    await run(runtime, track("m1"))
    await run(runtime, track("m2"))
    [outcome] = await replayed(runtime)
    assert ("suppressed", "m2") == (outcome.outcome, outcome.by)


async def test_replays_keep_a_rate(lasting, api, clock) -> None:
    """At two a second, ten replays take four and a half seconds at least."""
    api.script = [httpx.Response(400)] * 10
    runtime = lasting()
    await run(runtime, *(track(f"m{n}", f"u{n}") for n in range(10)))
    replays = runtime.replays()
    candidates = await replays.examined(await replays.failed(LedgerQuery()), original=True)
    began = clock.monotonic()
    outcomes = [outcome async for outcome in replays.run(candidates, rate=2.0)]
    assert ["delivered"] * 10 == [outcome.outcome for outcome in outcomes]
    assert clock.monotonic() - began >= 4.5


async def test_a_replay_that_fails_stays_listed(lasting, api) -> None:
    """Refused again, it can be replayed again as the next generation."""
    api.script = [httpx.Response(400)] * 2
    runtime = lasting()
    await run(runtime, track("m1"))
    assert ["rejected", "delivered"] == [(await replayed(runtime))[0].outcome for _ in range(2)]
    assert [0, 1, 2] == [one.generation for one in await entries(runtime)]


async def test_a_replay_of_an_unknown_reads_every_generation_back(lasting, api, clock) -> None:
    """Each earlier key is asked for with the time of its first attempt; what is found is delivered, and not sent."""
    asked: list[tuple[str, bool]] = []
    executed: set[str] = set()

    async def reconcile(ctx: Any, note: Any) -> Found | None:
        asked.append((ctx.delivery_key, ctx.attempted is not None))
        return Found({"id": 7}) if ctx.delivery_key in executed else None

    target = destination(action(reconcile=reconcile))
    api.script = [httpx.ReadError("lost"), httpx.Response(400)]
    first = lasting(target, on_unknown="suppress")
    await run(first, track("m1"))
    [unknown] = await entries(first)
    clock.advance(3600)
    runtime = lasting(target)
    [outcome] = await replayed(runtime)
    assert ("rejected", [(unknown.key, True)]) == (outcome.outcome, asked)
    executed.add(unknown.key)
    asked.clear()
    [outcome] = await replayed(runtime)
    assert ("delivered", True, {"id": 7}) == (outcome.outcome, outcome.repeated, outcome.data)
    assert ([(unknown.key, True)], 2) == (asked, len(api.requests))
    assert ("delivered", "found") == ((await entries(runtime))[-1].state, (await entries(runtime))[-1].reason)


async def test_what_may_have_been_executed_is_not_repeated_unasked(lasting, api, clock) -> None:
    """Without a way to read back, a replay of an unknown outcome has to be allowed."""
    api.script = [httpx.ReadError("lost")]
    runtime = lasting(on_unknown="suppress")
    await run(runtime, track("m1"))
    clock.advance(3600)
    replays = runtime.replays()
    found = await replays.failed(LedgerQuery())
    [candidate] = await replays.examined(found, original=False)
    assert "may have been executed" in (candidate.obstacle or "")
    assert ["delivered"] == [outcome.outcome for outcome in await replayed(runtime, may_repeat=True)]


async def test_a_delivery_that_killed_its_workers_may_have_been_executed(lasting, api, clock) -> None:
    """Handed out and never heard of again, it is dead as poison; without read-back its replay has to be allowed."""
    runtime = lasting()
    await runtime.enqueue([track("m1")])
    for _ in range(5):
        assert 1 == len(await runtime.stores.queue.take(1, lease=1.0))
        clock.advance(2.0)
    assert ["failed"] == [outcome.outcome for outcome in await run(runtime, retry_for=3600)]
    [entry] = await entries(runtime)
    assert ("dead", "poison", 5, []) == (entry.state, entry.reason, entry.details["losses"], api.requests)
    replays = runtime.replays()
    [candidate] = await replays.examined(await replays.failed(LedgerQuery()), original=False)
    assert "may have been executed" in (candidate.obstacle or "")


async def test_the_original_is_kept_to(lasting, api) -> None:
    """With another mapping the original is refused and the difference named; the current one goes."""
    api.script = [httpx.Response(400)]
    await run(lasting(), track("m1"))
    runtime = lasting(subscriptions=[SUBSCRIPTION | {"mapping": {"text": "other"}}])
    replays = runtime.replays()
    found = await replays.failed(LedgerQuery())
    [candidate] = await replays.examined(found, original=True)
    assert (["mapping.text is new"], True) == (candidate.changes, "not the original" in (candidate.obstacle or ""))
    assert ["delivered"] == [outcome.outcome for outcome in await replayed(runtime)]


async def test_the_original_refuses_another_plugin_version(lasting, api) -> None:
    """Whatever else is alike, another version of the plugin is not the original."""
    api.script = [httpx.Response(400)]
    await run(lasting(), track("m1"))
    runtime = lasting()
    runtime._records()._plugin_of = lambda slug: f"{slug} 9.9.9"
    replays = runtime.replays()
    [candidate] = await replays.examined(await replays.failed(LedgerQuery()), original=True)
    assert "is notes 9.9.9: install the version of then" in (candidate.obstacle or "")


# --- nothing secret --------------------------------------------------------------------------------------------------

TOKEN = 'canary+tok/en="9f1c77"'
PHONE = "+15557654321"
USER = "canary-person-4711"


def forms(text: str) -> set[bytes]:
    """A text as it may turn up: plain, percent-encoded, in JSON, and inside base64 whatever precedes it."""
    raw = text.encode()
    found = {raw, quote(text, safe="").encode(), quote(text).encode(), orjson.dumps(text)[1:-1]}
    for shift in range(3):
        first = -(-shift * 8 // 6)
        found.add(base64.b64encode(b"x" * shift + raw)[first : (shift + len(raw)) * 8 // 6])
    return found


async def leaky(ctx: Any, note: Any) -> Accepted:
    """A plugin that puts what it knows everywhere it can."""
    token, basic = (
        ctx.settings.token.reveal(),
        base64.b64encode(f"acme:{ctx.settings.token.reveal()}".encode()).decode(),
    )
    ctx.log.warning("to %s", "***")
    url = f"https://notes.test/v1/notes?token={quote(token, safe='')}&to={quote(PHONE, safe='')}"
    body = {
        "token": token,
        "basic": basic,
        "to": PHONE,
        "person": note.person,
        "nested": orjson.dumps({"t": token}).decode(),
    }
    response = await ctx.send("POST", url, json=body, headers={"idempotency-key": token})
    if response.status_code == 201:
        return Accepted({"token": token, "to": PHONE, "basic": basic, "person": note.person})
    raise Refused(f"refused {token} and {basic} for {PHONE} of {note.person}", code=token, status=response.status_code)


def echo(status: int) -> Callable[[httpx.Request], Any]:
    """An API that says everything back."""

    async def answer(request: httpx.Request) -> httpx.Response:
        text = f"{TOKEN} {PHONE} {USER} {request.url} {request.headers['authorization']}"
        return httpx.Response(status, text=text, headers={"x-request-id": TOKEN})

    return answer


async def test_canaries_reach_no_file_no_log_and_no_record(lasting, api, clock, tmp_path, caplog, capfd) -> None:
    """Every way to end, with a plugin and an API that spill: no secret, number or id in the ledger's bytes, in logs or
    in outcomes; the only place that has the person is the event kept for a replay."""
    caplog.set_level(logging.DEBUG)
    settings = SETTINGS | {"token": TOKEN}

    async def raising(ctx: Any, note: Any) -> Accepted:
        await leaky(ctx, note)
        raise RuntimeError(f"{TOKEN} {PHONE}")

    async def early(ctx: Any, note: Any) -> Accepted:
        raise RuntimeError(f"{TOKEN} {PHONE} {USER}")

    async def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(f"lost {TOKEN} {PHONE}")

    outcomes: list[Any] = []
    scripts: list[tuple[Any, Any, dict[str, Any]]] = [
        (leaky, echo(201), {}),
        (leaky, echo(400), {}),
        (leaky, echo(503), {"on_unknown": "suppress"}),
        (leaky, lost, {"on_unknown": "suppress"}),
        (raising, echo(201), {}),
        (early, echo(400), {}),
    ]
    free = SUBSCRIPTION | {"mapping": {"period": 0}}
    for number, (code, answer, options) in enumerate(scripts):
        api.script = [answer] * 20
        target = destination(action(perform=code))
        name = f"shop-{number}"
        runtime = lasting(target, [free], settings=settings, name=name, **options)
        outcomes += await run(runtime, track(f"c{number}", USER), retry_for=5)
        outcomes += await run(runtime, {"type": "track", "messageId": f"i{number}"})
    shown = orjson.dumps([outcome.to_json() for outcome in outcomes])
    states = {entry.state for entry in await entries(runtime)}
    assert {"delivered", "rejected", "unknown", "invalid", "expired"} <= states
    logged = (caplog.text + "".join(capfd.readouterr())).encode()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for form in forms(TOKEN):
        assert (0, 0, 0) == (shown.count(form), logged.count(form), files.count(form)), form
    for form in forms(PHONE):
        assert (0, 0, 0) == (shown.count(form), logged.count(form), files.count(form)), form
    records = await records_without_events(tmp_path / "state.db")
    for form in forms(USER):
        assert 0 == records.count(form), form


async def records_without_events(path: Path) -> bytes:
    """Every column of ledger and attempts but the events."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT details, people, tries, reason, pin FROM ledger").fetchall()
    rows += connection.execute("SELECT exchanges, reason FROM attempts").fetchall()
    rows += connection.execute("SELECT document FROM pins").fetchall()
    connection.close()
    return repr(rows).encode()


async def test_records_keep_to_their_schema(lasting, api) -> None:
    """What the commands print of entries and attempts is what the schema promises."""
    from destination_actions.cli.records import attempt_json, entry_json

    api.script = [httpx.Response(400), httpx.ReadError("lost")]
    runtime = lasting(on_unknown="suppress")
    await run(runtime, track("m1", "a"), track("m2", "b"), track("m3", "c"), {"type": "track", "messageId": "m4"})
    validator = Draft202012Validator(load_schema("ledger"))
    found = await entries(runtime)
    assert 4 == len(found)
    for entry in found:
        tries = [attempt_json(one) for one in await runtime.stores.ledger.attempts(entry.key)]
        validator.validate(entry_json(entry, event=True) | {"tries": tries})


def test_stores_have_a_ledger() -> None:
    """Opened stores bring one."""
    stores = open_stores("memory:")
    assert isinstance(stores, Stores)
    assert not stores.ledger.lasting
