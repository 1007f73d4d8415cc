"""Changes of a destination: each kind, how serious it is, and that nothing changed goes unseen."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions.changes import changes_between
from destination_actions.cli.app import build
from destination_actions.describe import describe
from destination_actions.plugins import load_destination
from typer.testing import CliRunner

BASE = json.loads(json.dumps(describe(load_destination("twilio-studio"))))
Edit = Callable[[dict[str, Any]], Any]


def fields(one: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of the action by key."""
    return {field["key"]: field for field in one["actions"][0]["payload"]["fields"]}


def add(one: dict[str, Any], **field: Any) -> None:
    """Declare a new field."""
    made = {"key": "extra", "label": "Extra", "type": "string", "required": False}
    one["actions"][0]["payload"]["fields"].append(made | field)


def drop(one: dict[str, Any], key: str) -> None:
    """Take a field away."""
    one["actions"][0]["payload"]["fields"].remove(fields(one)[key])


CASES: list[tuple[str, str, Edit]] = [
    ("required-field-added", "breaking", lambda one: add(one, required=True)),
    ("field-added", "risky", lambda one: add(one, required=True, default="x")),
    ("field-added", "compatible", add),
    ("field-removed", "breaking", lambda one: drop(one, "to")),
    ("field-removed", "breaking", lambda one: one["settings"]["fields"].pop()),
    ("type-narrowed", "breaking", lambda one: fields(one)["to"].update(type="integer")),
    ("type-widened", "compatible", lambda one: fields(one)["coolingOffPeriod"].update(type="number")),
    ("list-changed", "risky", lambda one: fields(one)["to"].update(multiple=True)),
    ("required-added", "breaking", lambda one: fields(one)["to"].update(required=True)),
    ("required-added", "risky", lambda one: fields(one)["userId"].update(required=True)),
    ("required-removed", "compatible", lambda one: fields(one)["flowSid"].update(required=False)),
    ("required-changed", "risky", lambda one: fields(one)["to"].update(required={"conditions": []})),
    ("choice-removed", "breaking", lambda one: one["settings"]["fields"][9]["choices"].pop()),
    ("choice-added", "compatible", lambda one: one["settings"]["fields"][9]["choices"].append({"value": "x"})),
    ("choices-added", "breaking", lambda one: fields(one)["to"].update(choices=[{"value": "x", "label": "X"}])),
    ("choices-removed", "compatible", lambda one: one["settings"]["fields"][9].pop("choices")),
    ("pattern-changed", "breaking", lambda one: fields(one)["flowSid"].update(pattern="^X$")),
    ("pattern-removed", "compatible", lambda one: fields(one)["flowSid"].pop("pattern")),
    ("format-changed", "breaking", lambda one: fields(one)["to"].update(format="e164")),
    ("limit-tightened", "breaking", lambda one: fields(one)["coolingOffPeriod"].update(minimum=1)),
    ("limit-tightened", "breaking", lambda one: fields(one)["coolingOffPeriod"].update(maximum=9)),
    ("limit-loosened", "compatible", lambda one: fields(one)["coolingOffPeriod"].pop("maximum")),
    ("default-changed", "risky", lambda one: fields(one)["coolingOffPeriod"].update(default=61)),
    ("default-removed", "risky", lambda one: fields(one)["coolingOffPeriod"].pop("default")),
    ("default-added", "risky", lambda one: fields(one)["to"].update(default="x")),
    ("default-changed", "risky", lambda one: fields(one)["userId"].update(defaultMapping={"@path": "$.x"})),
    ("null-changed", "compatible", lambda one: fields(one)["to"].update(allowNull=True)),
    ("secret-changed", "risky", lambda one: one["settings"]["fields"][1].pop("secret")),
    ("deprecated", "compatible", lambda one: fields(one)["to"].update(deprecated=True)),
    ("condition-changed", "risky", lambda one: fields(one)["to"].update(dependsOn={"conditions": []})),
    ("members-declared", "breaking", lambda one: fields(one)["parameters"].update(properties=[])),
    ("words-changed", "compatible", lambda one: fields(one)["to"].update(label="x")),
    ("action-removed", "breaking", lambda one: one["actions"].clear()),
    ("action-added", "compatible", lambda one: one["actions"].append(one["actions"][0] | {"slug": "other"})),
    ("default-trigger-changed", "compatible", lambda one: one["actions"][0].update(defaultSubscription="event = 'A'")),
    ("cooldown-changed", "risky", lambda one: one["actions"][0].update(cooldown=False)),
    ("hidden", "compatible", lambda one: one["actions"][0].update(hidden=True)),
    ("preset-removed", "breaking", lambda one: one["presets"].pop()),
    ("preset-added", "compatible", lambda one: one["presets"].append(one["presets"][0] | {"name": "other"})),
    ("preset-changed", "risky", lambda one: one["presets"][0].update(subscribe="event = 'A'")),
    ("name-removed", "breaking", lambda one: one["aliases"].clear()),
    ("name-added", "compatible", lambda one: one["aliases"].append("studio")),
    ("authentication-changed", "risky", lambda one: one["authentication"].update(scheme="basic")),
    ("test-removed", "risky", lambda one: one["authentication"].update(test=False)),
]


@pytest.mark.parametrize(
    ("code", "severity", "edit"), CASES, ids=[f"{code}-{number}" for number, (code, *_) in enumerate(CASES)]
)
def test_change(code: str, severity: str, edit: Edit) -> None:
    """One edit is one change, of that kind and seriousness."""
    changed = copy.deepcopy(BASE)
    edit(changed)
    assert [(code, severity)] == [(one.code, one.severity) for one in changes_between(BASE, changed)]


def test_no_change() -> None:
    """A description against itself has none."""
    assert () == changes_between(BASE, copy.deepcopy(BASE))


def test_the_other_way() -> None:
    """What adding breaks, removing does too, or it is compatible: each edit is seen backwards."""
    for code, _, edit in CASES:
        changed = copy.deepcopy(BASE)
        edit(changed)
        assert changes_between(changed, BASE) or code in {"deprecated", "hidden", "test-removed"}, code


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(build(list(arguments)), list(arguments), env={"COLUMNS": "160"})


def test_command(tmp_path: Path) -> None:
    """Files and slugs compare; the exit code follows --fail-on."""
    path = tmp_path / "old.json"
    changed = copy.deepcopy(BASE)
    fields(changed)["coolingOffPeriod"].pop("default")
    path.write_text(json.dumps(changed))
    table = run("diff", str(path), "twilio-studio")
    assert (0, True) == (table.exit_code, "default-added" in table.stdout)
    assert "0 breaking, 1 risky, 0 compatible" in table.stderr
    found = run("diff", str(path), "twilio-studio", "--fail-on", "risky", "--json")
    assert (1, "risky") == (found.exit_code, json.loads(found.stdout)["worst"])
    fields(changed)["coolingOffPeriod"]["maximum"] = 10**9
    path.write_text(json.dumps(changed))
    assert 1 == run("diff", str(path), "twilio-studio").exit_code
    assert 0 == run("diff", str(path), "twilio-studio", "--fail-on", "never").exit_code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["twilio-stdio", "twilio-studio"], 'did you mean "twilio-studio"?'),
        (["no/such.json", "twilio-studio"], 'there is no file "no/such.json"'),
        (["{empty}", "twilio-studio"], "no description of a destination"),
        (["twilio-studio", "twilio-studio", "--fail-on", "all"], "--fail-on must be one of"),
    ],
)
def test_usage(tmp_path: Path, arguments: list[str], said: str) -> None:
    """What cannot be compared is said, and exits with 2."""
    (tmp_path / "empty.json").write_text("{}")
    result = run("diff", *(one.replace("{empty}", str(tmp_path / "empty.json")) for one in arguments))
    assert (2, True) == (result.exit_code, said in result.stderr), result.stderr
