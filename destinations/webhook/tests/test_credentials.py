"""Credentials go to their origin and nowhere else; OAuth 2.0 is renewed once."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from aiohttp import web
from destination_actions import Delivered, Failed, Rejected
from destination_actions_webhook.settings import Settings

LOOPBACK = {"allowNetworks": ["127.0.0.0/8"]}


def home(receiver) -> str:
    """The receiver's origin."""
    return receiver.url("/").rstrip("/")


def oauth(receiver) -> dict[str, str]:
    """Settings for client credentials at the receiver."""
    return {
        "credentialsOrigin": home(receiver),
        "tokenUrl": receiver.url("/token"),
        "clientId": "client",
        "clientSecret": "client-secret",
        "scope": "hooks",
        "audience": "us",
    }


def a_token(number: int) -> web.Response:
    """What a token server says."""
    return web.json_response({"access_token": f"access-secret-{number}", "expires_in": 3600})


async def test_a_bearer_token_goes_to_its_origin(make, receiver, event) -> None:
    """The header is there, and mapped headers may replace it."""
    settings = {"credentialsOrigin": home(receiver), "bearerToken": "the-bearer-token"}
    await make(settings).send(event("m1"))
    await make(settings, headers={"Authorization": "Mine"}).send(event("m2"))
    assert ["Bearer the-bearer-token", "Mine"] == [one.headers["authorization"] for one in receiver.requests]


async def test_basic_authentication(make, receiver, event) -> None:
    """User name and password in UTF-8."""
    await make({"credentialsOrigin": home(receiver), "username": "jane", "password": "pässword"}).send(event())
    expected = "Basic " + base64.b64encode("jane:pässword".encode()).decode()
    assert expected == receiver.requests[0].headers["authorization"]


@pytest.mark.parametrize("kind", ["bearer", "basic", "oauth"])
async def test_another_origin_gets_no_credentials(make, receiver, event, kind) -> None:
    """The same machine on another port is another origin, whatever address an event asks for."""
    elsewhere = "http://localhost:9"
    settings = {
        "bearer": {"bearerToken": "the-bearer-token"},
        "basic": {"username": "jane", "password": "password"},
        "oauth": oauth(receiver),
    }[kind]
    [outcome] = await make(settings | {"credentialsOrigin": elsewhere}).send(event())
    assert isinstance(outcome, Delivered)
    [request] = receiver.requests
    assert "authorization" not in request.headers


async def test_refused_credentials_stop_the_lane(make, receiver, event) -> None:
    """At the origin that gets ours a 401 is about them: events wait and use no attempts; elsewhere it is a plain no."""
    receiver.answers = {"/hook": web.Response(status=401)}
    settings = {"credentialsOrigin": home(receiver), "bearerToken": "the-bearer-token"}
    [ours] = await make(settings).send(event("m1"))
    [theirs] = await make(settings | {"credentialsOrigin": "http://localhost:9"}).send(event("m2"))
    assert isinstance(ours, Failed)
    assert ("authentication", True, False) == (ours.reason, ours.lane, ours.counts)
    assert isinstance(theirs, Rejected)


@pytest.mark.parametrize("kind", ["bearer", "oauth"])
async def test_a_mapped_authorization_that_is_refused_stops_nobody_else(make, receiver, event, kind) -> None:
    """The 401 is about the event's own header: a plain no, sent once, and the token is neither fetched nor renewed."""
    receiver.answers = {"/hook": web.Response(status=401), "/token": a_token(1)}
    settings = oauth(receiver) if kind == "oauth" else {"credentialsOrigin": home(receiver), "bearerToken": "ours"}
    [outcome] = await make(settings, headers={"authorization": "Bearer theirs"}).send(event())
    assert isinstance(outcome, Rejected)
    assert [("/hook", "Bearer theirs")] == [(one.path, one.headers["authorization"]) for one in receiver.requests]


async def test_oauth_client_credentials(make, receiver, event) -> None:
    """One token request for a storm of events; scope and audience go along."""
    receiver.answers = {"/token": a_token(1)}
    runtime = make(oauth(receiver))
    outcomes = await asyncio.gather(*(runtime.send(event(f"m{n}")) for n in range(20)))
    assert [Delivered] * 20 == [type(outcome) for [outcome] in outcomes]
    tokens = [one for one in receiver.requests if one.path == "/token"]
    assert [b"grant_type=client_credentials&scope=hooks&audience=us"] == [one.body for one in tokens]
    assert {"Bearer access-secret-1"} == {
        one.headers["authorization"] for one in receiver.requests if one.path == "/hook"
    }


async def test_a_401_renews_once_single_and_batch(make, receiver, event) -> None:
    """The refused request goes again with the new token and the same key, signed for the same body."""
    for mode in (False, True):
        receiver.requests.clear()
        receiver.script = [a_token(1), web.Response(status=401), a_token(2), web.Response(status=200)]
        runtime = make(oauth(receiver), enable_batching=mode)
        [[outcome]] = await runtime.send_batch([event(f"m{mode}")])
        assert isinstance(outcome, Delivered)
        first, second = [one for one in receiver.requests if one.path == "/hook"]
        assert ["Bearer access-secret-1", "Bearer access-secret-2"] == [
            one.headers["authorization"] for one in (first, second)
        ]
        assert first.body == second.body
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_the_token_url_is_guarded_too(make, receiver, event) -> None:
    """A token server inside is not connected to unless its network is allowed; the event is kept."""
    [outcome] = await make(oauth(receiver) | {"allowNetworks": []}).send(event())
    assert isinstance(outcome, Failed)
    assert "try_again" == outcome.reason
    assert "not a public one" in outcome.message
    assert [] == receiver.requests


async def test_no_secret_in_an_outcome(make, receiver, event) -> None:
    """Whatever fails, secrets and tokens are in no outcome."""
    receiver.answers = {"/token": a_token(1), "/hook": web.Response(status=401)}
    [outcome] = await make(oauth(receiver) | {"sharedSecret": "a-shared-secret"}).send(event())
    shown = json.dumps(outcome.to_json())
    assert isinstance(outcome, Failed)
    assert not [text for text in ("client-secret", "access-secret", "a-shared-secret") if text in shown]


@pytest.mark.parametrize(("status", "ok"), [(200, True), (404, True), (401, False), (403, False)])
async def test_the_credentials_are_tried_at_their_origin(make, receiver, status, ok) -> None:
    """Anything but 401 and 403 means that they were taken; without credentials there is nothing to try."""
    receiver.answers = {"/": web.Response(status=status)}
    settings = {"credentialsOrigin": home(receiver), "bearerToken": "the-bearer-token"}
    checks = await make(settings).test_authentication()
    assert [[ok]] == [[check.ok for check in found] for found in checks.values()]
    assert [[]] == [list(found) for found in (await make().test_authentication()).values()]


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({}, set()),
        ({"bearerToken": "x"}, {"/credentialsOrigin"}),
        ({"credentialsOrigin": "https://a.test"}, set()),
        ({"credentialsOrigin": "https://a.test:8443/", "bearerToken": "x"}, set()),
        ({"credentialsOrigin": "https://a.test/path", "bearerToken": "x"}, {"/credentialsOrigin"}),
        ({"credentialsOrigin": "https://u:p@a.test", "bearerToken": "x"}, {"/credentialsOrigin"}),
        ({"credentialsOrigin": "http://a.test", "bearerToken": "x"}, {"/credentialsOrigin"}),
        ({"credentialsOrigin": "http://127.0.0.1:80", "bearerToken": "x"}, set()),
        ({"credentialsOrigin": "https://a.test", "username": "u"}, {"/password"}),
        ({"credentialsOrigin": "https://a.test", "username": "u:v", "password": "p"}, {"/username"}),
        ({"credentialsOrigin": "https://a.test", "username": "u", "password": "p", "bearerToken": "x"}, {"/username"}),
        ({"credentialsOrigin": "https://a.test", "tokenUrl": "https://a.test/t"}, {"/clientId", "/clientSecret"}),
        (
            {
                "credentialsOrigin": "https://a.test",
                "tokenUrl": "http://a.test/t",
                "clientId": "c",
                "clientSecret": "s",
            },
            {"/tokenUrl"},
        ),
        ({"allowNetworks": ["10.0.0.0/8", "fd00::/8"]}, set()),
        ({"allowNetworks": ["10.0.0.1/8"]}, {"/allowNetworks"}),
        ({"allowNetworks": ["everything"]}, {"/allowNetworks"}),
    ],
)
def test_settings_that_cannot_be_meant(settings, fields) -> None:
    """Half of a pair, two kinds of credentials, credentials over clear text: found when the runtime is built."""
    assert fields == {error.pointer for error in Settings.check(settings).errors}
