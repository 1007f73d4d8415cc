"""Whatever is sent, there is an answer with a reason; what is wrong is not kept, and the rest is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bytes_cases import cases, content_of
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_server import KEY, Server, basic

CASES = cases(Path(__file__).with_name("bad_input.jsonl"))
ENDPOINTS = ("track", "identify", "page", "screen", "group", "alias", "batch", "import")


def kept(case: dict[str, Any]) -> int | None:
    """How many events of a case are kept; None where the case does not say."""
    if case["code"] == "":
        return None if case.get("endpoint") in {"batch", "import"} else 1
    return 2 if case["code"] == "partly" else 0


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_case(server: Server, case: dict[str, Any]) -> None:
    """Status, code and refused items are as the data file says, and what was refused is not kept."""
    method = case.get("method", "POST")
    headers = {"Content_Encoding": case["encoding"]} if "encoding" in case else {}
    answer = server.call(
        case.get("path", f"/v1/{case.get('endpoint', 'track')}"),
        content_of(case) if method == "POST" else b"",
        method=method,
        authorization=case.get("authorization", basic()),
        **headers,
    )
    assert case["status"] == answer.status, answer.content
    if method == "HEAD":
        return
    assert case["code"] == answer.code, answer.content
    assert case.get("refused", []) == [[one["index"], one["code"]] for one in answer.json.get("refused", [])]
    assert case.get("says", "") in answer.content.decode()
    assert KEY not in answer.content.decode()
    assert kept(case) in {None, len(server.desk.accepted)}


def test_there_are_enough() -> None:
    """At least 300 named cases are wrong in some way."""
    assert 300 <= sum(case["code"] != "" for case in CASES)
    assert len(CASES) == len({case["name"] for case in CASES})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
MEMBERS = ["type", "event", "userId", "anonymousId", "groupId", "previousId", "messageId", "timestamp", "sentAt"]
MEMBERS += ["properties", "traits", "context", "integrations", "name", "originalTimestamp", "writeKey", "batch"]
NEARLY = st.dictionaries(
    st.sampled_from(MEMBERS),
    JSON
    | st.sampled_from(["track", "identify", "u", "e", "2026-03-02T09:30:00Z", 1e308, -(10**20), "0001-01-01T00:00:00Z"])
    | st.lists(st.dictionaries(st.sampled_from(MEMBERS), JSON | st.just("track"), max_size=6), max_size=4),
    max_size=9,
)


def well_answered(server: Server, endpoint: str, content: bytes, **headers: str) -> None:
    """Assert that the answer is one of those that are documented, and that what was kept is an event."""
    server.desk.accepted.clear()
    answer = server.call(f"/v1/{endpoint}", content, **headers)
    assert answer.status in {200, 400, 401, 413, 415}, answer.content
    assert (answer.status == 200) is answer.json["success"]
    for _, event in server.desk.accepted:
        assert event["messageId"]
        assert event["timestamp"]
        json.dumps(event, allow_nan=False).encode()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(ENDPOINTS),
    st.binary(max_size=60) | st.text('{}[]":,\\ute0123eE.-+ \n', max_size=60).map(str.encode),
)
def test_any_bytes(listening: Server, endpoint: str, content: bytes) -> None:
    """No bytes crash the server."""
    well_answered(listening, endpoint, content)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ENDPOINTS), NEARLY | st.lists(NEARLY, max_size=4).map(lambda items: {"batch": items}))
def test_anything_like_an_event(listening: Server, endpoint: str, body: Any) -> None:
    """No value of any member crashes the server; what passes is an event with an id and a time."""
    well_answered(listening, endpoint, json.dumps(body).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80))
def test_any_gzip(listening: Server, content: bytes) -> None:
    """No bytes that say they are gzip crash the server."""
    well_answered(listening, "track", b"\x1f\x8b\x08\x00" + content, Content_Encoding="gzip")
