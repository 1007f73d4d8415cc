"""No known secret is found again in what was redacted, in whatever form it stood there."""

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from destination_actions.http import Redactor, mask_phones
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = 'c4n/ry+t&k€n"x'
TEXTS = st.text(st.characters(codec="utf-8"), max_size=10)
SECRETS = st.text(st.characters(codec="utf-8"), min_size=6, max_size=30)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        f"https://x.test/?{urlencode({'a': SECRET})}",
    ],
)
def test_forms(text):
    """As it is, percent-encoded in any way, and escaped for JSON."""
    redacted = Redactor([SECRET]).text(f"before {text} after")
    assert "***" in redacted
    assert "ry" not in redacted.replace("https://x.test", "")


@given(TEXTS, SECRETS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_base64_of_any_user_and_secret(before, secret, after):
    """Inside base64 it is found, whatever stands before and after it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(f"{before}:{secret}{after}".encode()).decode()
        assert "***" in Redactor([secret]).text(text)


@given(TEXTS, SECRETS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_nothing_is_left(before, secret, after):
    """Around the masks nothing of a secret remains to be found."""
    redacted = Redactor([secret]).text(before + secret + after)
    assert all(secret not in part for part in redacted.split("***"))


def test_json_values():
    """Texts and keys at every depth; numbers and the given value stay as they are."""
    value = {"a": [SECRET, 1, None, {SECRET: True}], "b": "fine"}
    copy = json.loads(json.dumps(value))
    assert Redactor([SECRET]).json(value) == {"a": ["***", 1, None, {"***": True}], "b": "fine"}
    assert copy == value


def test_the_longer_secret_wins():
    """A secret that contains another is replaced as a whole."""
    assert Redactor(["secret", "secret-two"]).text("secret-two") == "***"


def test_short_and_empty_secrets_are_left_alone():
    """Too short a secret would blank out ordinary text."""
    assert Redactor(["", "a", "abc"]).text("a b abc") == "a b abc"
    assert Redactor([]).text("text") == "text"


def test_a_redactor_shows_nothing():
    """Its repr holds no secret."""
    assert SECRET not in repr(Redactor([SECRET]))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+15551231234", "+1******1234"),
        ("call +15551231234, or +491701234567.", "call +1******1234, or +4*******4567."),
        ("To=%2B15551231234&x", "To=%2B1******1234&x"),
        ("%2b15551231234", "%2b1******1234"),
        ("+1234567", "+1**4567"),
        ("1 + 2 = 3, +12, 15551231234, +05551231234", "1 + 2 = 3, +12, 15551231234, +05551231234"),
        ("+1555123123412345678", "+1555123123412345678"),
        ("whatsapp:+15551231234", "whatsapp:+1******1234"),
    ],
)
def test_phones(text, masked):
    """Numbers in E.164 form keep their first and their last four digits; nothing else changes."""
    assert masked == mask_phones(text)
