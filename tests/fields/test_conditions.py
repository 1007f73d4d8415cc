"""Conditions: when a field is required, and when it applies."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions.errors import DefinitionError
from destination_actions.fields import FieldSet, field, fieldset_from_json, when

NOTHING: dict[str, Any] = {}


def required_when(conditions: list[dict[str, Any]], match: str = "all") -> type[FieldSet]:
    """Make fields of which `c` is required under conditions on the others."""
    definitions: dict[str, Any] = {
        "s": {"label": "S", "type": "string"},
        "n": {"label": "N", "type": "number"},
        "b": {"label": "B", "type": "boolean"},
        "l": {"label": "L", "type": "string", "multiple": True},
        "o": {"label": "O", "type": "object", "properties": {"x": {"label": "X", "type": "integer"}}},
        "plain": {"label": "Plain", "type": "string", "required": True},
        "c": {"label": "C", "type": "string", "required": {"match": match, "conditions": conditions}},
    }
    return fieldset_from_json(definitions)


ROWS = [
    ({"fieldKey": "s", "operator": "is", "value": "x"}, {"s": "x"}, True),
    ({"fieldKey": "s", "operator": "is", "value": "x"}, {"s": "y"}, False),
    ({"fieldKey": "s", "operator": "is", "value": ["x", "y"]}, {"s": "y"}, True),
    ({"fieldKey": "s", "operator": "is_not", "value": ["x", "y"]}, {"s": "y"}, False),
    ({"fieldKey": "s", "operator": "is_not", "value": "x"}, NOTHING, False),
    ({"fieldKey": "s", "operator": "is"}, NOTHING, True),
    ({"fieldKey": "s", "operator": "is", "value": ""}, {"s": None}, True),
    ({"fieldKey": "s", "operator": "is_not"}, {"s": "x"}, True),
    ({"fieldKey": "s", "operator": "is_not"}, {"s": ""}, False),
    ({"fieldKey": "s", "operator": "is", "value": ["x", ""]}, NOTHING, True),
    ({"fieldKey": "n", "operator": "is", "value": 5}, {"n": "5"}, True),
    ({"fieldKey": "n", "operator": "is", "value": "5"}, {"n": 5}, True),
    ({"fieldKey": "b", "operator": "is", "value": True}, {"b": "true"}, True),
    ({"fieldKey": "b", "operator": "is", "value": "true"}, {"b": True}, True),
    ({"fieldKey": "b", "operator": "is", "value": 1}, {"b": True}, False),
    ({"fieldKey": "l", "operator": "is", "value": "x"}, {"l": ["a", "x"]}, True),
    ({"fieldKey": "l", "operator": "is_not", "value": "x"}, {"l": ["a"]}, True),
    ({"fieldKey": "l", "operator": "is"}, {"l": []}, True),
    ({"fieldKey": "l", "operator": "is_not"}, {"l": []}, False),
    ({"fieldKey": "l", "operator": "is_not", "value": "x"}, {"l": []}, True),
    ({"fieldKey": "l", "operator": "is_not", "value": "x"}, NOTHING, False),
    ({"fieldKey": "l", "operator": "is_not", "value": ["x", None]}, {"l": []}, False),
    ({"fieldKey": "n", "operator": "is", "value": "5.0"}, {"n": 5}, True),
    ({"fieldKey": "s", "operator": "is", "value": [None]}, NOTHING, True),
    ({"fieldKey": "o.x", "operator": "is", "value": 1}, {"o": {"x": "1"}}, True),
    ({"fieldKey": "o.x", "operator": "is"}, {"o": {}}, True),
    ({"fieldKey": "o.x", "operator": "is_not"}, {"o": {"x": 0}}, True),
    ({"type": "syncMode", "operator": "is", "value": "add"}, NOTHING, True),
    ({"fieldKey": "__segment_internal_sync_mode", "operator": "is_not", "value": ["add"]}, NOTHING, False),
    ({"conditions": [{"fieldKey": "s", "operator": "is", "value": "x"}]}, {"s": "x"}, True),
]


@pytest.mark.parametrize(("condition", "given", "needed"), ROWS)
def test_a_condition_is_looked_at_after_coercion(
    condition: dict[str, Any], given: dict[str, Any], needed: bool
) -> None:
    """Equal, one of a list, contained in a list, absent, in an object, sync mode: by one rule each."""
    errors = required_when([condition]).check({"plain": "p", **given}, sync_mode="add").errors
    assert ([("/c", "required")] if needed else []) == [(error.pointer, error.code) for error in errors]


def test_any_and_all_and_plain_requirements_beside() -> None:
    """All is the default, any takes one, and a plain requirement beside a conditional one still holds."""
    two = [{"fieldKey": "s", "operator": "is", "value": "x"}, {"fieldKey": "n", "operator": "is", "value": 1}]
    assert ["/plain"] == [error.pointer for error in required_when(two).check({"s": "x"}).errors]
    assert {"/plain", "/c"} == {error.pointer for error in required_when(two, "any").check({"s": "x"}).errors}
    assert ["/c"] == [error.pointer for error in required_when(two).check({"plain": "p", "s": "x", "n": 1}).errors]


def test_without_a_sync_mode_no_condition_on_it_holds() -> None:
    """Neither `is` nor `is_not` a mode holds where the subscription has none."""
    for operator in ("is", "is_not"):
        made = required_when([{"type": "syncMode", "operator": operator, "value": "add"}])
        assert () == made.check({"plain": "p"}).errors


def test_conditions_within_lists_look_at_the_same_item(everything: type[FieldSet]) -> None:
    """A condition inside a list of objects, written from the root or from beside, means the item that it stands in."""
    given = {"plain": "x", "items": [{"id": "1", "gift": False}, {"id": "2", "gift": "true"}, {"id": "3"}]}
    assert ["/items/1/wrapping"] == [error.pointer for error in everything.check(given).errors]


def test_conditions_in_objects_find_fields_from_the_inside_outwards() -> None:
    """A name is looked up beside the field first, then in the objects around it, at any depth."""
    leaf = {
        "label": "Leaf",
        "type": "string",
        "required": {
            "conditions": [
                {"fieldKey": "kind", "operator": "is", "value": "inner"},
                {"fieldKey": "mode", "operator": "is", "value": "on"},
            ]
        },
    }
    inner = {
        "label": "I",
        "type": "object",
        "multiple": True,
        "properties": {"kind": {"label": "Kind", "type": "string"}, "leaf": leaf},
    }
    made = fieldset_from_json({
        "kind": {"label": "Kind", "type": "string"},
        "mode": {"label": "Mode", "type": "string"},
        "o": {"label": "O", "type": "object", "properties": {"i": inner}},
    })  # fmt: skip
    given = {"kind": "outer", "mode": "on", "o": {"i": [{"kind": "inner"}, {"kind": "outer"}]}}
    assert ["/o/i/0/leaf"] == [error.pointer for error in made.check(given).errors]
    assert () == made.check({**given, "mode": "off"}).errors


def test_a_field_that_does_not_apply_is_never_required(everything: type[FieldSet]) -> None:
    """`depends_on` suspends the requirement; a value for such a field is still checked and kept."""
    assert () == everything.check({"plain": "x"}).errors
    assert ["/text"] == [error.pointer for error in everything.check({"plain": "x", "plan": "p1"}).errors]
    value: Any = everything.check({"plain": "x", "text": "kept"}).value
    assert "kept" == value.text


def test_conditions_are_exported_where_json_schema_can_say_them() -> None:
    """Conditions on fields of the same object become if and then; those on the sync mode stay out."""

    class Exported(FieldSet):
        kind: str | None = field("Kind", default=None)
        a: str | None = field("A", required=when("kind", is_=["x", "y"]), default=None)
        b: str | None = field("B", required=when("kind", is_=None), default=None)

    test = {"properties": {"kind": {"enum": ["x", "y"]}}, "required": ["kind"]}
    nothing = {"not": {"properties": {"kind": {"not": {"enum": [None, ""]}}}, "required": ["kind"]}}
    assert [
        {"if": test, "then": {"required": ["a"]}},
        {"if": nothing, "then": {"required": ["b"]}},
    ] == Exported.json_schema()["allOf"]
    assert "allOf" not in required_when([{"type": "syncMode", "operator": "is", "value": "add"}]).json_schema()


@pytest.mark.parametrize(
    "bad",
    [
        {"conditions": "x"},
        {"match": "some", "conditions": []},
        {"conditions": [{"fieldKey": "s", "operator": "contains", "value": "x"}]},
        {"conditions": [{"fieldKey": 5, "operator": "is"}]},
        {"conditions": [5]},
    ],
)
def test_conditions_that_cannot_be_read_are_refused(bad: Any) -> None:
    """An unknown operator or shape is an error of the definition, not a condition that never holds."""
    with pytest.raises(DefinitionError):
        fieldset_from_json({"c": {"label": "C", "type": "string", "required": bad}})


def test_a_condition_needs_one_comparison() -> None:
    """`when` takes exactly one of `is_` and `is_not`."""
    with pytest.raises(DefinitionError, match="exactly one"):
        when("a")
    with pytest.raises(DefinitionError, match="exactly one"):
        when("a", is_=1, is_not=2)
