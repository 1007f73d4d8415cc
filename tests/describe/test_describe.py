"""A destination as data."""

from __future__ import annotations

import json
from typing import Any

from destination_actions import FieldSet, Secret, field
from destination_actions.describe import describe, describe_fields
from destination_actions.schemas import load_schema
from jsonschema import Draft202012Validator
from notes import destination


def test_description_keeps_to_its_schema() -> None:
    """Whatever a destination declares, its description is JSON that keeps to the schema."""
    description = describe(destination())
    Draft202012Validator(load_schema("destination")).validate(json.loads(json.dumps(description)))


def test_functions_appear_as_whether_they_are_there() -> None:
    """Cooldown, batch, reconcile, auth test and sandbox are told by yes and no."""
    description = describe(destination())
    action: dict[str, Any] = description["actions"][0]
    assert (True, False, False, False) == (
        action["cooldown"],
        action["batch"],
        action["reconcile"],
        description["sandbox"],
    )


class Inner(FieldSet):
    """An object within."""

    sku: str = field("SKU")


class Everything(FieldSet):
    """Fields with facts that are easily lost."""

    zero: int = field("Zero", default=0, minimum=0, maximum=9)
    off: bool = field("Off", default=False)
    token: Secret = field("Token")
    path: str | None = field("Path", mapping="userId", default=None, hidden=True)
    items: list[Inner] | None = field("Items", default=None)


def test_what_is_declared_is_told_and_nothing_else() -> None:
    """Zero and false are facts, absent declarations are left out, nested fields are described."""
    zero, off, token, path, items = describe_fields(Everything)["fields"]
    assert (0, 0, 9) == (zero["default"], zero["minimum"], zero["maximum"])
    assert {"key": "off", "label": "Off", "type": "boolean", "required": False, "default": False} == off
    assert (True, True) == (token["secret"], token["required"])
    assert ({"@path": "$.userId"}, True) == (path["defaultMapping"], path["hidden"])
    assert (True, ["sku"]) == (items["multiple"], [inner["key"] for inner in items["properties"]])
