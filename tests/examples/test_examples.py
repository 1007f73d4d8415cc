"""Each example does what its `expected.json` says, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from destination_actions.cli.demo import Example, example_outcomes
from destination_actions.schemas import load_schema
from jsonschema import Draft202012Validator

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/destinations.yaml"))


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
async def test_example(folder: Path) -> None:
    """Every event has the expected outcome under every subscription, in order."""
    example = Example(folder)
    outcomes = [outcome.to_json() for outcome in await example_outcomes(example)]
    expected = example.expected()
    assert expected == [
        {key: outcome[key] for key in wanted} for wanted, outcome in zip(expected, outcomes, strict=True)
    ]
    for outcome in outcomes:
        Draft202012Validator(load_schema("outcome")).validate(outcome)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_example_shows_the_main_cases(folder: Path) -> None:
    """Each example delivers, suppresses, filters and rejects something."""
    kinds = {one["outcome"] for one in Example(folder).expected()}
    assert {"delivered", "suppressed", "filtered"} <= kinds
    assert kinds & {"rejected", "invalid"}


def test_every_use_case_is_there() -> None:
    """The four documented use cases and the post-purchase example."""
    assert ["appointment-reminder", "onboarding", "phone-survey", "post-purchase", "support"] == [
        folder.name for folder in EXAMPLES
    ]


def test_every_example_is_in_the_readme() -> None:
    """`examples/README.md` has a line for each folder."""
    text = (EXAMPLES[0].parent / "README.md").read_text()
    assert [] == [folder.name for folder in EXAMPLES if f"[{folder.name}]({folder.name}/" not in text]
