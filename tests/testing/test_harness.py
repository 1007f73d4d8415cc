"""The harness: the real runtime, on virtual time, with a script in place of the network."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from destination_actions import Accepted, ConfigurationError, accepted
from destination_actions.testing import (
    EventBuilder,
    Harness,
    RecordingApi,
    Reply,
    ScriptedApi,
    UnscriptedRequest,
    event,
)
from notes import SETTINGS, SUBSCRIPTION, URL, action, destination

OK = Reply(on=f"POST {URL}", status=201, json={"id": 1}, times=None)


def harness(*replies: Reply, **options: Any) -> Harness:
    """A harness for notes."""
    target = options.pop("destination", None) or destination()
    return Harness(target, settings=SETTINGS, subscriptions=[SUBSCRIPTION], api=replies, **options)


def test_an_event_is_delivered() -> None:
    """The outcome, the request as it went out, and the number of effects."""
    with harness(OK) as notes:
        outcome = notes.send_one(event.track("Hello", userId="jane"))
        [request] = notes.requests
        assert ("delivered", {"id": 1}, 1) == (outcome.outcome, outcome.data, notes.effects)
        assert ("POST", URL, "jane") == (request.method, request.url, request.json["to"])
        assert request.headers["authorization"].startswith("Basic ")


def test_a_cooldown_passes_with_virtual_time() -> None:
    """A minute is over when the test says so."""
    with harness(OK) as notes:
        outcomes = [notes.send_one(event.track("Hello", userId="jane")).outcome for _ in range(2)]
        notes.wait(60.1)
        outcomes.append(notes.send_one(event.track("Hello", userId="jane")).outcome)
        assert ["delivered", "suppressed", "delivered"] == outcomes


def test_earlier_deliveries_are_remembered_without_requests() -> None:
    """One that was executed cools; one that is not known to be keeps others away."""
    with harness(OK) as notes:
        notes.remember(event.track("Hello", userId="jane"))
        notes.remember(event.track("Hello", userId="ravi"), executed=False)
        jane, ravi = (notes.send_one(event.track("Hello", userId=name)) for name in ("jane", "ravi"))
        assert ("suppressed", "event-1") == (jane.outcome, jane.by)
        assert ("failed", "busy", 0) == (ravi.outcome, ravi.reason, notes.effects)


def test_the_queue_retries_in_no_time() -> None:
    """Two refusals of 20 seconds each are waited out."""
    started = time.perf_counter()
    with harness(Reply(status=429, headers={"retry-after": "20"}, times=2), OK) as notes:
        before = notes.clock.now()
        [outcome] = notes.deliver([event.track("Hello", userId="jane")], retry_for=120)
        assert ("delivered", 3, True) == (outcome.outcome, len(notes.requests), notes.clock.now() - before >= 40)
    assert 5 > time.perf_counter() - started


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(fault="refused"), "not_sent"),
        (Reply(fault="reset"), "unconfirmed"),
        (Reply(fault="silence"), "unconfirmed"),
        (Reply(status=201, delay=11), "unconfirmed"),
        (Reply(status=500), "unconfirmed"),
        (Reply(status=429), "try_again"),
    ],
)
def test_faults_mean_what_they_mean_on_a_network(reply: Reply, reason: str) -> None:
    """Whether the request left decides."""
    with harness(reply) as notes:
        assert reason == notes.send_one(event.track("Hello", userId="jane")).reason


@pytest.mark.parametrize(
    "reply", [Reply(status=201, fault="truncated", json={"id": 1}), Reply(status=201, body_delay=60)]
)
def test_a_status_line_is_an_answer(reply: Reply) -> None:
    """A body that breaks off or comes too late does not undo it."""
    with harness(reply) as notes:
        assert "delivered" == notes.send_one(event.track("Hello", userId="jane")).outcome


def test_synchronous_actions_run_too() -> None:
    """A plain function waits for the virtual delay of its answer like any other."""

    def perform(ctx: Any, note: Any) -> Accepted:
        return accepted(ctx.send("POST", URL, json={"to": note.person}))

    with harness(Reply(on=URL, delay=3, times=None), destination=destination(action(perform=perform))) as notes:
        before = notes.clock.now()
        rows = notes.send_batch([event.track("Hello", userId=str(number)) for number in range(5)])
        assert (["delivered"] * 5, 3) == ([row[0].outcome for row in rows], round(notes.clock.now() - before, 3))


def test_a_request_without_a_reply_is_an_error() -> None:
    """It names the request, and what the script answers."""
    with (
        harness(Reply(on="GET https://elsewhere.test/*")) as notes,
        pytest.raises(UnscriptedRequest, match=r"no reply is left for POST https://notes.test/v1/notes; .*elsewhere"),
    ):
        notes.send_one(event.track("Hello", userId="jane"))


def test_any_transport_will_do() -> None:
    """`httpx.MockTransport` in place of a script."""
    with harness(http=httpx.MockTransport(lambda _: httpx.Response(201, json={"id": 9}))) as notes:
        assert {"id": 9} == notes.send_one(event.track("Hello", userId="jane")).data


def test_what_was_recorded_plays_again() -> None:
    """A transport that records gives a script with the same answers."""
    answers = iter([httpx.Response(429, headers={"retry-after": "3"}), httpx.Response(201, json={"id": 4})])
    recording = RecordingApi(httpx.MockTransport(lambda _: next(answers)))
    seen = []
    with harness(http=recording) as notes:
        seen = [notes.send_one(event.track("Hello", userId="jane")) for _ in range(2)]
    with harness(*recording.replies()) as notes:
        assert seen == [notes.send_one(event.track("Hello", userId="jane")) for _ in range(2)]
        assert [] == notes.api.unused()


def test_a_mistake_is_found_when_it_is_built() -> None:
    """As the runtime does."""
    with pytest.raises(ConfigurationError, match="account"):
        Harness(destination(), settings={}, subscriptions=[SUBSCRIPTION])


def test_a_configuration_file_is_read_without_the_real_environment(tmp_path: Any, monkeypatch: Any) -> None:
    """References are read from what the test gives, and from nowhere else."""
    monkeypatch.setenv("SECRET", "real")
    path = tmp_path / "destinations.yaml"
    path.write_text("destinations: {hook: {destination: webhook, settings: {sharedSecret: '${env:SECRET}'}}}")
    with pytest.raises(ConfigurationError, match='"SECRET" is not set'):
        Harness.from_config(path)


def test_a_configuration_has_its_times_of_claims(tmp_path: Any) -> None:
    """As in production: a request may take as long as the configuration says, and its claim is held for as long."""
    path = tmp_path / "destinations.yaml"
    hook = "{destination: webhook, timeout: 30, settings: {}, subscriptions: [{name: Hook, subscribe: type = 'track', "
    hook += "action: send, mapping: {url: 'https://hook.test/'}}]}"
    path.write_text(f"{{claims: {{send: 30}}, destinations: {{hook: {hook}}}}}")
    slow = Reply(on="https://hook.test/", delay=25, status=200, json={})
    with Harness.from_config(path, api=[slow]) as hooks:
        assert "delivered" == hooks.send_one(event.track("Hello")).outcome


def test_the_event_builder_adds_nothing() -> None:
    """What a test does not say is not in the event."""
    assert {"type": "track", "event": "Hello"} == event.track("Hello")
    assert {"type": "identify", "userId": "jane", "traits": {"a": 1}} == event.identify("jane", traits={"a": 1})
    assert {"type": "page", "name": "Home"} == event.page("Home")
    assert {"type": "screen"} == event.screen()
    assert {"type": "group", "groupId": "g"} == event.group("g")
    assert {"type": "alias", "userId": "new", "previousId": "old"} == event.alias("new", "old")
    assert {"type": "track", "event": "Hello", "userId": "jane"} == EventBuilder({"userId": "jane"}).track("Hello")


def test_fixtures(destination_harness: Any, scripted_api: ScriptedApi, virtual_clock: Any) -> None:
    """The plugin's fixtures are there without an import."""
    notes = destination_harness(destination(), settings=SETTINGS, subscriptions=[SUBSCRIPTION], api=[OK])
    assert "delivered" == notes.send_one(event.track("Hello", userId="jane")).outcome
    assert ([], 1_700_000_000.0) == (scripted_api.requests, virtual_clock.now())


async def test_the_scripted_api_serves_a_runtime_of_ones_own(scripted_api: ScriptedApi, virtual_clock: Any) -> None:
    """In an asynchronous test, on the manual clock; a delay lets its time pass."""
    from destination_actions import AsyncRuntime

    scripted_api.reply(f"POST {URL}", status=201, json={"id": 1}, delay=5)
    options = {"http": scripted_api, "clock": virtual_clock}
    async with AsyncRuntime(destination(), settings=SETTINGS, subscriptions=[SUBSCRIPTION], **options) as runtime:
        [outcome] = await runtime.send(event.track("Hello", userId="jane"))
    assert ("delivered", 1_700_000_005.0) == (outcome.outcome, virtual_clock.now())
