"""Trees of positions, for any JSON value written in JSON or YAML."""

from __future__ import annotations

import json
from typing import Any

from destination_actions.config.json_text import read_json
from destination_actions.config.nodes import Document, Findings, document, escape
from destination_actions.config.yaml_text import read_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
INDENT = st.sampled_from([None, 0, 2])


def read(text: str, reader: Any) -> Document:
    """The document of a text."""
    findings = Findings("f")
    result = document(reader(text, findings), findings)
    assert [] == findings.errors
    return result


def pointers(value: Any, pointer: str = "") -> dict[str, Any]:
    """Every pointer of a value that leads to a scalar."""
    if isinstance(value, dict):
        parts = [pointers(item, f"{pointer}/{escape(key)}") for key, item in value.items()]
    elif isinstance(value, list):
        parts = [pointers(item, f"{pointer}/{i}") for i, item in enumerate(value)]
    else:
        return {pointer: value}
    return {key: item for part in parts for key, item in part.items()}


@settings(max_examples=80, deadline=None)
@given(VALUES, INDENT)
def test_json(value: Any, indent: int | None) -> None:
    """JSON gives its value, and the text at the place of a scalar is that scalar."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    result = read(text, read_json)
    assert value == result.value
    lines = text.split("\n")
    for pointer, scalar in pointers(value).items():
        line, column = result.values[pointer]
        assert lines[line - 1][column - 1 :].startswith(json.dumps(scalar, ensure_ascii=False))


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=3), INDENT)
def test_json_is_yaml(value: Any, indent: int | None) -> None:
    """The YAML reader gives JSON's values at JSON's places (YAML has no surrogate escapes)."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    from_yaml, from_json = read(text, read_yaml), read(text, read_json)
    assert from_json == from_yaml


def test_plain_words() -> None:
    """Only JSON's words and numbers have a type in YAML; dates, times, `no` and tilde paths are what they look like."""
    text = "[true, False, null, ~, no, on, 1, -2.5, 1e3, .5, 12:30, 2026-01-02, 1_000, 0x1F, ~/x, '1', \"true\"]"
    assert [
        *(True, False, None, None, "no", "on", 1, -2.5, 1000.0, 0.5),
        *("12:30", "2026-01-02", "1_000", "0x1F", "~/x", "1", "true"),
    ] == read(text, read_yaml).value
