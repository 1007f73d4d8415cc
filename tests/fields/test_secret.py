"""Secrets do not show."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from destination_actions.fields import MASK, Secret


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
