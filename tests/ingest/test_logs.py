"""Logs: one JSON object a line, whatever stands in it, and nothing in it that should not be read."""

from __future__ import annotations

import io
import json
import logging
import threading
from typing import Any

import pytest
from destination_actions.http import Redactor
from destination_actions.ingest.logs import JsonLines, log_to, masked
from destination_actions.ingest.sparing import Sparing
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "secret-write-key-1"
FORMAT = JsonLines(lambda: Redactor((SECRET,)))


def line_of(message: str, *arguments: Any, error: BaseException | None = None, **fields: Any) -> str:
    """A record as it is written."""
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("destination_actions.x", logging.WARNING, "f.py", 1, message, arguments, info)
    record.fields = fields
    return FORMAT.format(record)


def test_a_line() -> None:
    """Time, level, logger and message; fields beside them."""
    line = json.loads(line_of("kept %d", 5, source="web", sizes=[1, 2.5, None, True], more={"a": 1}))
    assert line.pop("time").endswith("Z")
    assert {
        "level": "warning",
        "logger": "destination_actions.x",
        "message": "kept 5",
        "source": "web",
        "sizes": [1, 2.5, None, True],
        "more": {"a": 1},
    } == line


@settings(max_examples=100, deadline=None)
@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=2))
def test_one_line_whatever_it_holds(text: str, member: dict[str, str]) -> None:
    """Newlines, escapes, separators and foreign JSON stay within one line of printable ASCII."""
    line = line_of("%s", text, member=member)
    assert all(" " <= char <= "~" for char in line)
    assert masked(text) == json.loads(line)["message"]


@pytest.mark.parametrize(
    "nasty", ["a\nb", "a\r\nb", "\x1b[31m", "\u2028", "\u202e", "\x7f", '","level":"x', "\x00", "\ud83d"]
)
def test_nasty_text(nasty: str) -> None:
    """What could begin a line, steer a terminal or end the JSON is escaped."""
    line = line_of(nasty)
    assert all(" " <= char <= "~" for char in line)
    assert (nasty, "warning") == ((value := json.loads(line))["message"], value["level"])


def test_secrets_and_personal_data() -> None:
    """Known secrets, phone numbers and mail addresses are masked in messages, fields, keys' values and tracebacks."""
    error = ValueError(f"key {SECRET} of jane@example.com at +15551231234")
    line = line_of(f"for +15551231234 {SECRET}", error=error, who=["jane@example.com"], a={"b": SECRET})
    assert not [one for one in (SECRET, "+15551231234", "jane@") if one in line]
    assert "for +1******1234 ***" == json.loads(line)["message"]
    assert ["j***@example.com"] == json.loads(line)["who"]


def test_where_they_go() -> None:
    """The package's records reach the stream until the end is called; a slow stream loses records, not time."""
    stream = io.StringIO()
    end = log_to(stream, lambda: Redactor(()))
    logging.getLogger("destination_actions.ingest").info("one")
    logging.getLogger("elsewhere").error("not ours")
    end()
    assert ["one"] == [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


def test_a_log_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging never waits: what a blocked log cannot take is dropped and counted."""
    monkeypatch.setattr("destination_actions.ingest.logs.WAITING", 5)
    gate, stream = threading.Event(), io.StringIO()

    class Blocked(io.StringIO):
        def write(self, text: str) -> int:
            gate.wait(30)
            return stream.write(text)

    end = log_to(Blocked(), lambda: Redactor(()))
    logger = logging.getLogger("destination_actions")
    for number in range(50):
        logger.info("line %d", number)
    gate.set()
    end()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert 5 <= len(lines) <= 7
    assert "line 0" == lines[0]["message"]


def test_few_lines_for_many_calls() -> None:
    """The first of a kind is logged at once, the others with their number, one line a second."""
    now = 100.0
    sparing = Sparing(lambda: now)
    assert [1, 0, 0, 1] == [sparing.due("a"), sparing.due("a"), sparing.due("a"), sparing.due("b")]
    now = 101.0
    assert [3, 0, 1] == [sparing.due("a"), sparing.due("a"), sparing.due("b")]
