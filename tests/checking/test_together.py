"""One mistake does not hide another, and is not told twice; and secrets that are not there hide nothing."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_mutants import mutants
from destination_actions.checking import Report, check_file
from destination_actions.config.shape import flaws
from planned_events import CREDENTIALS, EXAMPLES, HEAD

HERE = Path(__file__).parent
Checked = Callable[..., Report]

MANY = """\
claims: {lease: soon}
destinations:
  shop:
    destination: twilio-studio
    setings: {}
    timeout: 5000
    subscriptions:
      - name: A
        subscrbe: event = "A"
        action: triggerStudioFlow
      - name: B
        subscribe: event = "B" and
        action: triggerStudioFlow
      - name: B
        subscribe: event = "B"
        action: triggerFlow
  team:
    destination: slack
    settings: {webhookUrl: "${env:NOT_SET_HERE}", chanel: "#a"}
    concurrency: 0
  other:
    destination: slak
"""


def test_everything_at_once(checked: Checked) -> None:
    """What is wrong with the shape, with what the parts mean and with what is not set is said in one report; what
    would only follow, such as settings that are missing because their key is misspelled, is not."""
    found = [(one.place.line, one.code) for one in checked(MANY).findings if one.place]
    assert [
        (1, "wrong-type"),
        (5, "unknown-key"),
        (9, "unknown-key"),
        (12, "trigger-syntax"),
        (14, "duplicate-id"),
        (16, "unknown-action"),
        (17, "no-subscription"),
        (19, "not-set-here"),
        (19, "setting-unknown"),
        (20, "out-of-range"),
        (21, "no-subscription"),
        (22, "unknown-destination"),
    ] == found


def _objects(value: Any) -> list[dict[str, Any]]:
    below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [*([value] if isinstance(value, dict) else []), *(one for part in below for one in _objects(part))]


def one_more(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Misspell a key, take one away, or give it a value of another type, so that the shape is wrong."""
    while True:
        made = copy.deepcopy(document)
        holder = chance.choice([one for one in _objects(made) if one])
        key = chance.choice(sorted(holder))
        way = chance.randrange(3)
        old = holder.pop(key)
        holder.update([{}, {key + "s": old}, {key: chance.choice([[], {}, "x", 7, True])}][way])
        if any(flaws(made)):
            return made


SHAPE = {
    "unknown-key",
    "missing-key",
    "wrong-type",
    "bad-choice",
    "bad-name",
    "bad-form",
    "out-of-range",
    "empty-value",
    "conflicting-keys",
    "missing-id",
    "duplicate-id",
    "unknown-name",
    "bad-write-key",
}


def test_a_mistake_of_shape_brings_nothing_but_itself(checked: Checked) -> None:
    """To a configuration with a mistake comes another, of its shape: beside that nothing is said that was not said
    before it; and some of what was is still said."""
    tried = kept = was = 0
    for example in EXAMPLES:
        good, plan = yaml.safe_load((example / "destinations.yaml").read_text()), example / "plan.json"
        for number, mutant in enumerate(mutants(good, ["$.properties", "$.userId"], 6, 5)):
            before = {(one.code, one.message) for one in checked(mutant.document, plan).findings}
            if not SHAPE & {code for code, _ in before}:
                after = checked(one_more(mutant.document, random.Random(number)), plan).findings
                more = {(one.code, one.message) for one in after if one.code not in SHAPE}
                assert set() == more - before, (example.name, number)
                tried, kept, was = tried + 1, kept + len(more), was + len(before)
    assert (True, True) == (tried > 20, kept > 3), (tried, kept, was)


@pytest.mark.parametrize("case", yaml.safe_load((HERE / "findings.yaml").read_text()), ids=lambda case: case["code"])
def test_without_secrets(tmp_path: Path, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variables that settings name, a check finds what it finds with them, and notes what is not set."""
    path = tmp_path / "c.yaml"
    path.write_text(case.get("text") or HEAD + case["more"])
    found = []
    for environ in (CREDENTIALS, dict.fromkeys(CREDENTIALS)):
        for name, text in environ.items():
            monkeypatch.setenv(name, text) if text else monkeypatch.delenv(name, raising=False)
        found.append({(one.code, one.message) for one in check_file(path).findings})
    there, missing = found
    assert {"not-set-here"} >= {code for code, _ in missing - there}
    assert set() == there - missing
