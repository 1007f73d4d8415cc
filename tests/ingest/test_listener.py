"""The HTTP server within its limits: slow, broken and too many callers; what it says about itself."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from destination_actions.ingest.bodies import Room
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.openapi import document
from destination_actions.runtime.strict import Refused
from ingest_server import KEY, Server, basic
from jsonschema import Draft202012Validator

EVENT = json.dumps({"event": "Ordered", "userId": "u"}).encode()
HEAD = f"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n".encode()


def connected(server: Server) -> socket.socket:
    """A bare connection."""
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=30)


def exchanged(server: Server, *parts: bytes) -> bytes:
    """Send bytes and read until the other side closes."""
    with connected(server) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while data := connection.recv(65536):
            received += data
        return received


def test_gzip(server: Server) -> None:
    """A compressed body is an event like any other."""
    answer = server.call("/v1/track", gzip.compress(EVENT), Content_Encoding="gzip")
    assert (200, 1) == (answer.status, len(server.desk.accepted))


def test_chunks(server: Server) -> None:
    """A body without a length is read up to the limit."""
    head = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(EVENT), EVENT)
    assert exchanged(server, head, chunk, b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    large = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    answer = exchanged(server, head, *[large] * 16, b"0\r\n\r\n")
    assert b'"code":"too_large"' in answer or b'"code":"not_json"' in answer
    assert b'"code":"bad_http"' in exchanged(server, head, b"zz\r\n")


def test_a_slow_body(server: Server) -> None:
    """A body that does not arrive in time is answered with 408, and the connection closed."""
    answer = exchanged(server, HEAD + b"Content-Length: 50\r\n\r\n", b'{"event"')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"timeout"' in answer
    assert b"connection: close" in answer.lower()


def test_slow_headers(server: Server) -> None:
    """A connection on which no request begins in time is closed."""
    assert b"" == exchanged(server, b"POST /v1/track HTTP/1.1\r\nHost:")


def test_half_closed(server: Server) -> None:
    """A caller that ends its side in the middle of a body leaves nothing behind."""
    with connected(server) as connection:
        connection.sendall(HEAD + b"Content-Length: 50\r\n\r\n" + b'{"event"')
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    assert [] == server.desk.accepted


def test_expect(server: Server) -> None:
    """A caller that asks first is told to go on, or refused before it sends anything."""
    with connected(server) as connection:
        length = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(EVENT)
        connection.sendall(HEAD + length)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(EVENT)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    with connected(server) as connection:
        connection.sendall(HEAD.replace(b"Basic", b"Bearer") + length)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "text",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        HEAD + b"X: x\r\n" * 10_000 + b"\r\n",
        b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_no_http(server: Server, text: bytes) -> None:
    """What is no HTTP is answered with 400 or not at all, and the next caller is served."""
    try:
        answer = exchanged(server, text)
    except ConnectionError:
        answer = b""
    assert not answer or b'{"success":false,"code":"' in answer
    assert b"aiohttp" not in answer
    assert 200 == server.call("/v1/track", EVENT).status


def test_a_large_body_is_not_read_to_its_end(server: Server) -> None:
    """A length over the limit is refused at once."""
    answer = exchanged(server, HEAD + b"Content-Length: 100000000\r\n\r\n" + b"x" * 1000)
    assert b'"code":"too_large"' in answer


def test_room_for_bodies() -> None:
    """Bodies share a limited room; callers without a key get a quarter of it, and what is given back is free again."""
    room = Room(400)
    room.take(100, known=False)
    room.take(400, known=True)
    for known in (False, True):
        with pytest.raises(Refused, match="too many bodies"):
            room.take(1, known)
        room.take(-51, known)
        room.take(50, known)


def test_the_store_is_out_of_order(server: Server) -> None:
    """What cannot be kept is not accepted: 503, and when to come again."""
    server.desk.broken = True
    answer = server.call("/v1/track", EVENT)
    assert (503, "unavailable", "5") == (answer.status, answer.code, answer.headers["Retry-After"])


def test_stopping(server: Server) -> None:
    """A server that is being stopped sends callers away for a while, and ends their connections."""
    server.desk.stopping = True
    answer = server.call("/v1/track", EVENT)
    assert (503, "stopping", "5") == (answer.status, answer.code, answer.headers["Retry-After"])
    assert "close" == answer.headers["Connection"]


def test_pages(server: Server) -> None:
    """Health, readiness and the description need no key."""
    for path, expected in [("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"})]:
        answer = server.call(path, method="GET", authorization=None)
        assert (200, expected) == (answer.status, answer.json)
    described = server.call("/openapi.json", method="GET", authorization=None).json
    assert json.loads(json.dumps(document(Limits(body_seconds=0.5, idle_seconds=0.5, linger_seconds=0.2)))) == described


def test_nobody_learns_what_runs_here(server: Server) -> None:
    """The server's name has no versions."""
    assert "destination-actions" == server.call("/healthz", method="GET").headers["Server"]


# --- the description ---


DOCUMENT = json.loads(json.dumps(document(Limits())))


def resolved(pointer: str) -> Any:
    """What a reference leads to."""
    found = DOCUMENT
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> list[str]:
    """Every reference."""
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [one for item in value.values() for one in references(item)]
    return [one for item in value for one in references(item)] if isinstance(value, list) else []


def checker(name: str) -> Draft202012Validator:
    """A validator of one of the document's schemas."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


def test_the_description_is_whole() -> None:
    """Every reference leads somewhere, every schema is one, and every operation has its answers."""
    assert all(isinstance(resolved(one), dict) for one in references(DOCUMENT))
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    operations = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert 10 == len(operations)
    assert all({"summary", "responses"} <= operation.keys() for operation in operations)
    named = [operation["operationId"] for operation in operations if "operationId" in operation]
    assert len(named) == len(set(named)) == 8


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("Track", {"event": "e", "userId": "u"}),
        ("Identify", {"anonymousId": "a", "traits": {}}),
        ("Group", {"groupId": "g", "userId": 5}),
        ("Batch", {"batch": [{"type": "track", "event": "e", "userId": "u"}], "sentAt": "2026-03-02T09:30:00Z"}),
        ("Kept", {"success": True, "refused": [{"index": 0, "code": "bad_id", "message": "x"}]}),
        ("Refused", {"success": False, "code": "no_person", "message": "x"}),
    ],
)
def test_the_description_allows(schema: str, body: Any) -> None:
    """What is accepted and answered is as described."""
    checker(schema).validate(body)


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("Track", {"userId": "u"}),
        ("Track", {"event": "e"}),
        ("Batch", {"batch": [{"userId": "u"}]}),
        ("Batch", {}),
        ("Refused", {"success": True, "code": "x", "message": "x"}),
    ],
)
def test_the_description_refuses(schema: str, body: Any) -> None:
    """What is refused is not as described."""
    assert not checker(schema).is_valid(body)


def test_answers_are_as_described(server: Server) -> None:
    """Real answers keep to the schemas."""
    checker("Kept").validate(server.call("/v1/track", EVENT).json)
    checker("Refused").validate(server.call("/v1/track", b"{}").json)
    checker("Refused").validate(server.call("/v1/track", EVENT, authorization=None).json)
    checker("Refused").validate(server.call("/v1/batch", b'{"batch":[5]}').json)
    assert KEY not in json.dumps(DOCUMENT)
