"""What becomes of a call: ids, times, and what a batch gives to its events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from destination_actions.ingest.skew import corrected, moment
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_server import KEY, Server, basic

NOW = "2026-03-02T09:30:00.000Z"
"""The time of the desk's clock."""


def sent(server: Server, endpoint: str, body: Any, **options: Any) -> list[dict[str, Any]]:
    """Send one body that is accepted; gives the events that were kept."""
    server.desk.accepted.clear()
    answer = server.call(f"/v1/{endpoint}", json.dumps(body).encode(), **options)
    assert (200, {"success": True}) == (answer.status, answer.json)
    return [dict(event) for _, event in server.desk.accepted]


@pytest.mark.parametrize(
    ("endpoint", "more"),
    [
        ("track", {"event": "Ordered"}),
        ("identify", {"traits": {"plan": "a"}}),
        ("page", {"name": "Home"}),
        ("screen", {"name": "Home"}),
        ("group", {"groupId": 7}),
        ("alias", {"previousId": "v"}),
    ],
)
def test_each_endpoint_names_the_type(server: Server, endpoint: str, more: dict[str, Any]) -> None:
    """A call to an endpoint is an event of its type, whatever the body says; ids are text; the rest stays."""
    (event,) = sent(server, endpoint, {"userId": 5, "messageId": "m", "type": "x", "writeKey": KEY, **more})
    expected = {"type": endpoint, "userId": "5", "messageId": "m", "receivedAt": NOW, "timestamp": NOW, **more}
    if "groupId" in expected:
        expected["groupId"] = "7"
    assert expected == event


def test_a_batch_gives_its_events_what_they_lack(server: Server) -> None:
    """Context and integrations are merged member by member, the event's own first; sentAt counts for all."""
    body = {
        "batch": [
            {"type": "track", "event": "a", "userId": "u", "timestamp": "2026-03-02T08:00:00Z", "context": {"ip": "1"}},
            {"type": "page", "anonymousId": "v", "sentAt": "2026-03-02T09:00:00Z", "timestamp": "2026-03-02T09:00:00Z"},
        ],
        "context": {"ip": "0", "locale": "en"},
        "integrations": {"All": False},
        "sentAt": "2026-03-02T08:00:10Z",
    }
    first, second = sent(server, "batch", body)
    assert ({"ip": "1", "locale": "en"}, {"All": False}) == (first["context"], first["integrations"])
    assert {"ip": "0", "locale": "en"} == second["context"]
    assert ("2026-03-02T09:29:50.000Z", "2026-03-02T08:00:00Z") == (first["timestamp"], first["originalTimestamp"])
    assert ("2026-03-02T08:00:10Z", NOW) == (first["sentAt"], second["timestamp"])


def test_import_is_a_batch(server: Server) -> None:
    """Both endpoints do the same."""
    body = {"batch": [{"type": "track", "event": "a", "userId": "u"}]}
    assert sent(server, "batch", body) == sent(server, "import", body)


def test_an_id_from_the_content(server: Server) -> None:
    """Without a messageId, the same content sent again, whenever and in whatever order of keys, has the same id."""
    event = {"event": "a", "userId": "u", "timestamp": "2026-03-02T09:00:00Z"}
    (first,) = sent(server, "track", {**event, "sentAt": "2026-03-02T09:00:01Z"})
    server.desk.clock.advance(60)
    (again,) = sent(
        server, "track", {"sentAt": "2026-03-02T09:01:01Z", **dict(reversed(event.items())), "writeKey": KEY}
    )
    (batched,) = sent(server, "batch", {"batch": [{"type": "track", **event}], "sentAt": "2026-03-02T09:01:01Z"})
    (other,) = sent(server, "track", {**event, "userId": "v"})
    (elsewhere,) = sent(server, "track", event, authorization=basic("app-key-0123456789"))
    assert {first["messageId"]} == {again["messageId"], batched["messageId"]}
    assert 3 == len({first["messageId"], other["messageId"], elsewhere["messageId"]})
    assert first["messageId"].startswith("serve-")
    server.desk.clock.jump(-60)


def test_the_key_of_an_item_is_taken_out(server: Server) -> None:
    """Browser libraries put the write key into every event; it is kept nowhere."""
    body = {"writeKey": KEY, "batch": [{"type": "track", "event": "a", "userId": "u", "writeKey": KEY}]}
    assert KEY not in json.dumps(sent(server, "batch", body))


def test_sources_are_told_apart(server: Server) -> None:
    """Each key accepts for its own source."""
    event = json.dumps({"event": "a", "userId": "u"}).encode()
    server.call("/v1/track", event)
    server.call("/v1/track", event, authorization=basic("app-key-0123456789"))
    assert ["web", "app"] == [source for source, _ in server.desk.accepted]


MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is drawn
    datetime(2050, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]),
)


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)), st.timedeltas(timedelta(-400), timedelta(400)))
def test_a_wrong_clock_does_not_matter(happened: datetime, waited: timedelta, wrong: timedelta) -> None:
    """However wrong the caller's clock, `timestamp` is when it happened, up to the time on the wire."""
    original, left = (happened + wrong).isoformat(), (happened + waited + wrong).isoformat()
    found = moment(corrected(original, left, (happened + waited).timestamp()))
    assert found is not None
    assert abs(found - happened) < timedelta(milliseconds=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T09:30:00.123Z", "2026-03-02T09:30:00.123000+00:00"),
        ("2026-03-02T09:30:00.123456789Z", "2026-03-02T09:30:00.123456+00:00"),
        ("2026-03-02 09:30:00", "2026-03-02T09:30:00+00:00"),
        ("2026-03-02T09:30:00+05:30", "2026-03-02T09:30:00+05:30"),
        ("2026-03-02", "2026-03-02T00:00:00+00:00"),
        (" 2026-03-02T09:30Z\n", "2026-03-02T09:30:00+00:00"),
    ],
)
def test_times_as_libraries_write_them(text: str, expected: str) -> None:
    """ISO 8601 in its usual forms."""
    found = moment(text)
    assert found is not None
    assert expected == found.isoformat()


@pytest.mark.parametrize("text", ["", "yesterday", "0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "9" * 70, 5, None])
def test_no_times(text: Any) -> None:
    """Everything else corrects nothing."""
    assert moment(text) is None


def test_a_correction_beyond_the_calendar() -> None:
    """It is left out."""
    assert corrected("0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", 1_700_000_000.0) is None
