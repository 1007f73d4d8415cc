"""Records of requests: several texts are cleaned by one search, and none is less clean for it."""

from __future__ import annotations

import hmac
from typing import Any

import orjson
from destination_actions.http import Redactor
from destination_actions.outcomes import Unknown
from destination_actions.runtime.keys import keyed_digest
from destination_actions.runtime.tries import Cleaner, Exchange, Try, shown
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = [
    "secret-token",
    'a "quoted" word',
    "user-12345",
    "KEY_9",
    "+15550001111",
    "%2b15550001111",
    "1234567",
    "ä-name\\",
]
PIECES = st.sampled_from([*WORDS, "\0", "x", '"', "\\", "5", " "])
TEXTS = st.lists(PIECES, max_size=6).map("".join)
SOME = st.lists(st.sampled_from(WORDS), max_size=3)
DOCUMENTS = st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


@settings(max_examples=150)
@given(SOME, SOME, st.booleans(), st.lists(TEXTS | st.none(), max_size=5))
def test_one_search_cleans_as_many_do(secrets: list[str], people: list[str], phones: bool, texts: list[Any]) -> None:
    """Texts that are searched together come out as each of them does alone, whatever is in them."""
    cleaner = Cleaner(Redactor(secrets, phones=phones), people)
    assert [text and cleaner.text(text) for text in texts] == cleaner.texts(texts)


@settings(max_examples=150)
@given(SOME, SOME, DOCUMENTS)
def test_json_is_cleaned_as_deep_as_it_goes(secrets: list[str], people: list[str], document: Any) -> None:
    """Nothing is left of a secret or a user id in a request's JSON, nor in JSON that stands in its texts."""
    inside = {"inside": orjson.dumps({"again": orjson.dumps(document).decode()}).decode(), "plain": document}
    cleaner = Cleaner(Redactor(secrets, phones=True), people)
    body = shown(Exchange("POST", "https://a.example/", {"json": inside}, 0.0), cleaner)["requestBody"]
    once = orjson.dumps(cleaner.json(inside)).decode()[:2048]
    assert once == body


def test_what_was_kept_does_not_change() -> None:
    """A record that is made later shows what was asked for then, whatever became of the plugin's own objects since."""
    options: dict[str, Any] = {"json": {"to": "first"}, "headers": {"Idempotency-Key": "first"}}
    exchange = Exchange("POST", "https://a.example/", options, 0.0)
    tried = Try(
        key="k",
        event={},
        outcome=Unknown(destination="d", subscription="s", action="a", message_id="m", reason="r", message="m"),
        exchanges=[exchange],
        redactor=Redactor(()),
        at=0.0,
        seconds=0.0,
    )
    tried.keep()
    options["json"]["to"] = options["headers"]["Idempotency-Key"] = "second"
    record = shown(exchange, Cleaner(Redactor(()), ()))
    assert ('{"to":"first"}', {"idempotency-key": "first"}) == (record["requestBody"], record["requestHeaders"])


@settings(max_examples=50)
@given(st.binary(max_size=100), st.binary(max_size=200))
def test_keyed_digests_are_hmac(secret: bytes, data: bytes) -> None:
    """A digest that is made of prepared halves is that of the standard."""
    assert hmac.digest(secret, data, "sha256").hex() == keyed_digest(secret, data)
