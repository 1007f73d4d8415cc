"""Numbers, moments and error bodies: what is taken as what."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from destination_actions import Secret
from destination_actions.http.urls import canonical
from destination_actions_twilio_studio.instants import age_of, in_order_of_time, iso_seconds, nanoseconds
from destination_actions_twilio_studio.phones import channel_of, is_e164, masked
from destination_actions_twilio_studio.problems import Problem, problem_of
from destination_actions_twilio_studio.profile import external_ids_url
from destination_actions_twilio_studio.settings import Settings
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["+15551234567", "+4915112345678", "+12", "+123456789012345"])
def test_numbers(text) -> None:
    """A plus sign and two to fifteen digits."""
    assert is_e164(text)


@pytest.mark.parametrize(
    "text",
    ["15551234567", "+15551234567\n", "+1 555 123 4567", "+05551234567", "+1", "", "+1234567890123456", "+١٥٥٥١٢٣٤٥٦٧"],
)
def test_no_numbers(text) -> None:
    """Nothing is stripped, nothing is guessed, and other scripts' digits are none."""
    assert not is_e164(text)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(alphabet="ab :,.\n"))
def test_masked_text_holds_no_number(before, number, after) -> None:
    """Of a number within any text only the first digit and the last four are left."""
    shown = masked(f"{before} {number} {after}")
    assert number not in shown
    assert re.search(rf"\+{number[1]}\*+{number[-4:]}", shown)
    assert shown == f"{masked(before)} {masked(number)} {masked(after)}"


@pytest.mark.parametrize(
    ("address", "channel"), [("whatsapp:+1555", "whatsapp:"), ("+1555", ""), ("MG" + "0" * 32, "")]
)
def test_channels(address, channel) -> None:
    """A channel is what stands before the colon."""
    assert channel == channel_of(address)


SETTINGS = Settings(account_sid="AC" + "0" * 32, space_id="spa/../1", profile_api_access_token=Secret("token"))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_id_stays_in_its_place(value) -> None:
    """The address of a profile is one path of fixed segments, whatever the id holds."""
    address = urlsplit(canonical(external_ids_url(SETTINGS, "user_id", value)))
    assert ("profiles.segment.com", "", "") == (address.netloc, address.query, address.fragment)
    segments = [unquote(part) for part in address.path.split("/")]
    assert ["", "v1", "spaces", "spa/../1", "collections", "users", "profiles"] == segments[:7]
    assert [f"user_id:{value.lower()}", "external_ids"] == segments[7:]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2023-01-05T15:01:00.367000001Z", "2023-01-05T15:01:00.367999999Z"),
        ("2023-01-05T15:01:00+05:00", "2023-01-05T12:00:00Z"),
        ("2023-01-05T15:01:00", "2023-01-05T15:01:00.1Z"),
        ("2023-01-05T15:01:00.5+05:00", "2023-01-05T10:01:00.51Z"),
        ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
    ],
)
def test_moments_are_ordered(earlier, later) -> None:
    """Decimals beyond microseconds and offsets count; without an offset it is UTC."""
    assert nanoseconds(earlier) < nanoseconds(later)


MOMENTS = [
    f"2024-0{month}-{day}T0{month}:00:00.00000000{day[1]}Z" for month in "128" for day in ("01", "28", "29", "30")
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*MOMENTS, "2024-01-01T05:00:00Z", "2024-13-01T00:00:00.000000000Z", "", None, 5])))
def test_the_order_of_time(values) -> None:
    """Whether texts or numbers are compared, moments are in their order, and what is none comes first."""
    keys = in_order_of_time(values)
    by_time = sorted(range(len(values)), key=lambda at: nanoseconds(values[at]) or 0)
    assert by_time == sorted(range(len(values)), key=keys.__getitem__)


@pytest.mark.parametrize(
    "value", ["garbage", "", None, 5, True, "2023-99-01T00:00:00Z", {}, "9999-12-31T23:59:59-23:00"]
)
def test_what_is_no_moment(value) -> None:
    """Anything that is no date is None, or at least no error."""
    assert nanoseconds(value) is None or value.startswith("9999")


@pytest.mark.parametrize(
    ("event", "age"),
    [
        ({"receivedAt": "1970-01-01T00:01:00Z", "timestamp": "1970-01-01T00:00:00Z"}, 40),
        ({"receivedAt": 3, "timestamp": "1970-01-01T00:00:00Z"}, 100),
        ({"sentAt": "1970-01-01T00:00:50Z"}, 50),
        ({}, None),
    ],
)
def test_the_age_of_an_event(event, age) -> None:
    """When it was received counts before when it says that it happened."""
    assert age == age_of(event, 100.0)


def test_twilio_s_times() -> None:
    """Seconds, in UTC."""
    assert "2023-11-14T22:13:20Z" == iso_seconds(1_700_000_000.9)


def answered(body: Any, kind: str = "application/json") -> httpx.Response:
    """An answer with this body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(400, content=content, headers={"content-type": kind})


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (answered({"code": 20001, "message": "Missing To", "status": 400}), Problem(20001, "Missing To")),
        (answered({"title": "Invalid", "code": 21211, "detail": "To is bad"}), Problem(21211, "To is bad")),
        (answered({"code": 1, "errors": [{"detail": "deep"}]}, "application/problem+json"), Problem(1, "deep")),
        (answered({"error": {"code": "not_found", "message": "Nobody"}}), Problem("not_found", "Nobody")),
        (
            answered(b"<html>Bad gateway</html>", "text/html; charset=utf-8"),
            Problem(None, "an HTML page, as proxies send"),
        ),
        (answered(b""), Problem(None, "an empty answer")),
        (answered(b"{bad"), Problem(None, "an answer without a message")),
        (answered([]), Problem(None, "an answer without a message")),
        (answered({"code": True, "message": 5}), Problem(None, "an answer without a message")),
        (answered({"message": "a" * 70_000}), Problem(None, "an answer without a message")),
        (answered({"message": "a" * 300}), Problem(None, "a" * 200 + "...")),
        (answered({"message": "one\r\n\x1b[2Jtwo \u2028three"}), Problem(None, "one [2Jtwo  three")),
        (answered({"message": "to +15551234567 failed"}), Problem(None, "to +1******4567 failed")),
    ],
    ids=range(13),
)
def test_error_bodies(response, problem) -> None:
    """Three forms of JSON, and whatever proxies send; short, printable, and without numbers."""
    assert problem == problem_of(response)
