"""Comparing requests: the same for the expected ones and for what a reply is `on`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destination_actions.testing.cases.matching import Difference, differences
from destination_actions.testing.cases.model import seconds
from destination_actions.testing.cases.pieces import Piece
from destination_actions.testing.scripted import Reply, SentRequest, url_fits


def request_differences(expected: Mapping[str, Any], sent: SentRequest, pointer: str) -> Iterator[Difference]:
    """What a request has otherwise than expected. Addresses may hold `*`; header names match in any case."""
    for key, wanted in expected.items():
        where = f"{pointer}/{key}"
        if key == "url":
            yield from _url_differences(wanted, sent, where)
        elif key == "headers":
            lower = {name.lower(): value for name, value in sent.headers.items()}
            for name, value in _headers(wanted).items():
                found = differences({name: value}, {name: lower[name.lower()]} if name.lower() in lower else {}, where)
                yield from found
        else:
            yield from differences(wanted, _part(sent, key), where)


def _headers(wanted: Any) -> Mapping[str, Any]:
    return wanted if isinstance(wanted, Mapping) else {}


def _part(sent: SentRequest, key: str) -> Any:
    return {
        "method": sent.method,
        "query": sent.query,
        "form": sent.form,
        "json": sent.json,
        "body": sent.text,
    }[key]


def _url_differences(wanted: Any, sent: SentRequest, pointer: str) -> Iterator[Difference]:
    if not isinstance(wanted, str):
        yield from differences(wanted, sent.url, pointer)
    elif not url_fits(wanted, sent):
        actual = sent.url if "?" in wanted else sent.address
        yield Difference(pointer, wanted, actual, replace=actual)


def replies_of(script: Piece | None, *, times: int | None) -> list[Reply]:
    """The replies of a script; `times` is how often each answers unless it says so itself."""
    return [_reply(piece, times) for piece in (script.items() if script else [])]


def _reply(piece: Piece, times: int | None) -> Reply:
    plain = dict(piece.plain())
    own = plain.pop("times", times)
    on = plain.pop("on", None)
    options = {"body_delay" if key == "bodyDelay" else key: value for key, value in plain.items()}
    for key in ("delay", "body_delay"):
        if key in options:
            options[key] = seconds(options[key])
    options["headers"] = {name: str(value) for name, value in plain.get("headers", {}).items()}
    wanted = on if on is None or isinstance(on, str) else _Fits(on)
    return Reply(on=wanted, times=None if own == "any" else own, name=piece.pointer, **options)


class _Fits:
    """Whether a request is as an `on` object says."""

    def __init__(self, expected: Mapping[str, Any]) -> None:
        self._expected = expected

    def __call__(self, request: SentRequest) -> bool:
        return not any(request_differences(self._expected, request, ""))

    def __str__(self) -> str:
        return " ".join(str(value) for value in self._expected.values())
