"""Mapped values cannot become anything else than values: no path, no query, no header, no further field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from destination_actions.testing.conformance.bench import Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import faults
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.scripted import SentRequest

NASTY: Final = {
    "dot-segments": "../../admin",
    "slash": "a/b",
    "query": "a?admin=1",
    "fragment": "a#b",
    "ampersand": "a&admin=1",
    "percent": "%2e%2e%2fadmin",
    "line-break": "a\r\nX-Admin: 1",
    "nul": "a\x00b",
    "quotes": 'a","admin":"1',
    "dot": "..",
    "host": "@elsewhere.invalid/",
    "template": "{{settings}}${env:PATH}%s{0}",
    "controls": "a\u2028b\x1b[31m\x7f",
}
"""Texts that mean something to whoever reads an address, a header or a body without care."""


def _harmless(bench: Bench, text: str) -> Iterable[str]:
    keys = bench.texts()
    if not keys:
        raise NotApplicable("its sample has no free texts")
    with bench.open() as trial:
        trial.send()
        trial.wait_out(bench.document())
        first = len(trial.wire.requests)
        trial.send()
        usual = [_shape(request) for request in trial.wire.requests[first:]]
        for key in keys:
            trial.wait_out(bench.document())
            before = len(trial.wire.requests)
            trial.send(bench.document(changes={key: text}))
            for at, request in enumerate(trial.wire.requests[before:]):
                wanted = usual[at] if at < len(usual) else None
                yield from (f"{key}: {one}" for one in _differences(wanted, _shape(request)))
        yield from faults(trial)


def _shape(request: SentRequest) -> dict[str, Any]:
    """What a value may not change: everything of a request but the values in it."""
    parts = urlsplit(request.url)
    return {
        "host": (parts.scheme, parts.netloc),
        "number of path segments": parts.path.count("/"),
        "query's names": [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)],
        "dot segments": any(unquote(part) in {".", ".."} and "%" not in part for part in parts.path.split("/")),
        "header names": sorted(request.headers),
        "body's names": _names(request),
    }


def _names(request: SentRequest) -> object:
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        try:
            value = json.loads(request.body)
        except ValueError:
            return "no JSON"
        return sorted(value) if isinstance(value, dict) else type(value).__name__
    if "x-www-form-urlencoded" in kind:
        return sorted(name for name, _ in parse_qsl(request.text, keep_blank_values=True))
    return None


def _differences(wanted: dict[str, Any] | None, found: dict[str, Any]) -> Iterable[str]:
    if wanted is not None:
        yield from (f"it changes the {name} of a request" for name in wanted if wanted[name] != found[name])


def long_texts(bench: Bench) -> Iterable[str]:
    """Texts of 20,000 characters are delivered, refused or invalid; no fault."""
    with bench.open() as trial:
        for key in bench.texts():
            trial.send(bench.document(changes={key: "x" * 20_000}))
        yield from faults(trial)


def large_documents(bench: Bench) -> Iterable[str]:
    """Objects of a thousand members and lists of a thousand items are delivered, refused or invalid; no fault."""
    large = {f"key {number}": list(range(3)) for number in range(1000)}
    specs = [spec for spec in bench.action.payload.fields() if spec.type in {"object", "any"} or spec.multiple]
    if not specs:
        raise NotApplicable("its fields hold no objects or lists")
    with bench.open() as trial:
        for spec in specs:
            value: Any = [large] * 3 if spec.multiple else large
            trial.send({**bench.document(), spec.key: value})
        yield from faults(trial)


def _check(name: str, text: str) -> Check[Bench]:
    complaints: Callable[[Bench], Iterable[str]] = partial(_harmless, text=text)
    return Check(f"values.{name}", Level.BRONZE, complaints, f"The text {text!r} stays a value wherever it is mapped.")


CHECKS: Final = (
    *(_check(name, text) for name, text in NASTY.items()),
    Check("values.long", Level.SILVER, long_texts),
    Check("values.large", Level.SILVER, large_documents),
)
