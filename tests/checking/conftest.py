"""Configurations to check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from destination_actions.checking import Report, check_file, read_plan
from planned_events import CREDENTIALS


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Check a configuration, given as text or as a document, with a plan or a sample."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)

    def check(config: str | dict[str, Any], plan: Any = None, **options: Any) -> Report:
        path = tmp_path / ("c.yaml" if isinstance(config, str) else "c.json")
        path.write_text(config if isinstance(config, str) else json.dumps(config))
        if plan is not None and not isinstance(plan, Path):
            (tmp_path / "plan.json").write_text(plan if isinstance(plan, str) else json.dumps(plan))
            plan = tmp_path / "plan.json"
        return check_file(path, read_plan(plan) if plan is not None else None, **options)

    return check
