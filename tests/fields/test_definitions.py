"""Field definitions as JSON: read, judged, written again."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from destination_actions.errors import DefinitionError
from destination_actions.fields import FieldSet, FieldVerdict, fieldset_from_json, import_report
from destination_actions.schemas import load_schema


def definitions_of(fields: type[FieldSet]) -> dict[str, Any]:
    """Give the definitions of a class as JSON."""
    return {spec.key: spec.to_json() for spec in fields.fields()}


def test_a_class_and_its_definition_give_identical_schemas(everything: type[FieldSet]) -> None:
    """A class that uses every feature, written as JSON and read again, has the same schema, mapping and definition."""
    definitions = definitions_of(everything)
    made = fieldset_from_json(definitions, name="Everything")
    assert everything.json_schema() == made.json_schema()
    assert everything.default_mapping() == made.default_mapping()
    assert definitions == definitions_of(made)
    assert {"exact"} == {verdict.verdict for verdict in import_report(definitions)}


def test_a_class_and_its_definition_judge_alike(everything: type[FieldSet]) -> None:
    """Documents fare the same with the class and with what was read from JSON."""
    made = fieldset_from_json(definitions_of(everything), name="Everything")
    for given in ({}, {"plain": 5, "items": [{"gift": True}]}, {"plain": "x", "count": "-1", "zz": 1}):
        one, two = everything.check(given), made.check(given)
        assert (one.errors, one.coercions) == (two.errors, two.coercions)


def test_definitions_satisfy_their_schema(everything: type[FieldSet]) -> None:
    """What a spec writes is valid by `schemas/field.schema.json`."""
    jsonschema.validate(definitions_of(everything), load_schema("field"))


def test_keys_become_names() -> None:
    """Any wire key has an attribute; names that are taken or reserved get another ending."""
    keys = ["flowSid", "from", "check", "a b", "a.b", "1st", "__x", "é"]
    made = fieldset_from_json({key: {"label": key, "type": "string"} for key in keys})
    assert keys == [spec.key for spec in made.fields()]
    names = [spec.name for spec in made.fields()]
    assert ["flow_sid", "from_", "check_", "a_b", "a_b_2", "field_1st", "x"] == names[:7]
    assert len(set(names)) == len(keys)
    assert {key: key for key in keys} == made.check({key: key for key in keys}).value.to_json()  # type: ignore[union-attr]


def test_a_default_is_a_value_or_a_mapping() -> None:
    """A literal is the default value, what holds a directive at any depth the default mapping."""
    made = fieldset_from_json(
        {
            "a": {"label": "A", "type": "integer", "default": "5"},
            "b": {"label": "B", "type": "object", "default": {"x": {"@path": "$.y"}}},
            "c": {"label": "C", "type": "string", "default": ""},
            "d": {"label": "D", "type": "string", "multiple": True, "default": "x"},
        }
    )
    assert {"b": {"x": {"@path": "$.y"}}} == made.default_mapping()
    assert {"a": 5, "d": ["x"]} == made.check({}).value.to_json()  # type: ignore[union-attr]


def test_every_definition_is_judged() -> None:
    """Exact, approximate with the reason, unsupported with the reason; nested definitions by their path."""
    definitions = {
        "ok": {"label": "A", "type": "string", "hidden": None},
        "bound": {"label": "A", "type": "boolean", "minimum": 1},
        "format": {"label": "A", "type": "number", "format": "email"},
        "word": {"label": "A", "type": "string", "colour": "red"},
        "default": {"label": "A", "type": "integer", "default": "x"},
        "choice": {"label": "A", "type": "string", "choices": [1]},
        "stranger": {
            "label": "A",
            "type": "string",
            "depends_on": {"conditions": [{"fieldKey": "zz", "operator": "is"}]},
        },
        "kind": {"label": "A", "type": "colour"},
        "bad": {"label": "A", "type": "string", "format": "nope"},
        "never": {"label": "A", "type": "integer", "choices": ["x"]},
        "none": 5,
        "o": {"label": "O", "type": "object", "properties": {"in": {"label": "I", "type": "colour"}}},
    }
    found = {one.path: one.verdict for one in import_report(definitions)}
    approximate = dict.fromkeys(["bound", "format", "word", "default", "choice", "stranger"], "approximate")
    unsupported = dict.fromkeys(["kind", "bad", "never", "none", "o.in"], "unsupported")
    assert {"ok": "exact", **approximate, **unsupported, "o": "exact"} == found
    reasons = next(one.reasons for one in import_report(definitions) if one.path == "bound")
    assert ('"minimum" means nothing for type boolean and is left out',) == reasons
    assert FieldVerdict("ok", "exact") == import_report(definitions)[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": "5"},
        {"choices": "abc"},
        {"choices": [{"label": "x"}]},
        {"required": "yes"},
        {"multiple": "true"},
        {"allowNull": 1},
        {"description": 7},
        {"pattern": 5},
        {"disabledInputMethods": 5},
        {"category": []},
        {"depends_on": {"conditions": [5]}},
        {"default": float("inf")},
        {"type": ["string"]},
        {"format": 5},
    ],
)
def test_a_word_of_a_wrong_kind_is_no_definition(wrong: dict[str, Any]) -> None:
    """It is neither read as something else nor passed over; the reason names the word, and others are read."""
    definitions = {"a": {"label": "A", "type": "string", **wrong}, "b": {"label": "B", "type": "string"}}
    a, b = import_report(definitions)
    assert ("unsupported", "exact") == (a.verdict, b.verdict), a
    assert next(iter(wrong)) in a.reasons[0]


def test_a_condition_on_something_that_is_no_definition() -> None:
    """Both are judged; nothing is raised."""
    when_a = {"conditions": [{"fieldKey": "a.b", "operator": "is"}]}
    found = import_report({"s": {"label": "S", "type": "string", "required": when_a}, "a": 5})
    assert ["approximate", "unsupported"] == [one.verdict for one in found]


def test_a_default_mapping_within_an_object_is_not_applied() -> None:
    """It is kept, as forms may offer it, and judged approximate: only top-level fields have a default mapping."""
    inner = {"id": {"label": "ID", "type": "string", "default": {"@path": "$.userId"}}}
    definitions = {"o": {"label": "O", "type": "object", "properties": inner}}
    assert {"o": "exact", "o.id": "approximate"} == {one.path: one.verdict for one in import_report(definitions)}
    assert {} == fieldset_from_json(definitions).default_mapping()


def test_words_of_a_declaration_are_no_names() -> None:
    """A field whose key is such a word does not hide it from the declarations after it."""
    made = fieldset_from_json({key: {"label": key, "type": "string"} for key in ("field", "str", "list", "self")})
    assert ["field_", "str_", "list_", "self"] == [spec.name for spec in made.fields()]
    assert "x" == made(self="x").to_json()["self"]


def test_unsupported_definitions_are_refused_together() -> None:
    """The error names every definition of which no field can be made, with the class's name and the path."""
    definitions = {
        "a": {"label": "A", "type": "colour"},
        "o": {"label": "O", "type": "object", "properties": {"b": {"label": "B", "type": "string", "format": "nope"}}},
    }
    with pytest.raises(
        DefinitionError, match=r'P\.a has the unknown type.*P\.o\.b has the unknown format "nope"'
    ) as info:
        fieldset_from_json(definitions, name="P")
    assert 2 == len(info.value.errors)
