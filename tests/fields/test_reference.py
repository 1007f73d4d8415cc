"""The reference page of fields tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

from destination_actions.fields._errors import _CODES
from destination_actions.fields._formats import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "fields.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    """The page's Python block runs as it stands, assertions and all."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "fields.md", "exec"), {"__name__": "fields_page"})


def test_all_codes_and_formats_are_listed() -> None:
    """Every error code and every format that is checked stands on the page."""
    for word in {*_CODES.values(), "unknown", "not_json", *FORMATS} - {"text", "password", "date-like"}:
        assert f"`{word}`" in PAGE
