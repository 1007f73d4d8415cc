"""Formats of texts and the reading of dates, from tables."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from destination_actions.fields import _dates, _formats, fieldset_from_json, parse_moment
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, Any]]:
    """Read a table."""
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", rows("formats.jsonl"), ids=lambda row: row["format"])
def test_formats_accept_and_refuse(row: dict[str, Any]) -> None:
    """Each format takes the texts of its row and refuses the others, a trailing newline among them."""
    made = fieldset_from_json({"f": {"label": "F", "type": "string", "format": row["format"]}})
    judged = {text: not made.check({"f": text}).errors for text in row["valid"] + row["invalid"]}
    assert dict.fromkeys(row["valid"], True) | dict.fromkeys(row["invalid"], False) == judged


@pytest.mark.parametrize("row", rows("dates.jsonl"), ids=lambda row: str(row["given"]))
def test_moments_are_read_by_the_stated_grammar(row: dict[str, Any]) -> None:
    """A text or number is the moment of its row, or none; a datetime field takes exactly those that are one."""
    moment = parse_moment(row["given"])
    assert row["utc"] == (moment.astimezone(UTC).isoformat() if moment else None)
    made = fieldset_from_json(
        {"o": {"label": "O", "type": "object", "properties": {"f": {"label": "F", "type": "datetime"}}}}
    )
    if row["given"] != "":
        assert (row["utc"] is None) == bool(made.check({"o": {"f": row["given"]}}).errors)


PARTS = st.sampled_from(["a", "B9", "x" * 40, ".", "-", "@", "+", "_", "é", "--", "\n", ""])


@given(st.lists(PARTS, max_size=6), st.lists(PARTS, max_size=8))
def test_what_is_usual_is_an_address(name: list[str], domain: list[str]) -> None:
    """What the quick pattern takes the whole one takes."""
    text = "".join([*name, "@", *domain])
    if text.isascii() and _formats.USUAL_EMAIL.takes(text):
        assert _formats._EMAIL.fullmatch(text)


CLOCKS = st.sampled_from(["00:00:00", "23:59:60", "24:00:00", "12:60:00", "9:00:00", "12:00:61", "12:00"])
ZONES = st.sampled_from(["Z", "z", "+02:00", "-23:59", "+24:00", "+0200", "+02", "", " Z", "Z\n", "-00:60"])
FRACTIONS = st.sampled_from(["", ".5", ".123456789", ",5", ".", "." + "1" * 90])


@given(st.dates() | st.just("0000-01-01"), st.sampled_from("Tt "), CLOCKS, FRACTIONS, ZONES)
def test_a_moment_of_rfc_3339_is_one(day: object, joint: str, clock: str, fraction: str, zone: str) -> None:
    """What the compiled check takes at once the grammar takes."""
    text = f"{day}{joint}{clock}{fraction}{zone}"
    assert not _dates.USUAL_MOMENT.takes(text) or parse_moment(text) is not None
