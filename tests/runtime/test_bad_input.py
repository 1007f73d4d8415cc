"""What is no event is reported with its place and a stable word, and what follows is read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from bytes_cases import cases, content_of
from destination_actions.runtime.intake import BadEvent, read_events

CASES = cases(Path(__file__).with_name("bad_input.jsonl"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_case(case: dict[str, Any]) -> None:
    """Each case gives its events and reports, in order."""
    found = [
        f"{one.unit} {one.number} {one.code}" if isinstance(one, BadEvent) else "event"
        for one in read_events(io.BytesIO(content_of(case)))
    ]
    assert case["expected"] == found
