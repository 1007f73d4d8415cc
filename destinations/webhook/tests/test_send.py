"""Single events and batches to a real server: what arrives, and what its answers become."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from destination_actions import Delivered, Failed, Invalid, Rejected, Unknown

BATCH = {"enable_batching": True}
TO_PATH = {"url": {"@template": "{{properties.url}}"}}


async def test_the_whole_event_arrives_as_json(make, receiver, event) -> None:
    """Without a mapping for it, the body is the event itself."""
    [outcome] = await make().send(event(total="5 €"))
    assert isinstance(outcome, Delivered)
    assert {"status": 200} == outcome.data
    [request] = receiver.requests
    assert ("POST", "/hook", event(total="5 €")) == (request.method, request.path, request.json)
    assert "application/json" == request.headers["content-type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET", "DELETE"])
async def test_every_method(make, receiver, event, method) -> None:
    """GET and DELETE have no body, the others do."""
    await make(method=method).send(event())
    [request] = receiver.requests
    assert method == request.method
    assert (method in {"GET", "DELETE"}) == (request.body == b"")
    assert (method in {"GET", "DELETE"}) == ("content-type" not in request.headers)


@pytest.mark.parametrize(
    ("encoding", "data", "body", "kind"),
    [
        ("json", "a text", b'"a text"', "application/json"),
        ("json", [1, None, {"a": "ü"}], '[1,null,{"a":"ü"}]'.encode(), "application/json"),
        ("text", "line 1\nü", "line 1\nü".encode(), "text/plain; charset=utf-8"),
        (
            "form",
            {"a": "1 & ü", "b": [1, True, None], "c": 2.5},
            b"a=1+%26+%C3%BC&b=1&b=true&b=&c=2.5",
            "application/x-www-form-urlencoded",
        ),
    ],
)
async def test_encodings(make, receiver, event, encoding, data, body, kind) -> None:
    """JSON of any value, a form with repeated keys for lists, a text as it is."""
    [outcome] = await make(encoding=encoding, data=data).send(event())
    assert isinstance(outcome, Delivered), outcome
    [request] = receiver.requests
    assert (body, kind) == (request.body, request.headers["content-type"])
    if encoding == "form":
        assert ("b", "true") in parse_qsl(request.body.decode(), keep_blank_values=True)


async def test_mapped_headers(make, receiver, event) -> None:
    """Values become texts, null leaves a header out, and mapped ones win over Content-Type and Idempotency-Key."""
    headers = {
        "X-Total": 5,
        "X-Flag": True,
        "X-None": None,
        "content-type": "application/vnd.x+json",
        "Idempotency-Key": "mine",
    }
    await make(headers=headers).send(event())
    got = receiver.requests[0].headers
    assert ("5", "true", "application/vnd.x+json", "mine") == (
        got["x-total"],
        got["x-flag"],
        got["content-type"],
        got["idempotency-key"],
    )
    assert "x-none" not in got


async def test_a_retry_carries_the_same_key(make, receiver, event, clock) -> None:
    """A receiver that remembers Idempotency-Key sees each event once; other events have other keys."""
    receiver.script = [web.Response(status=500)]
    runtime = make()
    [unsure] = await runtime.send(event("m1"))
    clock.advance(unsure.after + 1)
    [done] = await runtime.send(event("m1"))
    await runtime.send(event("m2"))
    keys = [request.headers["idempotency-key"] for request in receiver.requests]
    assert isinstance(done, Delivered)
    assert keys[0] == keys[1] != keys[2]


# --- batches ----------------------------------------------------------------------------------------------------------


async def test_a_batch_is_one_request_with_a_list(make, receiver, event) -> None:
    """The list has the bodies in order, and X-Delivery-Keys the key of each; every event has its own outcome."""
    outcomes = await make(**BATCH).send_batch([event(f"m{n}") for n in range(3)])
    assert [Delivered] * 3 == [type(outcome) for [outcome] in outcomes]
    [request] = receiver.requests
    assert ["m0", "m1", "m2"] == [item["messageId"] for item in request.json]
    keys = request.headers["x-delivery-keys"]
    assert 3 == len(set(keys.split(",")))
    assert hashlib.sha256(keys.encode()).hexdigest() == request.headers["idempotency-key"]


async def test_a_batch_of_one_is_a_list_too(make, receiver, event) -> None:
    """A receiver of batches never has to tell a list from an object; the key is the event's own then."""
    runtime = make(**BATCH)
    await runtime.send(event("m1"))
    await runtime.send_batch([event("m2")])
    assert [["m1"], ["m2"]] == [[item["messageId"] for item in request.json] for request in receiver.requests]
    for request in receiver.requests:
        assert request.headers["idempotency-key"] == request.headers["x-delivery-keys"]


async def test_without_batching_every_event_is_its_own_request(make, receiver, event) -> None:
    """Events that are sent together arrive as they would alone."""
    await make().send_batch([event(f"m{n}") for n in range(3)])
    assert {"m0", "m1", "m2"} == {request.json["messageId"] for request in receiver.requests}
    assert 3 == len(receiver.requests)


async def test_a_large_batch_is_divided(make, receiver, event) -> None:
    """A request has at most 100 events."""
    outcomes = await make(**BATCH).send_batch([event(f"m{n}") for n in range(205)])
    assert 205 == sum(isinstance(outcome, Delivered) for [outcome] in outcomes)
    assert [5, 100, 100] == sorted(len(request.json) for request in receiver.requests)


async def test_each_address_method_and_header_has_its_own_request(make, receiver, event) -> None:
    """Only what is equal travels together."""
    runtime = make(
        **BATCH,
        url={"@path": "$.properties.url"},
        method={"@path": "$.properties.method"},
        headers={"X-Tenant": {"@path": "$.properties.tenant"}},
    )
    rows = [("/a", "POST", 1), ("/b", "POST", 1), ("/a", "PUT", 1), ("/a", "POST", 2), ("/a", "POST", 1)]
    events = [
        event(f"m{n}", url=receiver.url(path), method=method, tenant=tenant)
        for n, (path, method, tenant) in enumerate(rows)
    ]
    outcomes = await runtime.send_batch(events)
    assert [Delivered] * 5 == [type(outcome) for [outcome] in outcomes]
    groups = {
        (request.path, request.method, request.headers["x-tenant"]): [item["messageId"] for item in request.json]
        for request in receiver.requests
    }
    assert {
        ("/a", "POST", "1"): ["m0", "m4"],
        ("/b", "POST", "1"): ["m1"],
        ("/a", "PUT", "1"): ["m2"],
        ("/a", "POST", "2"): ["m3"],
    } == groups


async def test_what_becomes_of_one_request_says_nothing_about_the_others(make, receiver, event) -> None:
    """Delivered, refused, unknown, invalid and forbidden in one batch: each event has its own outcome."""
    receiver.answers = {
        "/no": web.Response(status=404),
        "/unsure": web.Response(status=502),
        "/later": web.Response(status=429, headers={"Retry-After": "9"}),
    }
    urls = [receiver.url(path) for path in ("/yes", "/no", "/unsure", "/later")]
    urls += ["https://user:pw@127.0.0.1/", "not a url", "http://169.254.169.254/latest", receiver.url("/yes")]
    runtime = make(**BATCH, url={"@path": "$.properties.url"})
    outcomes = await runtime.send_batch([event(f"m{n}", url=url) for n, url in enumerate(urls)])
    kinds = [type(outcome) for [outcome] in outcomes]
    assert [Delivered, Rejected, Failed, Failed, Invalid, Invalid, Rejected, Delivered] == kinds
    assert ["unconfirmed", "try_again"] == [outcomes[2][0].reason, outcomes[3][0].reason]
    assert [["m0", "m7"]] == [
        [item["messageId"] for item in request.json] for request in receiver.requests if request.path == "/yes"
    ]


async def test_a_body_that_cannot_be_written_sinks_nobody_else(make, receiver, event) -> None:
    """Half of a surrogate pair, or a number that JSON does not know, is the problem of its own event."""
    bad = [event("m1", text="\ud800"), event("m2", number=float("nan"))]
    outcomes = await make(**BATCH).send_batch([event("m0"), *bad, event("m3")])
    assert [True, False, False, True] == [isinstance(outcome, Delivered) for [outcome] in outcomes]
    assert all(isinstance(outcome, Invalid | Rejected) for [outcome] in outcomes[1:3])
    assert ["m0", "m3"] == [item["messageId"] for request in receiver.requests for item in request.json]


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "kind", "expected"),
    [
        (201, {}, Delivered, (None, None)),
        (204, {}, Delivered, (None, None)),
        (400, {}, Rejected, ("refused", None)),
        (401, {}, Rejected, ("refused", None)),
        (403, {}, Rejected, ("refused", None)),
        (404, {}, Rejected, ("refused", None)),
        (410, {}, Rejected, ("refused", None)),
        (409, {}, Failed, ("try_again", 5.0)),
        (425, {}, Failed, ("try_again", 5.0)),
        (429, {}, Failed, ("try_again", 5.0)),
        (429, {"Retry-After": "77"}, Failed, ("try_again", 77.0)),
        (503, {"Retry-After": "78"}, Failed, ("try_again", 78.0)),
        (503, {}, Failed, ("unconfirmed", 15.0)),
        (500, {}, Failed, ("unconfirmed", 15.0)),
        (500, {"Retry-After": "79"}, Failed, ("unconfirmed", 79.0)),
        (408, {}, Failed, ("unconfirmed", 15.0)),
    ],
)
async def test_what_an_answer_becomes(make, receiver, event, status, headers, kind, expected) -> None:
    """As the README's table says, single and in a batch."""
    receiver.answers = {"/hook": web.Response(status=status, headers=headers)}
    [single] = await make().send(event("m1"))
    [[batched], _] = await make(**BATCH).send_batch([event("m2"), event("m3")])
    for outcome in (single, batched):
        assert kind is type(outcome)
        assert expected == tuple(getattr(outcome, name, None) for name in ("reason", "after"))
        assert not getattr(outcome, "lane", False)


async def test_a_lost_answer_is_sent_again(make, receiver, event, clock) -> None:
    """Nobody knows whether it was done; the key tells the receiver."""
    receiver.script = ["reset"]
    runtime = make()
    [unsure] = await runtime.send(event())
    clock.advance(60)
    [done] = await runtime.send(event())
    assert ("unconfirmed", "delivered") == (unsure.reason, done.outcome)


async def test_the_policy_suppress_sends_nothing_twice(make, receiver, event, clock) -> None:
    """For receivers that keep no keys; a 503 that says when to come back is a clear no and goes again."""
    receiver.script = [web.Response(status=500), web.Response(status=503, headers={"Retry-After": "1"})]
    runtime = make(options={"on_unknown": "suppress"})
    [unknown] = await runtime.send(event("m1"))
    [later] = await runtime.send(event("m2"))
    clock.advance(60)
    [still] = await runtime.send(event("m1"))
    [done] = await runtime.send(event("m2"))
    assert [Unknown, Failed, Unknown, Delivered] == [type(one) for one in (unknown, later, still, done)]
    assert 3 == len(receiver.requests)


# --- what is refused before it is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"url": "https://user:password@example.com/"}, "/url"),
        ({"url": "ftp://example.com/"}, "/url"),
        ({"url": "file:///etc/passwd"}, "/url"),
        ({"url": "https://example.com/#part"}, "/url"),
        ({"url": "https://example.com/a/../b"}, "/url"),
        ({"url": "https://2130706433/"}, "/url"),
        ({"url": "/relative"}, "/url"),
        ({"method": "TRACE"}, "/method"),
        ({"headers": {"X-Deep": {"a": 1}}}, "/headers"),
        ({"headers": {"x-signature-256": "forged"}}, "/headers"),
        ({"headers": {"X-Delivery-Keys": "forged"}}, "/headers"),
        ({"encoding": "form", "data": {"deep": {"a": 1}}}, "/data"),
        ({"encoding": "form", "data": "text"}, "/data"),
        ({"encoding": "text", "data": {"a": 1}}, "/data"),
        ({"enable_batching": True, "encoding": "form", "data": {}}, "/enable_batching"),
        ({"enable_batching": True, "method": "GET"}, "/enable_batching"),
    ],
)
async def test_a_request_that_cannot_be_meant_is_invalid(make, receiver, event, mapping, pointer) -> None:
    """The outcome points to the field, quotes no password, and nothing is sent."""
    [outcome] = await make(**mapping).send(event())
    assert isinstance(outcome, Invalid), outcome
    assert [pointer] == [problem.pointer for problem in outcome.problems]
    assert "password@" not in json.dumps(outcome.to_json())
    assert [] == receiver.requests


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Evil": "a\r\nX-Injected: yes"},
        {"X-Evil: a\r\nX-Injected": "yes"},
        {"Host": "other.test"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
    ],
)
async def test_a_header_cannot_break_out(make, receiver, event, headers) -> None:
    """A value with a line break, and every header that frames the message, is refused; nothing is sent."""
    [outcome] = await make(headers=headers).send(event())
    assert isinstance(outcome, Rejected)
    assert "unsafe_request" == outcome.reason
    assert [] == receiver.requests


async def test_a_mapping_exported_from_segment_loads(make, receiver, event) -> None:
    """Keys that Segment's platform adds are no unknown fields; `enable_batching` means the same."""
    runtime = make(enable_batching=True, batch_size=50, batch_keys=["url", "method", "headers"], data={"@path": "$."})
    await runtime.send(event())
    assert [event()] == receiver.requests[0].json
