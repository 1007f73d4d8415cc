"""What type checkers see of a declared class."""

from __future__ import annotations

from pathlib import Path

import pytest

SOURCE = """
from typing import Any
from destination_actions.fields import Checked, FieldSet, Secret, field

class Flow(FieldSet):
    flow_sid: str = field("Flow SID")
    period: int = field("Period", default=60)
    token: Secret | None = field("Token", default=None)
    tags: list[str] = field("Tags", default=[])

flow = Flow(flow_sid="FW1")
reveal_type(flow.flow_sid)
reveal_type(flow.period)
reveal_type(flow.token)
reveal_type(flow.tags)
reveal_type(Flow.check({}))
reveal_type(Flow.check({}).value)
Flow()
Flow("FW1")
Flow(flow_sid=5)
flow.period = 5
"""
SEEN = [
    'Revealed type is "str"',
    'Revealed type is "int"',
    'Revealed type is "destination_actions.fields._secret.Secret | None"',
    'Revealed type is "list[str]"',
    'Revealed type is "destination_actions.fields._checked.Checked[page.Flow]"',
    'Revealed type is "page.Flow | None"',
    'Missing named argument "flow_sid"',
    "Too many positional arguments",
    'incompatible type "int"; expected "str"',
    'Property "period" defined in "Flow" is read-only',
]


def test_mypy_sees_attribute_types_and_the_constructor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes have the annotated types, the constructor takes keywords alone, instances are frozen."""
    api = pytest.importorskip("mypy.api")
    (tmp_path / "page.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYPYPATH", str(Path(__file__).parents[2] / "framework"))
    report, _, _ = api.run(["--strict", "--config-file", "", "--follow-imports=silent", "page.py"])
    simple = report.replace("builtins.", "")
    assert [] == [line for line in SEEN if line not in simple], report
