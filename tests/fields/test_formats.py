"""Formats of texts and the reading of dates, from tables."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from destination_actions.fields import fieldset_from_json, parse_moment

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
