"""Mistakes that break a configuration are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check_trials import of_examples, tried
from destination_actions.checking import Report
from planned_events import CREDENTIALS, EXAMPLES

WORTH = 0.95
COUNT = 48
"""Mutants of each example."""


def test_mutants_are_flagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the seeded mistakes that break an example, at least 95 % are flagged with an error or a warning, and no event
    contradicts what is proven, impossible or never. `campaign.py` has more seeds, and more configurations."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)
    tally = tried(of_examples(), tmp_path, COUNT, seed=7)
    print(f"\n{tally}")
    assert tally.broken.total() >= 150
    assert WORTH <= tally.rate, "\n".join(f"{name}, {one.kind}: {one.what}" for name, one in tally.missed)
    assert [] == tally.untrue


def test_the_examples_are_clean(checked: Callable[..., Report], monkeypatch: Any) -> None:
    """No example has a finding beside what Segment reads otherwise."""
    for example in EXAMPLES:
        report = checked((example / "destinations.yaml").read_text(), example / "plan.json", segment=False)
        assert [] == [one.to_json() for one in report.findings], example.name
