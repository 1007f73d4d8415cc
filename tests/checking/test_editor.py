"""The schema for editors: what the runtime takes it takes, and it refuses what a person gets wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from click.testing import Result
from config_mutants import mutants
from destination_actions.checking import Report, editor_schema
from destination_actions.cli.app import build
from destination_actions.plugins import load_destination
from jsonschema import Draft202012Validator
from planned_events import EXAMPLES
from typer.testing import CliRunner

SCHEMA = editor_schema([load_destination("twilio-studio"), load_destination("webhook")])
VALIDATOR = Draft202012Validator(SCHEMA)
GOOD = yaml.safe_load((EXAMPLES[-2] / "destinations.yaml").read_text())
assert "post-purchase" in GOOD["destinations"]

Change = Callable[[dict[str, Any]], Any]


def lane(document: dict[str, Any]) -> dict[str, Any]:
    """The one destination."""
    found: dict[str, Any] = document["destinations"]["post-purchase"]
    return found


def mapping(document: dict[str, Any]) -> dict[str, Any]:
    """The one mapping."""
    found: dict[str, Any] = lane(document)["subscriptions"][0]["mapping"]
    return found


WRONG: dict[str, Change] = {
    "a destination that is not installed": lambda one: lane(one).update(destination="twilio-stdio"),
    "a setting that there is not": lambda one: lane(one)["settings"].update(accountSidd="x"),
    "a setting of another type": lambda one: lane(one)["settings"].update(executionsPerSecond=[1, 2]),
    "a setting that is none of the choices": lambda one: lane(one)["settings"].update(contactBusy="wait"),
    "a setting that is missing": lambda one: lane(one)["settings"].pop("spaceId"),
    "an action that there is not": lambda one: lane(one)["subscriptions"][0].update(action="triggerFlow"),
    "a preset that there is not": lambda one: lane(one)["subscriptions"].append({"preset": "Suport"}),
    "a preset without what it needs": lambda one: lane(one)["subscriptions"].append({"preset": "Support workflow"}),
    "a field that there is not": lambda one: mapping(one).update(flowSd="x"),
    "a field that is missing": lambda one: mapping(one).pop("flowSid"),
    "no mapping at all": lambda one: lane(one)["subscriptions"][0].pop("mapping"),
    "a constant of another form": lambda one: mapping(one).update(flowSid="XX1"),
    "a constant of another type": lambda one: mapping(one).update(coolingOffPeriod=[300, 60]),
    "a number below its bound": lambda one: mapping(one).update(coolingOffPeriod=-1),
    "a text where an object belongs": lambda one: mapping(one).update(parameters="x"),
    "a directive that there is not": lambda one: mapping(one).update(to={"@pathh": "$.x"}),
    "a directive with a wrong argument": lambda one: mapping(one).update(to={"@case": {"operator": "title"}}),
    "two directives in one": lambda one: mapping(one).update(to={"@path": "x", "@literal": 1}),
    "a directive deep within": lambda one: mapping(one)["parameters"].update(x={"y": [{"@path": 1}]}),
}
RIGHT: dict[str, Change] = {
    "a directive for a number": lambda one: mapping(one).update(coolingOffPeriod={"@path": "$.properties.s"}),
    "a number as text": lambda one: mapping(one).update(coolingOffPeriod="300"),
    "a reference in a setting": lambda one: lane(one)["settings"].update(executionsPerSecond="${env:N}"),
    "a field with its default mapping": lambda one: mapping(one).update(userId={"@path": "$.traits.id"}),
    "a key of Segment's platform": lambda one: mapping(one).update(enable_batching=True),
    "a preset with what it needs": lambda one: lane(one)["subscriptions"].append(
        {"preset": "Support workflow", "mapping": {"flowSid": "FW" + "0" * 32, "from": "+15551234567"}}
    ),
    "Segment's word for action": lambda one: lane(one)["subscriptions"][0].update(
        partnerAction=lane(one)["subscriptions"][0].pop("action")
    ),
    "what is turned off": lambda one: one["destinations"].update(x={"destination": "gone", "enabled": False}),
    "the alias": lambda one: lane(one).update(destination="actions-twilio-studio"),
    "null for a field that may be left out": lambda one: mapping(one).update(to=None),
}


def test_it_is_a_schema() -> None:
    """It is valid draft 2020-12, and every reference within it leads somewhere."""
    Draft202012Validator.check_schema(SCHEMA)
    names = {part.split('"')[0] for part in json.dumps(SCHEMA).split("#/$defs/")[1:]}
    assert set() == names - SCHEMA["$defs"].keys()


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_examples_are_valid(folder: Any) -> None:
    """Every example keeps to it."""
    assert [] == [
        error.message for error in VALIDATOR.iter_errors(yaml.safe_load((folder / "destinations.yaml").read_text()))
    ]


@pytest.mark.parametrize("what", WRONG)
def test_wrong(checked: Callable[..., Report], what: str) -> None:
    """What the schema refuses is what the check finds too."""
    document = copy.deepcopy(GOOD)
    WRONG[what](document)
    assert not VALIDATOR.is_valid(document)
    assert [one for one in checked(document).findings if one.level != "note"]


@pytest.mark.parametrize("what", RIGHT)
def test_right(checked: Callable[..., Report], what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the runtime takes is taken."""
    monkeypatch.setenv("N", "5")
    document = copy.deepcopy(GOOD)
    RIGHT[what](document)
    assert [] == [error.message for error in VALIDATOR.iter_errors(document)]
    assert checked(document).ok


def test_nothing_is_refused_that_the_check_finds_good(checked: Callable[..., Report]) -> None:
    """Of configurations with seeded changes, those without error or warning keep to the schema; but it asks for what
    is meant where the runtime converts oddities: true for a number, an empty text, a list of one."""
    odd = (": True", ": ''", ": [")
    for mutant in mutants(GOOD, ["$.properties.order_id", "$.userId"], 120, 3):
        if any(word in mutant.what for word in odd):
            continue
        if not [one for one in checked(mutant.document).findings if one.level != "note"]:
            assert VALIDATOR.is_valid(mutant.document), (mutant.kind, mutant.what)


def test_what_an_editor_completes() -> None:
    """Titles, descriptions, defaults and choices of settings and fields are where an editor looks for them."""
    settings = SCHEMA["$defs"]["twilio-studio.settings"]["properties"]
    fields = SCHEMA["$defs"]["twilio-studio.triggerStudioFlow"]["else"]["properties"]
    assert ("Account SID", "retry") == (settings["accountSid"]["title"], settings["contactBusy"]["default"])
    assert (60, True) == (fields["coolingOffPeriod"]["default"], fields["eventType"]["deprecated"])


def test_the_command() -> None:
    """`schema config` has what is installed in it, and with --plain only the file."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(build(arguments), arguments)

    assert "twilio-studio.settings" in json.loads(run("schema", "config").stdout)["$defs"]
    assert "twilio-studio.settings" not in json.loads(run("schema", "config", "--plain").stdout)["$defs"]
