"""`destinations check` for programs: options, exit codes and formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft4Validator

Run = Callable[..., Result]

CONFIG = """\
destinations:
  shop:
    destination: twilio-studio
    settings: {accountSid: AC00000000000000000000000000000000, authToken: canary-1, spaceId: s,
      profileApiAccessToken: "${env:T}"}
    subscriptions:
      - name: One
        subscribe: type = "track" and event = "Order Completed"
        action: triggerStudioFlow
        mapping:
          flowSid: FW00000000000000000000000000000005
          from: "+15550009000"
          coolingOffPeriod: {"@path": $.properties.order_id}
"""
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text())
"""The schema of the OASIS standard, as the JSON Schema Store has it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration with a secret in clear text."""
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG)
    return path


def test_json(destinations: Run, path: Path) -> None:
    """The report is JSON with every finding and the verdict on every field; secrets are not in it."""
    result = destinations("check", path, "--json", T="t")
    report = json.loads(result.stdout)
    assert (0, True, ["secret-in-clear"]) == (result.exit_code, report["ok"], [f["code"] for f in report["findings"]])
    assert (str(path), 4, 75) == tuple(report["findings"][0][key] for key in ("file", "line", "column"))
    verdicts = {one["field"]: one["verdict"] for one in report["fields"]}
    assert {"flowSid": "proven", "coolingOffPeriod": "unknown", "userId": "proven"}.items() <= verdicts.items()
    assert "canary" not in result.stdout


def test_sarif(destinations: Run, path: Path) -> None:
    """The report is SARIF: each result has a rule that is described in two lengths, as code hosts ask, and its line and
    column."""
    log: dict[str, Any] = json.loads(destinations("check", path, "--sarif", T="t").stdout)
    Draft4Validator(SARIF).validate(log)
    (run,) = log["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert {"id", "shortDescription", "fullDescription", "help", "defaultConfiguration"} == rule.keys()
    (result,) = run["results"]
    assert "secret-in-clear" == result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    place = result["locations"][0]["physicalLocation"]
    assert (f"file://{path}", {"startLine": 4, "startColumn": 75}) == (
        place["artifactLocation"]["uri"],
        place["region"],
    )


def test_sarif_with_a_mistake_is_none(destinations: Run, path: Path) -> None:
    """The standard's schema refuses a log with a level, a line or a rule that it does not have."""
    log: dict[str, Any] = json.loads(destinations("check", path, "--sarif", T="t").stdout)
    for name, wrong in (("level", "fatal"), ("ruleId", 7), ("locations", [{"physicalLocation": {"region": 1}}])):
        result = log["runs"][0]["results"][0]
        broken = {**log, "runs": [{**log["runs"][0], "results": [result | {name: wrong}]}]}
        assert not Draft4Validator(SARIF).is_valid(broken)


def test_sarif_of_a_file_that_cannot_be_read(destinations: Run, tmp_path: Path) -> None:
    """An error without a line is a result too, and the exit code stays 2."""
    result = destinations("check", tmp_path / "no such.yaml", "--sarif")
    log = json.loads(result.stdout)
    Draft4Validator(SARIF).validate(log)
    assert (2, "unreadable") == (result.exit_code, log["runs"][0]["results"][0]["ruleId"])


def test_a_sample_of_events(destinations: Run, path: Path, tmp_path: Path) -> None:
    """With events as they came, the type of what is mapped is known; --fields shows why."""
    events = tmp_path / "events.ndjson"
    one = {"type": "track", "event": "Order Completed", "userId": "jane", "properties": {"order_id": "A-1"}}
    events.write_text(json.dumps(one) + "\n" + json.dumps(one | {"type": "page"}) + "\n")
    result = destinations("check", path, "--events", events, "--fields", T="t", COLUMNS="200")
    assert f"{path}:13:11: " in result.stderr
    assert "what coolingOffPeriod (integer) is given never fits" in result.stderr
    assert 'must be a whole number, but it is "A-1"' in " ".join(result.stdout.split())
    assert (0, 2) == (result.exit_code, destinations("check", path, "--strict", T="t").exit_code)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "it is empty"), ("{]", "this line is not JSON"), ("[1]", "value 1 is no event"), (None, "cannot be read")],
)
def test_no_plan(destinations: Run, path: Path, tmp_path: Path, text: str | None, said: str) -> None:
    """A file that is no plan is refused by name."""
    plan = tmp_path / "plan.json"
    if text is not None:
        plan.write_text(text)
    result = destinations("check", path, "--events", plan, T="t")
    assert (2, True, True) == (result.exit_code, said in result.stderr, str(plan) in result.stderr)


def test_explain(destinations: Run) -> None:
    """A code is explained as its page does; an unknown one gives the nearest."""
    assert "Write `${env:NAME}`" in destinations("check", "--explain", "secret-in-clear").stdout
    result = destinations("check", "--explain", "secret-in-claer")
    assert (2, True) == (result.exit_code, 'did you mean "secret-in-clear"?' in result.stderr)
    assert "no configuration is named" in destinations("check").stderr
