"""The reference page names what there is: codes, limits, and a configuration that loads."""

from __future__ import annotations

import re
from pathlib import Path

from bytes_cases import cases
from destination_actions.config import load_config
from destination_actions.ingest import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "serve.md").read_text()
ROOMS = ["framework/destination_actions/ingest/*.py", "framework/destination_actions/runtime/strict.py"]


def test_every_code_is_explained() -> None:
    """Every code that the sources refuse with stands in the table of codes, and nothing else does."""
    sources = "".join(path.read_text() for room in ROOMS for path in ROOT.glob(room))
    raised = set(re.findall(r'Refused\(\s*"(\w+)"', sources))
    table = PAGE[PAGE.index("## Codes") : PAGE.index("## What becomes")]
    named = set(re.findall(r"`(\w+)`", table)) - {"event", "groupId", "previousId"}
    assert raised == named
    statuses = {str(case["status"]) for case in cases(Path(__file__).with_name("bad_input.jsonl"))} - {"200"}
    assert statuses <= set(re.findall(r"\d{3}", table))


def test_every_limit_is_named() -> None:
    """The figures of the page are those in force."""
    limits = Limits()
    figures = [limits.event_bytes, limits.batch_bytes, limits.batch_events, limits.connections]
    assert all(f"{figure:,}" in PAGE for figure in figures)
    assert f"| {limits.body_seconds:g} s |" in PAGE
    assert f"| {limits.idle_seconds:g} s |" in PAGE
    assert f"{limits.held_bytes // 1024 // 1024} MB" in PAGE


def test_the_configuration_loads(tmp_path: Path) -> None:
    """The example is one, but for the settings of its destination."""
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    (tmp_path / "destinations.yaml").write_text(text)
    config = load_config(tmp_path / "destinations.yaml", environ={"SHOP_WRITE_KEY": "shop-key-0123456789"})
    assert [("shop", ("post-purchase",), True), ("app", None, False)] == [
        (source.name, source.destinations, source.enabled) for source in config.sources
    ]
