"""OAuth 2.0: one renewal for many, tokens shared through the store and shown nowhere."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from destination_actions import (
    Accepted,
    Authentication,
    AuthenticationFailed,
    Delivered,
    Failed,
    OAuth2,
    TryAgain,
    accepted,
)
from destination_actions.http import HttpxEngine, OriginClients
from destination_actions.runtime.oauth import ASKING, Tokens, token_name
from destination_actions.stores import SystemClock, open_stores
from destination_actions.testing import ManualClock
from notes import SUBSCRIPTION, URL, action, destination

TOKENS = "https://login.test/token"
FREE = SUBSCRIPTION | {"mapping": {"period": 0}}


@dataclass
class Server:
    """A token server and an API in one transport. The API takes only the newest token."""

    lifetime: Any = 3600
    rotate: bool = True
    reuse_revokes: bool = True
    script: list[Any] = field(default_factory=list)
    issued: int = 0
    grants: list[dict[str, str]] = field(default_factory=list)
    proofs: list[str | None] = field(default_factory=list)
    calls: list[str | None] = field(default_factory=list)
    good: str = ""
    refresh: str = "refresh-secret-0"
    gate: asyncio.Event | None = None
    """When set, token requests are answered only after it."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        await asyncio.sleep(0)
        if request.url.host == "login.test":
            return await self.token(request)
        self.calls.append(request.headers.get("authorization"))
        if request.headers.get("authorization") != f"Bearer {self.good}":
            return httpx.Response(401, json={"error": f"bad token {request.headers.get('authorization')}"})
        return httpx.Response(201, json={"id": len(self.calls)})

    async def token(self, request: httpx.Request) -> httpx.Response:
        """Answer a token request."""
        form = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        self.grants.append(form)
        self.proofs.append(request.headers.get("authorization"))
        if self.gate is not None:
            await self.gate.wait()
        if self.script:
            answer = self.script.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer
        if "refresh_token" in form and form["refresh_token"] != self.refresh:
            self.good = "" if self.reuse_revokes else self.good
            return httpx.Response(400, json={"error": "invalid_grant"})
        return self.fresh()

    def fresh(self) -> httpx.Response:
        """Issue a new token, and a new refresh token if they rotate."""
        self.issued += 1
        self.good = f"access-secret-{self.issued}"
        body = {"access_token": self.good, "token_type": "Bearer", "expires_in": self.lifetime}
        if self.rotate:
            self.refresh = f"refresh-secret-{self.issued}"
            body["refresh_token"] = self.refresh
        return httpx.Response(200, json=body)

    def revoke(self) -> None:
        """Let the API take no token that was issued so far."""
        self.good = "none of those"


OAUTH: OAuth2[Any] = OAuth2(
    token_url=lambda settings: TOKENS,
    client=lambda settings: ("client", "client-secret"),
    origins=lambda settings: ["https://notes.test"],
)
REFRESHING = replace(OAUTH, refresh_token=lambda settings: "refresh-secret-0")


def secured(*actions: Any, oauth: OAuth2[Any] = OAUTH) -> Any:
    """The notes destination behind OAuth."""
    changes: dict[str, Any] = {"origins": None, "authentication": Authentication(oauth=oauth)}
    return destination(*actions, **changes)


def track(message: str, user: str = "u1") -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user}


async def reached(state: Callable[[], bool]) -> None:
    """Let the others run until they have come this far."""
    while not state():  # noqa: ASYNC110 - there is nobody to tell
        await asyncio.sleep(0)


@pytest.fixture
def server() -> Server:
    """The other side."""
    return Server()


@pytest.fixture
def build(make, server):
    """Make runtimes of the secured destination against the server."""

    def built(target: Any = None, **options: Any) -> Any:
        parts = {"http": httpx.MockTransport(server), "subscriptions": [FREE]} | options
        return make(target or secured(), **parts)

    return built


# --- fetching ---------------------------------------------------------------------------------------------------------


async def test_client_credentials_are_sent_once_and_the_token_is_used(build, server) -> None:
    """The client proves itself with Basic authentication; one token serves many events."""
    runtime = build(secured(oauth=replace(OAUTH, scope="notes", parameters=lambda settings: {"audience": "n"})))
    for n in range(3):
        [outcome] = await runtime.send(track(f"m{n}"))
        assert isinstance(outcome, Delivered)
    assert [{"grant_type": "client_credentials", "scope": "notes", "audience": "n"}] == server.grants
    assert ["Basic " + base64.b64encode(b"client:client-secret").decode()] == server.proofs
    assert ["Bearer access-secret-1"] * 3 == server.calls


async def test_the_client_may_prove_itself_in_the_body(build, server) -> None:
    """With `client_in_body` the form has id and secret, and no Authorization header goes out."""
    await build(secured(oauth=replace(OAUTH, client_in_body=True))).send(track("m1"))
    wanted = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "client-secret"}
    assert ([wanted], [None]) == (server.grants, server.proofs)


async def test_a_client_id_is_form_encoded_before_it_is_a_user_name(build, server) -> None:
    """A colon or a plus in id or secret arrives as what it is (RFC 6749, 2.3.1)."""
    await build(secured(oauth=replace(OAUTH, client=lambda settings: ("a:b", "c+d")))).send(track("m1"))
    assert ["Basic " + base64.b64encode(b"a%3Ab:c%2Bd").decode()] == server.proofs


async def test_a_refresh_token_is_used_and_rotated(build, server) -> None:
    """The first refresh token comes from the settings; from then on the newest one is used."""
    runtime = build(secured(oauth=REFRESHING))
    await runtime.send(track("m1"))
    server.revoke()
    [outcome] = await runtime.send(track("m2"))
    assert isinstance(outcome, Delivered)
    assert ["refresh-secret-0", "refresh-secret-1"] == [grant["refresh_token"] for grant in server.grants]


async def test_a_refresh_token_that_does_not_rotate_stays(build, server) -> None:
    """A server that gives no new refresh token wants the old one again."""
    server.rotate = False
    runtime = build(secured(oauth=REFRESHING))
    await runtime.send(track("m1"))
    server.revoke()
    [outcome] = await runtime.send(track("m2"))
    assert isinstance(outcome, Delivered)
    assert ["refresh-secret-0"] * 2 == [grant["refresh_token"] for grant in server.grants]


async def test_client_credentials_never_use_a_refresh_token(build, server) -> None:
    """A server that hands one out with client credentials is asked with client credentials again."""
    runtime = build()
    await runtime.send(track("m1"))
    server.revoke()
    await runtime.send(track("m2"))
    assert ["client_credentials"] * 2 == [grant["grant_type"] for grant in server.grants]


@pytest.mark.parametrize(
    ("lifetime", "leeway"), [(3600, 60), ("3600", 60), (80, 40), (2, 1)], ids=["hour", "text", "short", "tiny"]
)
async def test_a_token_is_renewed_before_it_ends(build, server, clock, lifetime, leeway) -> None:
    """A minute before its end, or after half of a short life, a token is not used any more; before that it is."""
    server.lifetime = lifetime
    runtime = build()
    await runtime.send(track("m1"))
    clock.advance(float(lifetime) - leeway - 0.5)
    await runtime.send(track("m2"))
    before = server.issued
    clock.advance(1)
    await runtime.send(track("m3"))
    assert (1, 2) == (before, server.issued)
    assert ["Bearer access-secret-1", "Bearer access-secret-1", "Bearer access-secret-2"] == server.calls


@pytest.mark.parametrize("lifetime", [None, "soon", True, 0, -5])
async def test_a_token_without_a_sensible_end_is_used_until_refused(build, server, clock, lifetime) -> None:
    """What the server does not say is not guessed; a 401 tells in the end."""
    server.lifetime = lifetime
    runtime = build()
    await runtime.send(track("m1"))
    clock.advance(10**6)
    await runtime.send(track("m2"))
    assert 1 == server.issued


async def test_a_token_goes_to_its_origin_only(build, server) -> None:
    """Other addresses get no token and cause none to be fetched."""

    async def elsewhere(ctx: Any, note: Any) -> Any:
        await ctx.http.get("https://other.test/")
        return Accepted()

    await build(secured(action(perform=elsewhere))).send(track("m1"))
    assert ([None], []) == (server.calls, server.grants)


@pytest.mark.parametrize(
    "own",
    [{"auth": ("jane", "pw")}, {"headers": {"AUTHORIZATION": "Mine"}}, {"headers": [("Authorization", "Mine")]}],
)
async def test_own_credentials_leave_the_token_alone(build, server, own) -> None:
    """A request that brings its own credentials carries no token, and its 401 renews none: it is sent once."""

    async def perform(ctx, note):
        await ctx.http.get(URL, **own)
        return accepted(await ctx.send("POST", URL, **own))

    [outcome] = await build(secured(action(perform=perform))).send(track("m1"))
    assert ("authentication", 2, 0) == (outcome.reason, len(server.calls), server.issued)


async def test_a_destination_without_oauth_asks_for_no_token(build, server) -> None:
    """A 401 is the API's word then: nothing is renewed, nothing is sent again."""
    [outcome] = await build(destination()).send(track("m1"))
    assert ("authentication", 401) == (outcome.reason, outcome.status)
    assert ([], 1) == (server.grants, len(server.calls))


# --- the storm --------------------------------------------------------------------------------------------------------


async def test_64_refusals_at_once_cause_one_renewal(build, server) -> None:
    """All of them wait for the one request, and each sends once more with what it gives."""
    runtime = build()
    await runtime.send(track("first"))
    server.revoke()
    server.calls.clear()
    server.gate = asyncio.Event()
    sent = [asyncio.ensure_future(runtime.send(track(f"m{n}", f"u{n}"))) for n in range(64)]
    await reached(lambda: len(server.calls) == 64)
    server.gate.set()
    outcomes = await asyncio.gather(*sent)
    assert [Delivered] * 64 == [type(outcome) for [outcome] in outcomes]
    assert 2 == len(server.grants)
    assert ["Bearer access-secret-1"] * 64 + ["Bearer access-secret-2"] * 64 == server.calls


async def test_64_first_events_cause_one_token(build, server) -> None:
    """Nobody has a token yet: one request is made for all."""
    runtime = build()
    outcomes = await asyncio.gather(*(runtime.send(track(f"m{n}", f"u{n}")) for n in range(64)))
    assert [Delivered] * 64 == [type(outcome) for [outcome] in outcomes]
    assert 1 == len(server.grants)


async def test_a_failed_renewal_fails_all_that_wait_with_one_request(build, server) -> None:
    """64 events do not ask a broken token server 64 times."""
    server.script = [httpx.Response(503)]
    server.gate = asyncio.Event()
    runtime = build()
    sent = [asyncio.ensure_future(runtime.send(track(f"m{n}", f"u{n}"))) for n in range(64)]
    await reached(lambda: bool(server.grants))
    for _ in range(500):
        await asyncio.sleep(0)
    server.gate.set()
    outcomes = await asyncio.gather(*sent)
    assert {"try_again"} == {outcome.reason for [outcome] in outcomes}
    assert 1 == len(server.grants)


async def test_one_cancelled_event_does_not_end_the_renewal_for_the_others(build, server) -> None:
    """The request goes on for those who still wait."""
    server.gate = asyncio.Event()
    runtime = build()
    first, second = (asyncio.ensure_future(runtime.send(track(f"m{n}", f"u{n}"))) for n in range(2))
    await reached(lambda: bool(server.grants))
    first.cancel()
    await asyncio.wait({first})
    server.gate.set()
    [outcome] = await second
    assert isinstance(outcome, Delivered)
    assert 1 == len(server.grants)


async def test_a_refused_token_is_renewed_once(build, server) -> None:
    """When the new token is refused too, the event fails without another request for a token."""
    runtime = build()
    await runtime.send(track("m1"))
    server.revoke()
    server.script = [httpx.Response(200, json={"access_token": "refused-as-well"})]
    [outcome] = await runtime.send(track("m2"))
    assert ("authentication", True, False) == (outcome.reason, outcome.lane, outcome.counts)
    assert (2, 3) == (len(server.grants), len(server.calls))


async def test_reads_renew_too(build, server) -> None:
    """A read that is refused with 401 is repeated with a new token."""

    async def reading(ctx: Any, note: Any) -> Any:
        return accepted(await ctx.http.get(URL))

    runtime = build(secured(action(perform=reading)))
    await runtime.send(track("m1"))
    server.revoke()
    [outcome] = await runtime.send(track("m2"))
    assert isinstance(outcome, Delivered)
    assert 2 == len(server.grants)


# --- an answer that says so, single and batch -------------------------------------------------------------------------


def bulk(refused_when: Any) -> Any:
    """A `perform_batch` whose API answers 200 and tells of single items that their token was refused."""

    async def perform_batch(ctx: Any, notes: Any) -> Any:
        response = await ctx.send("POST", URL, json=[note.person for note in notes])
        assert response.is_success
        return [
            AuthenticationFailed("token expired") if refused_when(note, ctx) else Accepted({"to": note.person})
            for note in notes
        ]

    return perform_batch


async def test_of_a_batch_only_what_the_token_was_refused_for_is_performed_again(build, server) -> None:
    """The token is renewed once, and the second request has the refused items alone."""
    seen: list[list[str]] = []

    async def perform_batch(ctx: Any, notes: Any) -> Any:
        seen.append([note.person for note in notes])
        return await bulk(lambda note, _: len(seen) == 1 and note.person in {"u1", "u3"})(ctx, notes)

    runtime = build(secured(action(perform=None, perform_batch=perform_batch)))
    outcomes = await runtime.send_batch([track(f"m{n}", f"u{n}") for n in range(5)])
    assert [Delivered] * 5 == [type(outcome) for [outcome] in outcomes]
    assert [["u0", "u1", "u2", "u3", "u4"], ["u1", "u3"]] == seen
    assert 2 == server.issued


async def test_alone_it_is_performed_again_as_in_a_batch(build, server) -> None:
    """An answer other than a 401 that speaks of the token renews it once for a single event too."""
    tried: list[str] = []

    async def perform(ctx: Any, note: Any) -> Any:
        await ctx.send("POST", URL, json={})
        tried.append(note.person)
        if len(tried) == 1:
            raise AuthenticationFailed("token expired")
        return Accepted()

    [outcome] = await build(secured(action(perform=perform))).send(track("m1"))
    assert isinstance(outcome, Delivered)
    assert (["u1", "u1"], 2) == (tried, server.issued)


async def test_what_is_refused_again_fails(build, server) -> None:
    """There is one repetition, and its answer stands; the others are not touched by it."""
    runtime = build(secured(action(perform=None, perform_batch=bulk(lambda note, _: note.person == "u1"))))
    outcomes = await runtime.send_batch([track(f"m{n}", f"u{n}") for n in range(3)])
    assert ["delivered", "failed", "delivered"] == [outcome.outcome for [outcome] in outcomes]
    assert (2, 2) == (server.issued, len(server.calls))


async def test_a_403_is_no_word_about_a_token(build, server) -> None:
    """Missing permission is not mended by a new token."""

    async def perform(ctx: Any, note: Any) -> Any:
        await ctx.send("POST", URL, json={})
        raise AuthenticationFailed("insufficient scope", status=403)

    [outcome] = await build(secured(action(perform=perform))).send(track("m1"))
    assert ("authentication", 1) == (outcome.reason, server.issued)


async def test_when_the_renewal_fails_only_the_refused_items_fail(build, server) -> None:
    """The token server is down when it is needed again: the items that were accepted stay delivered."""
    runtime = build(secured(action(perform=None, perform_batch=bulk(lambda note, _: note.person == "u1"))))
    server.script = [server.fresh(), httpx.ConnectError("down")]
    outcomes = await runtime.send_batch([track(f"m{n}", f"u{n}") for n in range(3)])
    assert ["delivered", "failed", "delivered"] == [outcome.outcome for [outcome] in outcomes]
    assert "try_again" == outcomes[1][0].reason


# --- what the token server may say ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.ConnectError("refused"), "try_again"),
        (httpx.ReadError("reset"), "try_again"),
        (httpx.Response(500), "try_again"),
        (httpx.Response(429), "try_again"),
        (httpx.Response(200, content=b"<html>"), "try_again"),
        (httpx.Response(200, json=["no"]), "try_again"),
        (httpx.Response(200, json={"access_token": ""}), "try_again"),
        (httpx.Response(400, json={"error": "invalid_scope"}), "authentication"),
        (httpx.Response(401, json={"error": "invalid_client"}), "authentication"),
    ],
)
async def test_without_a_token_the_event_is_kept(build, server, answer, reason) -> None:
    """A token server that is down or refuses never loses an event; once it answers, the same event goes."""
    server.script = [answer]
    runtime = build()
    [failed] = await runtime.send(track("m1"))
    [outcome] = await runtime.send(track("m1"))
    assert isinstance(failed, Failed)
    assert reason == failed.reason
    assert isinstance(outcome, Delivered)
    assert 1 == len(server.calls)


async def test_a_token_server_that_is_down_after_a_401_keeps_the_event(build, server) -> None:
    """Nothing was done, so the claim is given back."""
    runtime = build()
    await runtime.send(track("m1"))
    server.revoke()
    server.script = [httpx.ReadError("reset")]
    [failed] = await runtime.send(track("m2"))
    [outcome] = await runtime.send(track("m2"))
    assert ("try_again", "delivered") == (failed.reason, outcome.outcome)


# --- sharing ----------------------------------------------------------------------------------------------------------


async def test_two_runtimes_on_one_file_share_a_token(build, server, tmp_path) -> None:
    """The second runtime uses what the first fetched; after a refusal one of them renews for both."""
    one, two = (build(stores=f"sqlite:{tmp_path}/state.db") for _ in range(2))
    await one.send(track("m1"))
    await two.send(track("m2"))
    assert 1 == server.issued
    server.revoke()
    batches = await asyncio.gather(*(rt.send(track(f"n{n}-{rt is one}")) for n in range(16) for rt in (one, two)))
    assert [Delivered] * 32 == [type(outcome) for [outcome] in batches]
    assert 2 == server.issued


async def test_a_refresh_token_is_used_once_by_however_many_runtimes(build, server, tmp_path) -> None:
    """A server that revokes everything when a refresh token is used twice never has reason to."""
    runtimes = [build(secured(oauth=REFRESHING), stores=f"sqlite:{tmp_path}/state.db") for _ in range(4)]
    for turn in range(3):
        outcomes = await asyncio.gather(
            *(rt.send(track(f"{turn}-{n}-{at}")) for n in range(8) for at, rt in enumerate(runtimes))
        )
        assert [Delivered] * 32 == [type(outcome) for [outcome] in outcomes]
        server.revoke()
    used = [grant["refresh_token"] for grant in server.grants]
    assert (3, 3) == (len(used), len(set(used)))


async def test_a_token_outlives_the_process(build, server, tmp_path) -> None:
    """A runtime that starts later finds the token in the store; one with another client does not."""
    stores = f"sqlite:{tmp_path}/state.db"
    await build(stores=stores).send(track("m1"))
    await build(stores=stores).send(track("m2"))
    assert 1 == server.issued
    other = secured(oauth=replace(OAUTH, client=lambda settings: ("other", "client-secret")))
    await build(other, stores=stores).send(track("m3"))
    assert 2 == server.issued


def tokens_of(server: Server, stores: Any, clock: ManualClock, oauth: OAuth2[Any] = REFRESHING) -> Tokens:
    """One worker's view of the token."""
    clients = OriginClients(HttpxEngine(httpx.MockTransport(server)))
    name = token_name("notes:acme", oauth, None)
    return Tokens(oauth, None, name=name, store=stores.tokens, clients=clients, clock=clock)


async def test_a_worker_that_died_while_asking_is_waited_for_only_so_long(server, clock) -> None:
    """Its mark in the store runs out, and the next worker asks."""
    stores = open_stores("memory:", clock=clock)
    name = token_name("notes:acme", REFRESHING, None)
    await stores.tokens.put(name, {"asking": clock.now() + ASKING}, revision=0)
    begun = clock.now()
    token = await tokens_of(server, stores, clock).current()
    assert "access-secret-1" == token.access
    assert 0 <= clock.now() - begun - ASKING < 1


async def test_a_mark_from_a_wrong_clock_holds_nobody_up(server, clock) -> None:
    """A mark that lies further ahead than anybody may ask is not believed."""
    stores = open_stores("memory:", clock=clock)
    await stores.tokens.put(token_name("notes:acme", REFRESHING, None), {"asking": clock.now() + 9999}, revision=0)
    begun = clock.now()
    await tokens_of(server, stores, clock).current()
    assert begun == clock.now()


async def test_the_loser_of_a_rotation_race_takes_the_winners_token(server, clock) -> None:
    """A worker whose turn was over asks with a used refresh token, is refused, and uses what the other got."""
    stores = open_stores("memory:", clock=clock)
    slow, fast = (tokens_of(server, stores, clock) for _ in range(2))
    server.reuse_revokes = False
    server.gate = asyncio.Event()
    first = asyncio.ensure_future(slow.current())
    await reached(lambda: bool(server.grants))
    clock.advance(ASKING + 1)
    gate, server.gate = server.gate, None
    won = await fast.current()
    gate.set()
    assert won == await first
    assert 1 == server.issued


async def test_the_slower_winner_keeps_its_token(server, clock) -> None:
    """A worker whose turn was over gets the token all the same: it replaces the other's mark, not a newer token."""
    stores = open_stores("memory:", clock=clock)
    slow, fast = (tokens_of(server, stores, clock) for _ in range(2))
    answers = [server.fresh(), httpx.Response(400, json={"error": "invalid_grant"})]
    server.script = answers
    gates = [asyncio.Event(), asyncio.Event()]
    server.gate = gates[0]
    first = asyncio.ensure_future(slow.current())
    await reached(lambda: len(server.grants) == 1)
    clock.advance(ASKING + 1)
    server.gate = gates[1]
    second = asyncio.ensure_future(fast.current())
    await reached(lambda: len(server.grants) == 2)
    gates[0].set()
    won = await first
    gates[1].set()
    assert won == await second


# --- nothing is shown -------------------------------------------------------------------------------------------------


async def test_a_token_is_in_no_outcome_log_or_ledger(build, server, tmp_path, caplog) -> None:
    """Whoever quotes a token, also one that was renewed since: the text is masked, and only the token table has it."""

    async def talkative(ctx: Any, note: Any) -> Any:
        response = await ctx.send("POST", URL, json={})
        ctx.log.error("answered %s", response.status_code)
        texts = [auth or "" for auth in server.calls]
        if note.person == "u1":
            return Accepted({"quoted": texts, server.calls[0]: 1})
        raise RuntimeError(f"quoted {texts} {server.refresh}")

    runtime = build(secured(action(perform=talkative), oauth=REFRESHING), stores=f"sqlite:{tmp_path}/state.db")
    with caplog.at_level(logging.DEBUG):
        outcomes = [*await runtime.send(track("m1"))]
        server.revoke()
        outcomes += [*await runtime.send(track("m2")), *await runtime.send(track("m3", "u2"))]
        async for outcome in runtime.run([track("m4")]):
            outcomes.append(outcome)
    await runtime.aclose()
    shown = json.dumps([outcome.to_json() for outcome in outcomes]) + caplog.text
    assert "access-secret" not in shown
    assert "refresh-secret" not in shown
    assert shown.count("***") >= 5
    rows = tables(tmp_path / "state.db")
    assert ["tokens"] == [table for table, text in rows.items() if "access-secret" in text or "refresh-secret" in text]


def tables(path: Any) -> dict[str, str]:
    """Everything in a SQLite file, as text by table."""
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: repr(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names}
    connection.close()
    return found


async def test_a_token_prints_without_itself(server) -> None:
    """Neither repr nor an error shows it."""
    token = await tokens_of(server, open_stores("memory:", clock=SystemClock()), ManualClock()).current()
    assert "secret" not in repr(token)


async def test_the_errors_of_a_token_are_answers(server, clock) -> None:
    """Whoever asks for a token gets a token, `TryAgain` or `AuthenticationFailed`, never an error of the network."""
    stores = open_stores("memory:", clock=clock)
    server.script = [httpx.ReadError("reset"), httpx.Response(401)]
    with pytest.raises(TryAgain, match="no access token could be had"):
        await tokens_of(server, stores, clock).current()
    with pytest.raises(AuthenticationFailed):
        await tokens_of(server, stores, clock).current()
