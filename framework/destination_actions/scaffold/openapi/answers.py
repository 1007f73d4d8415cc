"""What a document says of an operation's answers: statuses, what errors look like, what a success is worth keeping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from destination_actions.scaffold.openapi.document import Object, Operation
from destination_actions.scaffold.openapi.schemas import Reader, sentence
from destination_actions.scaffold.plan import Answers
from destination_actions.scaffold.python import lowered

_CODES: Final = ("code", "error_code", "errorCode", "type", "error")
_MESSAGES: Final = ("message", "error_message", "errorMessage", "detail", "title", "error_description", "error")
_NESTED: Final = ("error", "errors", "fault")
_RESULTS: Final = ("id", "sid", "uuid", "status", "state")
_MOST: Final = 3


def answers_of(operation: Operation, reader: Reader) -> Answers:
    """The answers of an operation."""
    responses = {str(status): reader.api.resolved(one) for status, one in _responses(operation)}
    known = {int(status): one for status, one in responses.items() if status.isdigit()}
    errors = [one for status, one in sorted(known.items()) if 400 <= status < 500]
    errors += [one for status, one in responses.items() if status.lower() in {"4xx", "default"}]
    schemas = [_schema(one, reader) for one in errors]
    success = next((status for status in sorted(known) if 200 <= status < 300), 200)
    return Answers(
        meanings={status: _meaning(one, status) for status, one in sorted(known.items()) if 300 <= status < 500},
        later=frozenset({429, *(status for status, one in known.items() if 400 <= status < 500 and _waits(one))}),
        code=next(filter(None, (_member(one, _CODES, reader) for one in schemas)), ()),
        message=next(filter(None, (_member(one, _MESSAGES, reader) for one in schemas)), ()),
        result=tuple(_results(_schema(known.get(success, {}), reader), reader)),
        success=success,
    )


def _responses(operation: Operation) -> Iterator[tuple[Any, Any]]:
    found = operation.own.get("responses")
    yield from found.items() if isinstance(found, Mapping) else ()


def _meaning(response: Object, status: int) -> str:
    text = sentence(str(response.get("description") or "")).rstrip(".") or f"status {status}"
    return lowered(text)


def _waits(response: Object) -> bool:
    headers = response.get("headers")
    return isinstance(headers, Mapping) and any(str(name).lower() == "retry-after" for name in headers)


def _schema(response: Object, reader: Reader) -> dict[str, Any]:
    content = response.get("content")
    for kind, one in content.items() if isinstance(content, Mapping) else ():
        if "json" in str(kind):
            return reader.merged(reader.api.resolved(one).get("schema"))
    return {}


def _member(schema: Object, names: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    """The way to the first of these members that holds a text or a number."""
    properties = schema.get("properties") or {}
    for name in names:
        if name in properties and reader.merged(properties[name]).get("type") in {"string", "integer"}:
            return (name,)
    for name in _NESTED:
        inner = reader.merged(properties.get(name)) if name in properties else {}
        if inner.get("properties"):
            below = _member({"properties": inner["properties"]}, names, reader)
            return (name, *below) if below else ()
    return ()


def _results(schema: Object, reader: Reader) -> Iterator[str]:
    properties = schema.get("properties") or {}
    plain = [name for name, one in properties.items() if reader.merged(one).get("type") in {"string", "integer"}]
    chosen = [name for name in _RESULTS if name in plain]
    chosen += [name for name in plain if name.endswith(("_id", "Id", "_sid", "Sid")) and name not in chosen]
    yield from chosen[:_MOST]
