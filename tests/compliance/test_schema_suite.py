"""Validation of fields against the recorded behaviour of Segment's packages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from _suite import UNDEFINED, Case, check, load, section, strip_undefined, table
from destination_actions.errors import DefinitionError
from destination_actions.events import MISSING
from destination_actions.fields import fieldset_from_json
from schema_rules import RULES

DOCS = Path(__file__).parents[2] / "docs" / "compatibility.md"
ABSENT = re.compile(r"missing the required field '(.*)'\.$")


def plain(value: Any) -> Any:
    """Give a decoded value with MISSING in place of undefined."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return MISSING if value is UNDEFINED else value


def segment(case: Case) -> Any:
    """Give Segment's verdict; a missing value is pointed to where it would stand."""
    expect = case.expect
    if "schema_error" in expect or (not expect["valid"] and not expect["errors"]):
        return {"refused": True}
    if expect["valid"]:
        return {"document": strip_undefined(expect["coerced"])}
    return {"errors": sorted({_where(error) for error in expect["errors"] if '"then" schema' not in error["message"]})}


def _where(error: dict[str, str]) -> str:
    absent = ABSENT.search(error["message"])
    return f"{error['pointer']}/{absent[1]}" if absent else error["pointer"]


def ours(case: Case) -> Any:
    """Give our verdict on the same definitions and payload."""
    try:
        fields = fieldset_from_json(plain(case.input["fields"]))
    except DefinitionError:
        return {"refused": True}
    text = case.input.get("payload_json")
    checked = fields.check(plain(case.input["payload"]) if text is None else json.loads(text))
    if checked.value is None:
        return {"errors": sorted({error.pointer for error in checked.errors})}
    return {"document": checked.value.to_json(reveal=True)}


def test_documents_are_validated_as_segment_does_or_as_a_rule_says() -> None:
    """Every recorded document is valid or not, coerced and pointed at as in Segment, or as a rule says is right."""
    report = check(load("schema"), segment=segment, ours=ours, rules=RULES)
    print(f"\nschema: {report}")
    assert [] == report.failures


def segment_schema(case: Case) -> Any:
    """Give Segment's schema without its dialect, which it repeats inside, and without empty lists of requirements."""
    return _trimmed(case.expect["jsonschema"], {"$schema", "tsType"})


def our_schema(case: Case) -> Any:
    """Give our schema of the same definitions, without the words that only describe."""
    options = case.input.get("options", {}).get("schemaOptions", {})
    try:
        made = fieldset_from_json(
            plain(case.input["fields"]), additional_properties=options.get("additionalProperties", False)
        ).json_schema()
    except DefinitionError:
        return {"refused": True}
    made.pop("title")
    for word in ("required", "allOf") if options.get("omitRequiredSchemas") else ():
        made.pop(word, None)
    return _trimmed(made, {"$schema", "writeOnly"})


def _trimmed(schema: Any, words: set[str]) -> Any:
    if isinstance(schema, list):
        return [_trimmed(item, words) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {word: _trimmed(value, words) for word, value in schema.items() if word not in words}
    return {word: value for word, value in kept.items() if (word, value) != ("required", [])}


def test_schemas_are_those_of_segment_or_as_a_rule_says() -> None:
    """The exported JSON Schema of every recorded definition is Segment's, or as a rule says is right."""
    report = check(load("jsonschema"), segment=segment_schema, ours=our_schema, rules=RULES)
    print(f"\njsonschema: {report}")
    assert [] == report.failures


def test_rules_are_few() -> None:
    """At most twenty rules cover validation and exported schemas together, each with an id of its own."""
    assert len({rule.id for rule in RULES}) == len(RULES) <= 20


def test_compatibility_page_has_the_rules() -> None:
    """The table of the compatibility page is the one made of the rules."""
    assert table(RULES) in section(DOCS.read_text(encoding="utf-8"), "Fields")
