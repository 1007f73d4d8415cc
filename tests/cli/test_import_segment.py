"""A Segment definition becomes a module of this framework that says the same; what cannot is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import Result
from destination_actions import FieldSet, Runtime
from destination_actions.cli.segment_definition import imported
from destination_actions.cli.segment_source import source_of

Run = Callable[..., Result]

METADATA: dict[str, Any] = {
    "slug": "actions-acme-mail",
    "name": 'Acme "Mail"',
    "mode": "cloud",
    "authentication": {
        "scheme": "custom",
        "fields": {
            "apiKey": {"label": "API Key", "type": "password", "required": True},
            "endpoint": {
                "label": "Endpoint",
                "type": "string",
                "required": True,
                "choices": [{"label": "US", "value": "https://us.acme.test"}, "https://eu.acme.test"],
                "default": "https://us.acme.test",
            },
        },
    },
    "actions": {
        "sendMail": {
            "title": "Send Mail",
            "description": "Sends\na mail.",
            "platform": "cloud",
            "defaultSubscription": 'type = "track"',
            "syncMode": {"default": "add"},
            "hooks": {"onMappingSave": {}},
            "fields": {
                "from": {"label": "From", "type": "string", "format": "email", "required": True},
                "user_id": {"label": "User ID", "type": "string", "default": {"@path": "$.userId"}, "allowNull": True},
                "sentAt": {"label": "Sent at", "type": "datetime", "default": {"@path": "$.timestamp"}},
                "count": {"label": "Count", "type": "integer", "default": 1, "minimum": 0, "maximum": 10},
                "ratio": {"label": "Ratio", "type": "number", "required": False},
                "html": {"label": "HTML", "type": "text"},
                "tags": {"label": "Tags", "type": "string", "multiple": True},
                "extra": {"label": "Extra", "type": "object", "defaultObjectUI": "keyvalue"},
                "items": {
                    "label": "Items",
                    "type": "object",
                    "multiple": True,
                    "additionalProperties": True,
                    "properties": {
                        "sku": {"label": "SKU", "type": "string", "required": True},
                        "at": {
                            "label": "At",
                            "type": "object",
                            "properties": {"lat": {"label": "Lat", "type": "number"}},
                        },
                    },
                },
                "reply": {
                    "label": "Reply",
                    "type": "string",
                    "required": {"conditions": [{"fieldKey": "ratio", "operator": "is", "value": 1}]},
                },
                "colour": {"label": "Colour", "type": "colour"},
                "enable_batching": {"label": "Batch", "type": "boolean", "default": True},
            },
        },
        "send-mail": {"title": "Another with nearly the same name", "fields": {}},
        "trackPage": {"title": "Track Page", "platform": "web", "fields": {}},
    },
    "presets": [
        {
            "name": "Orders",
            "partnerAction": "sendMail",
            "subscribe": 'type = "track" and event = "Order Completed"',
            "mapping": {
                "from": "shop@acme.test",
                "user_id": {"@path": "$.userId"},
                "count": 2,
                "enable_batching": True,
            },
            "type": "automatic",
        },
        {"name": "Audiences", "partnerAction": "sendMail", "type": "specificEvent", "mapping": {}},
    ],
}


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """The module that is printed for the definition, imported."""
    made = ModuleType("acme_mail")
    sys.modules[made.__name__] = made
    exec(compile(source_of(imported(METADATA)), "acme_mail.py", "exec"), vars(made))
    yield made
    del sys.modules[made.__name__]


def facts(fields: type[FieldSet]) -> list[Any]:
    """Everything about the fields but the names of nested classes."""
    return [
        [getattr(spec, name) for name in spec.__slots__ if name != "properties"]
        + ([facts(spec.properties)] if spec.properties else [])
        for spec in fields.fields()
    ]


def test_the_module_says_what_the_definition_says(module: ModuleType) -> None:
    """Settings and payloads of the printed classes equal those read from the definition, nested ones included."""
    definition = imported(METADATA)
    assert facts(definition.settings) == facts(module.destination.settings)
    for action in definition.actions:
        assert facts(action.payload) == facts(module.destination.action(action.slug).payload)


def test_slug_actions_and_presets(module: ModuleType) -> None:
    """The destination has both slugs, the actions that run on servers, and presets without what is default anyway."""
    destination = module.destination
    assert ("acme-mail", ("actions-acme-mail",), 'Acme "Mail"') == (
        destination.slug,
        destination.aliases,
        destination.name,
    )
    assert ["sendMail", "send-mail"] == [action.slug for action in destination.actions]
    (preset,) = destination.presets
    assert ("Orders", "sendMail", {"from": "shop@acme.test", "count": 2}) == (
        preset.name,
        preset.action,
        preset.mapping,
    )


def test_the_module_runs_and_refuses_until_it_has_code(module: ModuleType) -> None:
    """Events are matched and mapped by the imported preset; the action says that it has no code yet."""
    settings = {"apiKey": "k", "endpoint": "https://eu.acme.test"}
    with Runtime(module.destination, settings=settings, subscriptions=[{"preset": "Orders"}]) as runtime:
        (outcome,) = runtime.send({"type": "track", "event": "Order Completed", "userId": "jane"})
    assert ("rejected", "sendMail has no code yet") == (outcome.outcome, outcome.summary())


def test_verdicts(destinations: Run, tmp_path: Path) -> None:
    """Every part has a verdict; whatever is not exact has a reason."""
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(METADATA))
    result = destinations("import-segment", path, "--json")
    report = json.loads(result.stdout)
    verdicts = {part["path"]: part["verdict"] for part in report["parts"]}
    assert {
        "settings.apiKey": "exact",
        "sendMail.items.at.lat": "exact",
        "sendMail.colour": "unsupported",
        "sendMail sync mode": "approximate",
        "sendMail hooks": "unsupported",
        "trackPage": "unsupported",
        'preset "Orders"': "exact",
        'preset "Audiences"': "unsupported",
    }.items() <= verdicts.items()
    assert [] == [part for part in report["parts"] if part["verdict"] != "exact" and not part["reasons"]]
    assert report["counts"]["exact"] == list(verdicts.values()).count("exact")


def test_the_command_prints_module_and_report(destinations: Run, tmp_path: Path) -> None:
    """The module is the standard output, so it can be redirected; the report is on standard error."""
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(METADATA))
    result = destinations("import-segment", path)
    assert (0, source_of(imported(METADATA))) == (result.exit_code, result.stdout)
    assert "sendMail.colour" in result.stderr


@pytest.mark.parametrize("text", ["nope", "[]", '{"slug": "x"}'])
def test_what_is_no_definition(destinations: Run, tmp_path: Path, text: str) -> None:
    """Anything else is refused."""
    path = tmp_path / "metadata.json"
    path.write_text(text)
    assert 2 == destinations("import-segment", path).exit_code


def of_action(fields: Any, slug: str = "a", **more: Any) -> dict[str, Any]:
    """A definition with one action."""
    return {"actions": {slug: {"fields": fields, **more}}}


TEXT = {"label": "X", "type": "string"}
ODD = {
    "an action that is no object": ({"actions": {"a": 5}}, {"a": "unsupported"}),
    "an action whose name cannot be one": (of_action({"x": TEXT}, "a b/c"), {"a b/c": "unsupported"}),
    "fields that are no object": (of_action([1]), {}),
    "a field that is no object": (of_action({"x": 5, "y": TEXT}), {"a.x": "unsupported", "a.y": "exact"}),
    "a default mapping that says nothing": (
        of_action({"x": TEXT | {"default": {"@pth": 1}}}),
        {"a.x": "approximate"},
    ),
    "an expression that is no text": (
        of_action({}, defaultSubscription=5)
        | {"presets": [{"name": "p", "partnerAction": "a", "subscribe": 5}, 5, {"partnerAction": "zz"}]},
        {
            "a default subscription": "unsupported",
            'preset "p"': "unsupported",
            'preset "None"': "unsupported",
        },
    ),
    "presets that are none": ({"actions": {}, "presets": 5, "authentication": 5}, {}),
    "classes with the names of imports": (
        {"actions": {slug: {"fields": {"x": TEXT}} for slug in ("Destination", "None", "FieldSet", "Any")}},
        {},
    ),
    "actions with nearly the same name": (
        {"actions": {slug: {"fields": {"x": TEXT}} for slug in ("sendMail", "SendMail", "send-mail", "SENDMail")}},
        {},
    ),
    "fields with the names of words": (
        of_action(dict.fromkeys(("field", "str", "list", "class", "self", "check", "__class__", "1st", "a b"), TEXT)),
        {},
    ),
    "quotes": (of_action({"x": {"type": "string", "label": "q\"'\n\\", "description": '"""'}}, description='"""'), {}),
    "presets of one name": (
        of_action({"x": TEXT})
        | {"presets": [{"name": name, "partnerAction": "a", "subscribe": "type = 'track'"} for name in "pppq"]},
        {},
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_definition_gives_a_module_that_works(name: str) -> None:
    """What cannot be taken over has a verdict, and the rest is a module whose fields and functions are its own."""
    metadata, expected = ODD[name]
    definition = imported(metadata)
    verdicts = {one.path: one.verdict for one in definition.verdicts}
    assert expected.items() <= verdicts.items()
    made = ModuleType("odd")
    sys.modules[made.__name__] = made
    try:
        exec(compile(source_of(definition), "odd.py", "exec"), vars(made))
    finally:
        del sys.modules[made.__name__]
    actions = made.destination.actions
    assert [facts(one.payload) for one in definition.actions] == [facts(one.payload) for one in actions]
    assert len(actions) == len({one.perform for one in actions}) == len({one.payload for one in actions})
    assert len(definition.presets) == len({preset.name for preset in made.destination.presets})
