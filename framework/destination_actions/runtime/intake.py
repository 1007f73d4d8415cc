"""Events from a file or a stream: newline-delimited JSON line by line, or one JSON value. Strict; one bad event is one
`BadEvent`, and the rest goes on.

A byte order mark, CRLF and blank lines are accepted. Refused are: text that is not UTF-8 or not JSON (NaN, lone
surrogates and integers that no double and no 64-bit integer can hold included), events over the size limit or nested
deeper than 64, and what `schemas/event.schema.json` does not allow. An event without a messageId gets one that is made
from file, offset and content, so that reading the same file again gives the same ids.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import jsonschema_rs
import orjson

from destination_actions.errors import ConfigurationError
from destination_actions.events import Event
from destination_actions.schemas import load_schema

EVENT_BYTES: Final = 32 * 1024
"""Segment's limit for one event."""

DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""A file that is one JSON list is read whole, up to this size; NDJSON has no limit."""

MAX_DEPTH: Final = 64

_BLANK: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"
_LONG_DIGITS: Final = re.compile(rb"[0-9]{19}")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9]+(?P<fraction>[.eE][-+0-9.eE]*)?')


@dataclass(frozen=True, slots=True)
class BadEvent:
    """Input that is no event. `number` counts lines of NDJSON or items of a list from 1; `code` is a stable word:
    bad_encoding, not_json, too_large, too_deep, bad_number, not_an_object or not_an_event."""

    source: str
    number: int
    code: str
    message: str
    unit: str = "line"

    def __str__(self) -> str:
        """Give place and message, as compilers print it."""
        at = f":{self.number}" if self.unit == "line" else f"[{self.number}]"
        return f"{self.source}{at}: {self.message}"


class _Bad(Exception):  # noqa: N818 - becomes a BadEvent with a place
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _ignore(position: int) -> None:
    """Take no interest in how far reading has come."""


def read_events(
    source: str | Path | BinaryIO,
    *,
    event_bytes: int = EVENT_BYTES,
    on_read: Callable[[int], None] = _ignore,
) -> Iterator[Event | BadEvent]:
    """Read events from a path, from standard input (`-`), or from an open binary file.

    The file is opened at once, and `ConfigurationError` raised when that fails; events are then read as they are taken.
    `on_read` is told how many bytes have been read.
    """
    if not isinstance(source, str | Path):
        return _Intake("stream", "", source, event_bytes, on_read).events()
    path = str(source)
    if path == "-":
        return _Intake("stdin", "-", _standard_input(), event_bytes, on_read).events()
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed by the iterator
        file.peek()
    except OSError as error:
        raise ConfigurationError(f'the events file "{path}" cannot be read: {error.strerror}') from None
    return _closing(_Intake(path, str(Path(path).resolve()), file, event_bytes, on_read))


def _closing(intake: _Intake) -> Iterator[Event | BadEvent]:
    with intake.file:
        yield from intake.events()


def _standard_input() -> BinaryIO:
    """A file of our own: a thread that still waits in `sys.stdin` would abort the interpreter at its end."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:
        return sys.stdin.buffer


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that holds something; of one over the limit only so much as shows that it is."""

    raw: bytes
    number: int
    offset: int

    @property
    def text(self) -> bytes:
        """The line without its end."""
        return self.raw.strip(_BLANK)


@dataclass(slots=True)
class _Intake:
    """One source being read. `identity` names it in the ids of its events."""

    source: str
    identity: str
    file: BinaryIO
    limit: int
    on_read: Callable[[int], None]

    def events(self) -> Iterator[Event | BadEvent]:
        """Look at the first line to know the form, then read on."""
        lines = self.lines()
        for first in lines:
            if first.text.startswith(b"["):
                yield from self.listed(first)
                return
            yield from self.spread(first, lines) if _breaks_off(first.text) else (self.event(first),)
            yield from map(self.event, lines)

    def lines(self) -> Iterator[_Line]:
        """Every line that holds something."""
        number = offset = 0
        while line := self.file.readline(self.limit + 3):
            raw = line.removeprefix(_BOM) if offset == 0 else line
            number += 1
            if raw.strip(_BLANK):
                yield _Line(raw, number, offset)
            offset += len(line) if line.endswith(b"\n") else len(line) + self.skipped()
            self.on_read(offset)

    def skipped(self) -> int:
        """Read to the end of the line; the number of bytes."""
        count = 0
        while more := self.file.readline(1 << 16):
            count += len(more)
            if more.endswith(b"\n"):
                break
        return count

    def spread(self, first: _Line, lines: Iterator[_Line]) -> Iterator[Event | BadEvent]:
        """One JSON object over several lines; or NDJSON whose first line is broken."""
        taken, size = [first], len(first.text)
        for line in lines:
            taken.append(line)
            size += len(line.text) + 1
            if size > self.limit:
                break
        whole = b"\n".join(line.text for line in taken)
        one = size <= self.limit and _is_object(whole)
        yield from (self.event(line) for line in ([_Line(whole, 1, 0)] if one else taken))

    def listed(self, first: _Line) -> Iterator[Event | BadEvent]:
        """A JSON list of events, read whole."""
        text = first.raw + self.file.read(DOCUMENT_BYTES + 1)
        try:
            _limited(text, DOCUMENT_BYTES, "a JSON list of events over 64 MB; write one event a line instead")
            items = _json(text)
        except _Bad as bad:
            yield BadEvent(self.source, first.number, bad.code, bad.message)
            return
        self.on_read(first.offset + len(text))
        for at, item in enumerate(items, 1):
            yield self.checked(item, orjson.dumps(item), at, at, "item")

    def event(self, line: _Line) -> Event | BadEvent:
        """The event of a line, or what is wrong with it."""
        try:
            value = _json(line.text) if len(line.text) <= self.limit else None
        except _Bad as bad:
            return BadEvent(self.source, line.number, bad.code, bad.message)
        return self.checked(value, line.text, line.number, line.offset, "line")

    def checked(self, value: Any, content: bytes, number: int, offset: int, unit: str) -> Event | BadEvent:
        """A value that keeps to limits and shape, with a messageId; or what is wrong with it."""
        try:
            _limited(content, self.limit, f"the event is larger than {self.limit:,} bytes")
            return self.identified(_shaped(value, content), content, offset)
        except _Bad as bad:
            return BadEvent(self.source, number, bad.code, bad.message, unit)

    def identified(self, event: dict[str, Any], content: bytes, offset: int) -> Event:
        """The event with a messageId."""
        if event.get("messageId") is None:
            digest = hashlib.sha256(b"%s\0%d\0%s" % (self.identity.encode(), offset, content)).hexdigest()
            event["messageId"] = f"run-{digest[:32]}"
        return event


def _limited(text: bytes, limit: int, message: str) -> None:
    if len(text) > limit:
        raise _Bad("too_large", message)


def _breaks_off(text: bytes) -> bool:
    """Whether JSON begins here and goes on in the next line."""
    if not text.startswith(b"{"):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error.pos >= len(text.decode("utf-8", "replace")) - 1
    return False


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _json(text: bytes) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_json(text, error) from None
    if _LONG_DIGITS.search(text) and any(_lossy(token) for token in _TOKEN.finditer(text)):
        raise _Bad("bad_number", "an integer has more digits than a number can hold; send it as text")
    return value


def _not_json(text: bytes, error: orjson.JSONDecodeError) -> _Bad:
    try:
        text.decode()
    except UnicodeDecodeError as fault:
        return _Bad("bad_encoding", f"not UTF-8 text: byte {fault.start + 1}")
    if "depth" in error.msg:
        return _too_deep()
    return _Bad("not_json", f"not JSON: {error.msg} at character {error.pos + 1}")


def _too_deep() -> _Bad:
    return _Bad("too_deep", f"the event is nested deeper than {MAX_DEPTH} levels")


def _lossy(token: re.Match[bytes]) -> bool:
    """Whether a number of the text is an integer outside 64 bits."""
    text = token[0]
    if text.startswith(b'"') or token["fraction"]:
        return False
    return len(text) > 20 or not -(2**63) <= int(text) < 2**64


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, depth = [value], 0
    while level:
        below = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
        level = [child for child in below if isinstance(child, dict | list)]
        depth += 1
    return depth


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(load_schema("event"))


def _shaped(value: Any, content: bytes) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Bad("not_an_object", f"an event is a JSON object, not {_KINDS.get(type(value), 'a number')}")
    if content.count(b"{") + content.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise _too_deep()
    if value.get("messageId", "") is None:
        del value["messageId"]
    if not _validator().is_valid(value):
        error = next(iter(_validator().iter_errors(value)))
        path = ".".join(str(part) for part in error.instance_path)
        raise _Bad("not_an_event", f"{path}: {error.message}" if path else error.message)
    return value


_KINDS: Final[dict[type, str]] = {list: "a list", str: "text", bool: "true or false", type(None): "null"}
