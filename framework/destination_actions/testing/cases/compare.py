"""An expectation against what was seen in one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_actions.config.nodes import escape
from destination_actions.testing.cases.matching import Difference, differences
from destination_actions.testing.cases.requests import request_differences
from destination_actions.testing.cases.trace import Found
from destination_actions.testing.scripted import SentRequest


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step did: for each event the deliveries by subscription, the requests, and whether it fired."""

    found: Sequence[Mapping[str, Found]]
    requests: Sequence[SentRequest]
    fired: bool


def compared(expect: Mapping[str, Any], seen: Seen) -> Iterator[Difference]:
    """Every difference; pointers start at the expectation."""
    for key, wanted in expect.items():
        pointer = f"/{key}"
        if key == "requests":
            yield from _requests(wanted, seen.requests, pointer)
        elif key == "fires":
            yield from differences(wanted, seen.fired, pointer)
        elif key == "subscriptions":
            for name, one in wanted.items():
                yield from _delivery(one, seen.found[0][name], f"{pointer}/{escape(name)}")
        elif key == "each":
            for at, one in enumerate(wanted):
                yield from _delivery(one, next(iter(seen.found[at].values())), f"{pointer}/{at}")
    yield from _delivery(expect, next(iter(seen.found[0].values())), "")


def _delivery(expect: Mapping[str, Any], found: Found, pointer: str) -> Iterator[Difference]:
    actual = found.to_json()
    for key in actual:
        if key not in expect:
            continue
        value = actual[key]
        if key == "outcome" and isinstance(expect[key], str):
            value = (value or {}).get("outcome")
        yield from differences(expect[key], value, f"{pointer}/{key}")


def _requests(wanted: Sequence[Mapping[str, Any]], sent: Sequence[SentRequest], pointer: str) -> Iterator[Difference]:
    if len(wanted) != len(sent):
        shown = [request.to_json() for request in sent]
        yield Difference(pointer, wanted, shown, f"{len(wanted)} requests expected, {len(sent)} made", replace=shown)
        return
    for at, (one, request) in enumerate(zip(wanted, sent, strict=True)):
        yield from request_differences(one, request, f"{pointer}/{at}")
