"""Requests as flat fields, so that differences can be told by their path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import urlsplit

from destination_actions.events import MISSING
from destination_actions.testing.cases.matching import same
from destination_actions.testing.scripted import SentRequest

_NOT_COMPARED: Final = frozenset(
    {"authorization", "host", "user-agent", "content-length", "accept", "accept-encoding", "connection", "date"}
)

Change = tuple[str, Any, Any]
"""A path, with `[]` for every item of a list, and the values on both sides; `MISSING` where there is none."""


def changes(before: Sequence[SentRequest], after: Sequence[SentRequest]) -> list[Change]:
    """How the requests of one delivery differ."""
    if len(before) != len(after):
        return [("number of requests", len(before), len(after))]
    found: list[Change] = []
    for one, other in zip_longest(before, after):
        flat, flat_other = dict(_flat(one)), dict(_flat(other))
        for path in dict.fromkeys([*flat, *flat_other]):
            values = flat.get(path, MISSING), flat_other.get(path, MISSING)
            if not same(*values):
                found.append((_named(one, other, path), *values))
    return found


def _named(one: SentRequest, other: SentRequest, path: tuple[str, ...]) -> str:
    """`POST studio.twilio.com form.To`: the request, then the path; items of lists are not told apart."""
    text = ".".join("[]" if part.startswith("[") else part for part in path).replace(".[]", "[]")
    where = [f"{sent.method} {urlsplit(sent.url).hostname}" for sent in (one, other)]
    return f"{where[0]} {text}" if where[0] == where[1] else text


def _flat(sent: SentRequest) -> Iterator[tuple[tuple[str, ...], Any]]:
    shown = sent.to_json()
    for key, value in shown.items():
        yield from _leaves(value, (key,))
    for name, value in sorted(sent.headers.items()):
        if name.lower() not in _NOT_COMPARED and "signature" not in name.lower():
            yield ("headers", name.lower()), value


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = _json_in(value)
    if isinstance(inner, Mapping) and inner:
        for key, item in inner.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(inner, list) and inner:
        for at, item in enumerate(inner):
            yield from _leaves(item, (*path, f"[{at}]"))
    else:
        yield path, value


def _json_in(value: Any) -> Any:
    """What a text holds that is an object or a list; everything else as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
