"""docs/performance.md shows what a run measured, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module that writes the page."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    from sidebyside import page

    yield page
    for name in [name for name in sys.modules if name.split(".")[0] == "sidebyside"]:
        del sys.modules[name]


def test_the_page_is_what_was_kept(page: Any) -> None:
    """Tables and picture are written from the figures in benchmarks/kept.json, and stand as written."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.written(text, page.kept()) == text
    assert page.svg(page.kept()) == page.CHART.read_text(encoding="utf-8")


def test_every_row_was_measured(page: Any) -> None:
    """The kept run has every row, in its order, and a peer beside each."""
    from sidebyside.rows import rows

    kept = page.kept()
    assert [row.name for row in rows()] == [row["name"] for row in kept["rows"]]
    assert [] == [row["name"] for row in kept["rows"] if "peer" not in row["sides"]]


def test_a_page_without_its_marks_is_refused(page: Any) -> None:
    """A mark that went missing is named; its figures would stay old for ever."""
    with pytest.raises(ValueError, match='has no mark "one"'):
        page.written("no marks", page.kept())
