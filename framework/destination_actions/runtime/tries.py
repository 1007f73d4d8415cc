"""What one try of a delivery did: the requests of its effect and their answers, ready to be kept without secrets.

A request and its answer are only held while they are under way; what they look like in a record is made afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, quote_plus

import orjson

from destination_actions.events import Event, Json, json_copy
from destination_actions.http import Redactor, mask_phones, untouched
from destination_actions.outcomes import Outcome
from destination_actions.protocols import Response
from destination_actions.values import light

BODY: Final = 2048
"""Characters of a body that are kept."""

_HEADERS: Final = frozenset({"content-type", "retry-after", "date", "location", "idempotency-key", "cf-ray"})
_HEADER_ENDS: Final = ("request-id", "requestid", "concurrent-requests")
_HEADER_STARTS: Final = ("x-ratelimit-", "ratelimit")

_JSON: Final = (dict, list, tuple, str, int, float, bool, Mapping)
_MASK: Final = "***"
_LOOKAHEAD: Final = 1024
_LONG: Final = 6
_PLAIN: Final = re.compile(r"[0-9A-Za-z_.~-]+")
_FLAT: Final = re.compile(r"(?=.*[A-DF-Za-df-z_~])[0-9A-Za-z_.~-]+")
"""An id that JSON writes as it is, and that is no part of a number."""
_BETWEEN: Final = "\0"
"""Stands between texts that are searched together. Where it is in one of them, each is searched alone."""


class _Said(NamedTuple):
    """The headers of interest and the body of a request. A body of `json` was written as JSON here."""

    headers: dict[str, str]
    body: str | None
    json: bool


@dataclass(slots=True)
class Exchange:
    """One request of an effect as it was asked for, and its answer or the error instead of one. Times in seconds."""

    method: str
    url: str
    options: Mapping[str, Any]
    at: float
    seconds: float = 0.0
    response: Response | None = None
    error: BaseException | None = None
    _said: _Said | None = None

    @property
    def said(self) -> _Said:
        """What was asked for, as it is when it is looked at first: whoever asked may change it afterwards."""
        if self._said is None:
            self._said = _said(self.options)
        return self._said


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One call of `perform`, as far as one delivery is concerned, and its outcome. `at` is wall-clock seconds."""

    key: str
    event: Event = field(repr=False)
    outcome: Outcome
    exchanges: Sequence[Exchange]
    redactor: Redactor
    at: float
    seconds: float

    def keep(self) -> None:
        """Note what was asked for as it is now: a record may be made later."""
        for exchange in self.exchanges:
            exchange.said  # noqa: B018 - which notes it


async def nobody(_: Try) -> None:
    """Keep no record of tries."""


class Cleaner:
    """Takes out of texts what a record must not hold: secrets, the event's user ids, phone numbers.

    Where `flat`, JSON may be cleaned as the text that it is: nothing that is searched for looks different in JSON,
    however deep in it, and no user id could be a number.
    """

    __slots__ = ("_people", "_redactor", "flat")

    def __init__(self, redactor: Redactor, people: Sequence[str]) -> None:
        self._redactor = redactor
        self._people, plain = _all_forms(tuple(people))
        self.flat = plain and redactor.flat

    def text(self, text: str) -> str:
        """Give a text without them."""
        text, masked = self._redactor.text(text), self._redactor.phones
        for form in self._people:
            if form in text:
                text = text.replace(form, _MASK) if len(form) >= _LONG else _word(form).sub(_MASK, text)
                masked = False
        return text if masked else mask_phones(text)

    def texts(self, texts: Sequence[str | None]) -> list[str | None]:
        """The same for several, with one search through all of them."""
        there = [text for text in texts if text is not None]
        cleaned = self.text(_BETWEEN.join(there)).split(_BETWEEN)
        parts = iter(cleaned if len(cleaned) == len(there) else map(self.text, there))
        return [None if text is None else next(parts) for text in texts]

    def document(self, text: str) -> str:
        """Clean JSON value by value, unless it can be cleaned as a text, which is left to whoever does."""
        return text if self.flat else orjson.dumps(self.json(orjson.loads(text))).decode()

    def json(self, value: Json) -> Json:
        """Give a JSON value without them, in keys too."""
        return json_copy(value) if untouched(self.text, value) else self._cleaned(value)

    def _cleaned(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self._cleaned(item) for key, item in value.items()}
        return [self._cleaned(item) for item in value] if isinstance(value, list | tuple) else value


def shown(exchange: Exchange, cleaner: Cleaner, *, bodies: bool = True) -> dict[str, Any]:
    """An exchange as `schemas/ledger.schema.json` says."""
    response, (sent, body, in_json) = exchange.response, exchange.said
    got = _headers(response.headers) if response is not None else {}
    texts = [getattr(response, "url", None) or exchange.url, _error(exchange.error), *sent.values(), *got.values()]
    if bodies:
        # Cleaned before they are cut, so that no half of a secret stays at the edge.
        body = cleaner.document(body) if in_json and body else body
        texts += [body, None if response is None else _body(response.content)]
    url, error, *rest = cleaner.texts(texts)
    one: dict[str, Any] = {
        "method": exchange.method.upper(),
        "url": url,
        "at": exchange.at,
        "seconds": round(exchange.seconds, 4),
        "status": response.status_code if response is not None else None,
        "error": error,
        "requestHeaders": dict(zip(sent, rest, strict=False)),
        "responseHeaders": dict(zip(got, rest[len(sent) :], strict=False)),
    }
    if bodies:
        one["requestBody"], one["responseBody"] = (text and text[:BODY] for text in rest[-2:])
    return one


def _error(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"


def _headers(headers: Any) -> dict[str, str]:
    lines = headers.items() if isinstance(headers, Mapping) else headers or ()
    return {name: str(value) for given, value in lines if _of_interest(name := given.lower())}


@lru_cache(maxsize=512)  # the same few come again with every answer
def _of_interest(name: str) -> bool:
    """Whether a header is kept: none that carries credentials is."""
    return name in _HEADERS or name.endswith(_HEADER_ENDS) or name.startswith(_HEADER_STARTS)


def _said(options: Mapping[str, Any]) -> _Said:
    headers = _headers(options.get("headers"))
    for name in ("json", "data"):
        if options.get(name) is not None:
            return _Said(headers, _json(options[name]), json=True)
    content = options.get("content")
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return _Said(headers, None if content is None else _body(content), json=False)


def _json(value: Any) -> str:
    """A form or a JSON document, written as JSON."""
    if not isinstance(value, _JSON):
        return ""
    plain: Any = dict(value) if isinstance(value, Mapping) else value
    try:
        return orjson.dumps(plain, default=str).decode()
    except (TypeError, ValueError):
        return ""


def _body(content: bytes) -> str:
    return content[: BODY + _LOOKAHEAD].decode("utf-8", "replace")


@lru_cache(maxsize=1024)  # an event is cleaned for its attempt and again for its record
def _all_forms(people: tuple[str, ...]) -> tuple[list[str], bool]:
    """Every form of every id, the longest first; and whether none of them looks different in JSON or like a number."""
    forms = sorted({form for person in people for form in _forms(person)}, key=len, reverse=True)
    return forms, all(len(form) >= _LONG and _FLAT.fullmatch(form) for form in forms)


def _forms(person: str) -> Iterator[str]:
    """A user id as texts may hold it."""
    plain, lower = _PLAIN.fullmatch(person), person.lower()
    for text in (person,) if lower == person else (person, lower):
        yield text
        if plain:
            continue
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
        yield orjson.dumps(text.encode("utf-8", "replace").decode()).decode()[1:-1]


def _word(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])")
