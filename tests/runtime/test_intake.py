"""Events are read strictly; a bad one is reported with its place and the rest goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions import ConfigurationError
from destination_actions.runtime.intake import BadEvent, read_events
from destination_actions.runtime.strict import EVENT_BYTES
from hypothesis import given, settings
from hypothesis import strategies as st


def read(content: bytes) -> list[Any]:
    """Events without their ids; bad ones as place and code."""
    return [_short(one) for one in read_events(io.BytesIO(content))]


def _short(one: Any) -> Any:
    if isinstance(one, BadEvent):
        return f"{one.unit} {one.number} {one.code}"
    return {key: value for key, value in one.items() if key != "messageId"}


CASES: dict[str, tuple[bytes, list[Any]]] = {
    "nothing": (b"", []),
    "lines": (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
    "byte order mark, CRLF, blank lines, no last newline": (
        b'\xef\xbb\xbf{"a":1}\r\n\r\n  \n{"a":2}',
        [{"a": 1}, {"a": 2}],
    ),
    "one object over several lines": (b'{\n "a": {\n  "b": 1\n }\n}\n', [{"a": {"b": 1}}]),
    "a list": (b'[{"a":1},\n {"a":2}]', [{"a": 1}, {"a": 2}]),
    "a list with strangers": (b'[{"a":1}, 5, {"a":2}]', [{"a": 1}, "item 2 not_an_object", {"a": 2}]),
    "a broken list": (b'[{"a":1},', ["line 1 not_json"]),
    "a long first line of a list": (
        b'[{"a":"' + b"x " * 20_000 + b'"},{"b":1}]',
        ["item 1 too_large", {"b": 1}],
    ),
    "a broken first line": (b'{"a":\n{"a":2}\n', ["line 1 not_json", {"a": 2}]),
    "a broken line": (b'{"a":1}\nnope\n{"a":2}\n', [{"a": 1}, "line 2 not_json", {"a": 2}]),
    "no objects": (b'1\n"x"\n{}\n', ["line 1 not_an_object", "line 2 not_an_object", {}]),
    "not UTF-8": (b'{"a":"\xff"}\n{}', ["line 1 bad_encoding", {}]),
    "no numbers": (b'{"a":NaN}\n{"a":Infinity}\n{"a":1e999}\n', [f"line {i} not_json" for i in (1, 2, 3)]),
    "half of a surrogate pair": (b'{"a":"\\ud83d"}\n', ["line 1 not_json"]),
    "integers over 64 bits": (
        b'{"a":18446744073709551616}\n{"a":18446744073709551615}\n{"a":"18446744073709551616"}\n',
        ["line 1 bad_number", {"a": 2**64 - 1}, {"a": "18446744073709551616"}],
    ),
    "too deep": (
        b'{"a":' * 65 + b"1" + b"}" * 65 + b"\n" + b'{"a":' * 2000 + b"\n{}",
        ["line 1 too_deep", "line 2 too_deep", {}],
    ),
    "wrong shapes": (
        b'{"messageId":""}\n{"messageId":"a\\u0000b"}\n{"userId":[]}\n{"properties":[]}\n{"userId":5}\n',
        ["line 1 bad_id", "line 2 bad_id", "line 3 not_an_event", "line 4 not_an_event", {"userId": "5"}],
    ),
    "keys that mean something to hosts": (b'{"__proto__":{"a.b":1},"":2}', [{"__proto__": {"a.b": 1}, "": 2}]),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
def test_forms(content: bytes, expected: list[Any]) -> None:
    """Each form of input gives its events, and each fault one report with its place."""
    assert expected == read(content)


def test_size_limit() -> None:
    """An event of exactly the limit passes, one byte more does not, and the next line is read again."""
    fits = b'{"a":"' + b"x" * (EVENT_BYTES - 8) + b'"}'
    assert EVENT_BYTES == len(fits)
    large = b'{"a":"' + b"x" * (EVENT_BYTES - 7) + b'"}'
    huge = b'{"a":"' + b"x" * 500_000 + b'"}'
    results = read(b"\n".join([fits, large, huge, b'{"b":1}']))
    assert ["line 2 too_large", "line 3 too_large", {"b": 1}] == results[1:]


def test_ids_are_stable(tmp_path: Path) -> None:
    """An event without messageId has one from file, offset and content: again the same, and never twice."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(b'{"a":1}\n{"a":1}\n{"a":1,"messageId":null}\n{"a":1,"messageId":"mine"}\n')
    first = [event["messageId"] for event in read_events(path)]  # type: ignore[call-overload, index]
    assert first == [event["messageId"] for event in read_events(str(path))]  # type: ignore[call-overload, index]
    assert (4, "mine") == (len(set(first)), first[3])
    other = tmp_path / "other.ndjson"
    other.write_bytes(path.read_bytes())
    assert first[0] != next(read_events(other))["messageId"]  # type: ignore[call-overload, index]


class _Slow(io.RawIOBase):
    """A stream that counts how much of it was read."""

    def __init__(self, lines: int) -> None:
        self.left = lines
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.left:
            return 0
        self.left -= 1
        self.given += 1
        buffer[:4] = b"{}\n\n"
        return 4


def test_lines_are_read_as_they_are_taken() -> None:
    """NDJSON is never read ahead of what is asked for, so a stream of any length needs no memory."""
    stream = _Slow(1000)
    events: Iterator[Any] = read_events(io.BufferedReader(stream, 8))
    next(events)
    assert stream.given <= 4


def test_progress(tmp_path: Path) -> None:
    """The reader tells how many bytes it has read, up to the size of the file."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(b'{"a":1}\nnope\n\n{"a":2}')
    seen: list[int] = []
    assert 3 == len(list(read_events(path, on_read=seen.append)))
    assert (sorted(seen), path.stat().st_size) == (seen, seen[-1])


def test_a_file_that_is_not_there() -> None:
    """It is found when reading is asked for, before the first event."""
    with pytest.raises(ConfigurationError, match='the events file "/no/such" cannot be read'):
        read_events("/no/such")


def test_what_a_report_says() -> None:
    """Place and reason stand in one line."""
    bad = [str(one) for one in read_events(io.BytesIO(b'nope\n{"userId":true}'))]
    assert "stream:1: not JSON: invalid literal, expected 'null' at character 1" == bad[0]
    assert bad[1].startswith("stream:2: userId: true is not of types")


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(min_size=8), JSON, max_size=4), max_size=5))
def test_what_is_written_is_read(events: list[dict[str, Any]]) -> None:
    """NDJSON, a list, and a list over several lines give the events that were written."""
    assert events == read("\n".join(json.dumps(event) for event in events).encode())
    assert events == read(json.dumps(events).encode())
    assert events == read(json.dumps(events, indent=2, ensure_ascii=False).encode())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ \n\r1etfalsnu\u00e9', max_size=80).map(str.encode))
def test_any_bytes_give_events_or_reports(content: bytes) -> None:
    """No input raises."""
    assert all(isinstance(one, dict | BadEvent) for one in read_events(io.BytesIO(content)))
