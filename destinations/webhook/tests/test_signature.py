"""The receiver verifies what it was sent, byte for byte."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from aiohttp import web
from destination_actions_webhook.settings import Settings
from destination_actions_webhook.signature import signatures

SECRET = "a-shared-secret"


def verified(headers: dict[str, str], body: bytes, now: float, secret: str = SECRET) -> bool:
    """What the README tells receivers to do."""
    parts = dict(part.split("=", 1) for part in headers["x-signature-256"].split(","))
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return abs(now - int(parts["t"])) <= 300 and hmac.compare_digest(expected, parts["v1"])


@pytest.mark.parametrize("mapping", [{}, {"enable_batching": True}, {"encoding": "text", "data": "ü\n"}])
async def test_the_signature_covers_the_whole_body(make, receiver, event, clock, mapping) -> None:
    """Single and batch: the receiver's own digest over what came agrees, and does not when one byte differs."""
    runtime = make({"sharedSecret": SECRET}, **mapping)
    await runtime.send_batch([event(f"m{n}", name="ü") for n in range(3)])
    for request in receiver.requests:
        assert verified(request.headers, request.body, clock.now())
        assert not verified(request.headers, request.body[:-1] + b" ", clock.now())
        assert not verified(request.headers, request.body, clock.now(), "another secret")
        assert not verified(request.headers, request.body, clock.now() + 301)
        assert "x-signature" not in request.headers


async def test_the_last_item_of_a_batch_is_signed_too(make, receiver, event, clock) -> None:
    """Exchanging any item of the list breaks the signature."""
    runtime = make({"sharedSecret": SECRET, "signature": "both"}, enable_batching=True)
    await runtime.send_batch([event("m1"), event("m2")])
    [request] = receiver.requests
    forged = request.body.replace(b'"m2"', b'"m3"')
    assert forged != request.body
    assert verified(request.headers, request.body, clock.now())
    assert not verified(request.headers, forged, clock.now())
    assert hmac.new(SECRET.encode(), request.body, hashlib.sha1).hexdigest() == request.headers["x-signature"]


async def test_a_retry_is_signed_anew(make, receiver, event, clock) -> None:
    """The timestamp is of the request, so that a receiver may refuse old ones."""
    receiver.script = [web.Response(status=500)]
    runtime = make({"sharedSecret": SECRET})
    await runtime.send(event())
    clock.advance(1000)
    await runtime.send(event())
    assert verified(receiver.requests[1].headers, receiver.requests[1].body, clock.now())
    assert not verified(receiver.requests[0].headers, receiver.requests[0].body, clock.now())


async def test_a_request_without_body_is_signed(make, receiver, event, clock) -> None:
    """The signature of a GET is that of an empty body."""
    await make({"sharedSecret": SECRET}, method="GET").send(event())
    assert verified(receiver.requests[0].headers, b"", clock.now())


async def test_without_a_secret_nothing_is_signed(make, receiver, event) -> None:
    """No header claims what nobody can check."""
    await make().send(event())
    assert not [name for name in receiver.requests[0].headers if "signature" in name]


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("both", {"X-Signature", "X-Signature-256"}),
        ("sha1", {"X-Signature"}),
        ("sha256", {"X-Signature-256"}),
    ],
)
def test_which_headers(kind, headers) -> None:
    """The setting chooses; both are possible while receivers move from one to the other."""
    settings = Settings.check({"sharedSecret": "key", "signature": kind}).value
    assert settings is not None
    assert headers == set(signatures(settings, b"body", 1_700_000_000.9))


def test_a_known_signature() -> None:
    """Receivers can test themselves with this one: secret `key`, body `{"a":1}`, at 1700000000."""
    settings = Settings.check({"sharedSecret": "key", "signature": "both"}).value
    assert settings is not None
    assert {
        "X-Signature-256": "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03",
        "X-Signature": "b5557a4b8f3cc308d19eb4f69f336392a31eef7b",
    } == signatures(settings, b'{"a":1}', 1_700_000_000.9)
