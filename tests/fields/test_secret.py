"""Secrets do not show."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from destination_actions.fields import MASK, FieldSet, Secret, field


def test_a_secret_shows_nowhere() -> None:
    """No way to print, format, pickle or dump it gives the text; `reveal` does."""
    secret = Secret("hunter2")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>10}",
        "{}".format(secret),  # noqa: UP032
        json.dumps({"a": secret}, default=str),
    ]
    assert not [text for text in shown if "hunter2" in text]
    assert all(MASK in text for text in shown)
    assert b"hunter2" not in pickle.dumps(secret)
    assert "hunter2" not in repr(secret.__getstate__())
    assert "hunter2" == secret.reveal()


def test_a_secret_is_no_text() -> None:
    """It is not a str, cannot be joined to one, and json refuses it."""
    secret = Secret("hunter2")
    assert not isinstance(secret, str)
    with pytest.raises(TypeError):
        "Basic " + secret  # type: ignore[operator]
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_secrets_compare_and_hash_by_their_text() -> None:
    """Equal texts are equal secrets and one key; a secret never equals a text."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert 1 == len({Secret("a"), Secret("a")})
    assert (True, False) == (bool(Secret("a")), bool(Secret("")))


def test_a_secret_cannot_be_changed() -> None:
    """Attributes can neither be set nor deleted, and copies are the secret itself."""
    secret = Secret("a")
    with pytest.raises(AttributeError):
        secret.text = "b"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del secret.text  # type: ignore[attr-defined]
    assert secret is copy.copy(secret)
    assert secret is copy.deepcopy(secret)


class _Account(FieldSet):
    token: Secret = field("Token", "Of the account.", pattern="^tok")
    name: str = field("Name", "Of the account.")


class _Settings(FieldSet):
    account: _Account = field("Account", "Where to send.")


@pytest.mark.parametrize(
    "document",
    [
        {"account": "tok-hunter2"},
        {"account": ["tok-hunter2"]},
        {"account": {"token": "hunter2", "name": "n"}},
        {"account": {"token": {"text": "hunter2"}, "name": "n"}},
        {"account": {"token": ["a", "hunter2"], "name": "n"}},
        {"account": {"token": "\ud800hunter2", "name": "n"}},
    ],
)
def test_no_error_quotes_what_stands_in_the_place_of_a_secret(document: dict[str, object]) -> None:
    """Neither a wrong secret nor what was given for the object around it is in an error or a coercion."""
    checked = _Settings.check(document)
    assert checked.errors
    assert "hunter2" not in repr(checked) + repr(checked.errors) + repr(checked.coercions)


def test_a_value_that_is_half_made_can_be_shown() -> None:
    """A traceback that shows local variables fails on no object whose making failed."""
    half = object.__new__(_Settings)
    assert "_Settings()" == repr(half)
