"""What one try of a delivery did: the requests of its effect and their answers, ready to be kept without secrets.

A request and its answer are only held while they are under way; what they look like in a record is made afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
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


async def nobody(_: Try) -> None:
    """Keep no record of tries."""


class Cleaner:
    """Takes out of texts what a record must not hold: secrets, the event's user ids, phone numbers."""

    __slots__ = ("_people", "_redactor")

    def __init__(self, redactor: Redactor, people: Sequence[str]) -> None:
        self._redactor = redactor
        self._people = _all_forms(tuple(people))

    def text(self, text: str) -> str:
        """Give a text without them."""
        text = self._redactor.text(text)
        for form in self._people:
            if form in text:
                text = text.replace(form, _MASK) if len(form) >= _LONG else _word(form).sub(_MASK, text)
        return mask_phones(text)

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
    options, response = exchange.options, exchange.response
    url = getattr(response, "url", None) or exchange.url
    one: dict[str, Any] = {
        "method": exchange.method.upper(),
        "url": cleaner.text(url),
        "at": exchange.at,
        "seconds": round(exchange.seconds, 4),
        "status": response.status_code if response is not None else None,
        "error": _error(exchange.error, cleaner),
        "requestHeaders": _headers(options.get("headers"), cleaner),
        "responseHeaders": _headers(response.headers, cleaner) if response is not None else {},
    }
    if bodies:
        one["requestBody"] = _request_body(options, cleaner)
        one["responseBody"] = _body(response.content, cleaner) if response is not None else None
    return one


def _error(error: BaseException | None, cleaner: Cleaner) -> str | None:
    return None if error is None else cleaner.text(f"{type(error).__name__}: {error}")


def _headers(headers: Any, cleaner: Cleaner) -> dict[str, str]:
    lines = headers.items() if isinstance(headers, Mapping) else headers or ()
    return {name.lower(): cleaner.text(str(value)) for name, value in lines if _of_interest(name.lower())}


def _of_interest(name: str) -> bool:
    """Whether a header is kept: none that carries credentials is."""
    return name in _HEADERS or name.endswith(_HEADER_ENDS) or name.startswith(_HEADER_STARTS)


def _request_body(options: Mapping[str, Any], cleaner: Cleaner) -> str | None:
    for name in ("json", "data"):
        if options.get(name) is not None:
            return _json(options[name], cleaner)
    content = options.get("content")
    if content is None:
        return None
    return _body(content.encode("utf-8", "replace") if isinstance(content, str) else content, cleaner)


def _json(value: Any, cleaner: Cleaner) -> str:
    """A form or a JSON document, cleaned value by value and written as JSON."""
    if not isinstance(value, _JSON):
        return ""
    plain: Any = dict(value) if isinstance(value, Mapping) else value
    try:
        return orjson.dumps(cleaner.json(plain), default=str).decode()[:BODY]
    except (TypeError, ValueError):
        return ""


def _body(content: bytes, cleaner: Cleaner) -> str:
    # Cleaned before it is cut, so that no half of a secret stays at the edge.
    return cleaner.text(content[: BODY + _LOOKAHEAD].decode("utf-8", "replace"))[:BODY]


@lru_cache(maxsize=1024)  # an event is cleaned for its attempt and again for its record
def _all_forms(people: tuple[str, ...]) -> list[str]:
    """Every form of every id, the longest first."""
    return sorted({form for person in people for form in _forms(person)}, key=len, reverse=True)


def _forms(person: str) -> Iterator[str]:
    """A user id as texts may hold it."""
    for text in {person, person.lower()}:
        yield text
        if _PLAIN.fullmatch(text):
            continue
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
        yield orjson.dumps(text.encode("utf-8", "replace").decode()).decode()[1:-1]


def _word(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])")
