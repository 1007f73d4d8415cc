"""Mistakes that break a configuration are found."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_mutants import Mutant, is_broken, mutants, plan_of
from destination_actions.checking import Report
from planned_events import EXAMPLES, events_of

WORTH = 0.95
COUNT = 56
"""Mutants of each example."""


def paths_of(plan: Path) -> list[str]:
    """The paths that events of a plan have, and some of the envelope."""
    found = ["$.userId", "$.event", "$.properties", "$.timestamp", "$.context"]
    for rule in json.loads(plan.read_text())["rules"]:
        inner = rule["jsonSchema"]["properties"].get("properties", {}).get("properties", {})
        found += [f"$.properties.{key}" for key in inner]
    return found


def signs(report: Report, levels: tuple[str, ...]) -> collections.Counter[tuple[str, str]]:
    """The findings of some levels, by code and message."""
    return collections.Counter((one.code, one.message) for one in report.findings if one.level in levels)


@pytest.mark.parametrize("seed", [7])
def test_mutants_are_flagged(checked: Callable[..., Report], tmp_path: Path, seed: int) -> None:
    """Of the seeded mistakes that break an example, at least 95 % are flagged with an error or a warning."""
    broken, flagged, missed = collections.Counter[str](), collections.Counter[str](), list[Mutant]()
    for example in EXAMPLES:
        plan, document = example / "plan.json", yaml.safe_load((example / "destinations.yaml").read_text())
        baseline = signs(checked(document, plan, segment=False), ("error", "warning"))
        events = list(events_of(plan, 40))
        original = plan_of(tmp_path / "c.json")
        assert original is not None
        for mutant in mutants(document, paths_of(plan), COUNT, seed):
            report = checked(mutant.document, plan, segment=False)
            if is_broken(original, plan_of(tmp_path / "c.json"), events):
                broken[mutant.kind] += 1
                if signs(report, ("error", "warning")) - baseline:
                    flagged[mutant.kind] += 1
                else:
                    missed.append(mutant)
    print("\n".join(f"missed {one.kind}: {one.what}" for one in missed))
    rows = [f"{kind}: {flagged[kind]} of {count}" for kind, count in sorted(broken.items())]
    print(f"\nflagged {flagged.total()} of {broken.total()} mistakes that break; {'; '.join(rows)}")
    assert broken.total() >= 200
    assert WORTH <= flagged.total() / broken.total(), "\n".join(f"{one.kind}: {one.what}" for one in missed)


def test_the_examples_are_clean(checked: Callable[..., Report], monkeypatch: Any) -> None:
    """No example has a finding beside what Segment reads otherwise."""
    for example in EXAMPLES:
        report = checked((example / "destinations.yaml").read_text(), example / "plan.json", segment=False)
        assert [] == [one.to_json() for one in report.findings], example.name
