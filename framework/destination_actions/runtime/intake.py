"""Events from a file or a stream: newline-delimited JSON line by line, or one JSON value. Strict; one bad event is one
`BadEvent`, and the rest goes on.

A byte order mark, CRLF and blank lines are accepted. Refused are: text that is not UTF-8 or not JSON (NaN, lone
surrogates and integers that no double and no 64-bit integer can hold included), events over the size limit or nested
deeper than 64, and what `schemas/event.schema.json` does not allow. An event without a messageId gets one that is made
from file, offset and content, so that reading the same file again gives the same ids.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from destination_actions.errors import ConfigurationError
from destination_actions.events import Event
from destination_actions.runtime.strict import EVENT_BYTES, Refused, limited, parsed, shaped, text_of

DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""A file that is one JSON list is read whole, up to this size; NDJSON has no limit."""

_BLANK: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class BadEvent:
    """Input that is no event. `number` counts lines of NDJSON or items of a list from 1; `code` is a stable word:
    bad_encoding, not_json, too_large, too_deep, bad_number, bad_id, not_an_object or not_an_event."""

    source: str
    number: int
    code: str
    message: str
    unit: str = "line"

    def __str__(self) -> str:
        """Give place and message, as compilers print it."""
        at = f":{self.number}" if self.unit == "line" else f"[{self.number}]"
        return f"{self.source}{at}: {self.message}"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a source has been read: its bytes and lines; of one JSON list (`listed`) all of its bytes, and items."""

    offset: int = 0
    number: int = 0
    listed: bool = False


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
    return iter(open_events(source, event_bytes=event_bytes, on_read=on_read))


def open_events(
    source: str | Path | BinaryIO,
    *,
    name: str | None = None,
    event_bytes: int = EVENT_BYTES,
    on_read: Callable[[int], None] = _ignore,
) -> Reader:
    """As `read_events`, with a reader that tells and takes positions.

    `name` identifies the source in the ids that events get; left out, it is the file's full path.
    """
    if not isinstance(source, str | Path):
        return Reader("stream", name or "", source, event_bytes, on_read)
    path = str(source)
    if path == "-":
        return Reader("stdin", name or "-", _standard_input(), event_bytes, on_read)
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed by the iterator
        file.peek()
    except OSError as error:
        raise ConfigurationError(f'the events file "{path}" cannot be read: {error.strerror}') from None
    return Reader(path, name or str(Path(path).resolve()), file, event_bytes, on_read, owned=True)


def _standard_input() -> BinaryIO:
    """A file of our own: a thread that still waits in `sys.stdin` would abort the interpreter at its end."""
    if sys.stdin is None:
        raise ConfigurationError("standard input is closed", hint="name a file, or give events on standard input")
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
    end: int
    whole: bool

    @property
    def text(self) -> bytes:
        """The line without its end."""
        return self.raw.strip(_BLANK)


@dataclass(slots=True)
class Reader:
    """One source being read. `identity` names it in the ids of its events; what is `owned` is closed at the end.

    `position` is behind the event or report that was given last. A last line that is no event and has no end stays
    before it: its writer may not be done. `start` is where to go on, to be set before the first event is taken.
    """

    source: str
    identity: str
    file: BinaryIO
    limit: int
    on_read: Callable[[int], None]
    owned: bool = False
    start: Position = Position()
    position: Position = Position()

    def __iter__(self) -> Iterator[Event | BadEvent]:
        """Give each event and report."""
        self.position = self.start
        if not self.owned:
            yield from self.events()
            return
        with self.file:
            yield from self.events()

    def events(self) -> Iterator[Event | BadEvent]:
        """Look at the first line to know the form, then read on."""
        if self.start.offset and not self.start.listed:
            self.file.seek(self.start.offset)
            yield from map(self.event, self.lines(self.start.offset, self.start.number))
            return
        lines = self.lines()
        for first in lines:
            if _begins_list(first.raw):
                yield from self.listed(first)
                return
            yield from self.spread(first, lines) if _breaks_off(first.text) else (self.event(first),)
            yield from map(self.event, lines)

    def lines(self, offset: int = 0, number: int = 0) -> Iterator[_Line]:
        """Every line that holds something. A list's first line is given as far as it was read: the rest follows it."""
        first = offset == 0
        while line := self.file.readline(self.limit + 3):
            raw = line.removeprefix(_BOM) if offset == 0 else line
            whole = line.endswith(b"\n")
            begin, number = offset, number + 1
            offset += len(line)
            if len(line) == self.limit + 3 and not whole and not (first and _begins_list(raw)):
                more, whole = self.skipped()
                offset += more
            self.on_read(offset)
            if raw.strip(_BLANK):
                first = False
                yield _Line(raw, number, begin, offset, whole)

    def skipped(self) -> tuple[int, bool]:
        """Read to the end of the line; the number of bytes, and whether there was an end."""
        count, more = 0, b""
        while not more.endswith(b"\n") and (more := self.file.readline(1 << 16)):
            count += len(more)
        return count, more.endswith(b"\n")

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
        end = taken[-1]
        yield from map(self.event, [_Line(whole, end.number, 0, end.end, end.whole)] if one else taken)

    def listed(self, first: _Line) -> Iterator[Event | BadEvent]:
        """A JSON list of events, read whole."""
        text = first.raw + self.file.read(DOCUMENT_BYTES + 1)
        try:
            limited(text, DOCUMENT_BYTES, "a JSON list of events over 64 MB; write one event a line instead")
            items = parsed(text)
        except Refused as bad:
            yield BadEvent(self.source, first.number, bad.code, bad.message)
            return
        end = first.offset + len(text)
        self.on_read(end)
        for at, item in enumerate(items[self.start.number :], self.start.number + 1):
            self.position = Position(end, at, listed=True)
            yield self.item(item, at)

    def item(self, item: Any, at: int) -> Event | BadEvent:
        """The event of a list's item, or what is wrong with it."""
        try:
            content = text_of(item)
        except Refused as bad:
            return BadEvent(self.source, at, bad.code, bad.message, "item")
        return self.checked(item, content, at, at, "item")

    def event(self, line: _Line) -> Event | BadEvent:
        """The event of a line, or what is wrong with it."""
        event = self.read(line)
        if line.whole or not isinstance(event, BadEvent):
            self.position = Position(line.end, line.number)
        return event

    def read(self, line: _Line) -> Event | BadEvent:
        """The same, wherever it stands."""
        try:
            value = parsed(line.text) if len(line.text) <= self.limit else None
        except Refused as bad:
            return BadEvent(self.source, line.number, bad.code, bad.message)
        return self.checked(value, line.text, line.number, line.offset, "line")

    def checked(self, value: Any, content: bytes, number: int, offset: int, unit: str) -> Event | BadEvent:
        """A value that keeps to limits and shape, with a messageId; or what is wrong with it."""
        try:
            limited(content, self.limit, f"the event is larger than {self.limit:,} bytes")
            return self.identified(shaped(value, content), content, offset)
        except Refused as bad:
            return BadEvent(self.source, number, bad.code, bad.message, unit)

    def identified(self, event: dict[str, Any], content: bytes, offset: int) -> Event:
        """The event with a messageId."""
        if event.get("messageId") is None:
            digest = hashlib.sha256(b"%s\0%d\0%s" % (self.identity.encode(), offset, content)).hexdigest()
            event["messageId"] = f"run-{digest[:32]}"
        return event


def _begins_list(raw: bytes) -> bool:
    return raw.lstrip(_BLANK).startswith(b"[")


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
