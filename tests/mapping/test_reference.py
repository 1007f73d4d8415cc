"""The schema and the reference page are made of the directives, and cannot say anything else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import MappingError
from destination_actions.mapping import BUILTIN_DIRECTIVES, Directive, compile_mapping, mapping_schema
from destination_actions.mapping._reference import reference_table
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from mapping_strategies import MAPPINGS

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "mapping.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
PAGE = (ROOT / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")


def test_the_schema_file_is_made_of_the_directives() -> None:
    """`schemas/mapping.schema.json` is what `mapping_schema()` gives."""
    assert mapping_schema() == SCHEMA


def test_the_schema_is_a_schema_and_its_examples_are_valid() -> None:
    """Draft 2020-12 accepts it, and every example in it is a valid mapping."""
    Draft202012Validator.check_schema(SCHEMA)
    examples = [*SCHEMA["examples"], *(directive.example[0] for directive in BUILTIN_DIRECTIVES.values())]
    assert [] == [error.message for example in examples for error in VALIDATOR.iter_errors(example)]


@pytest.mark.parametrize("directive", BUILTIN_DIRECTIVES.values(), ids=lambda directive: directive.name)
def test_the_reference_has_a_section_for_a_directive(directive: Directive) -> None:
    """Its arguments and its example stand there as they are declared."""
    assert reference_table(directive) in PAGE


def test_the_directive_of_the_reference_page_works() -> None:
    """The example of a plugin's directive is run as it is printed."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    mapping, event, document = names["REVERSE"].example
    assert document == compile_mapping(
        mapping, directives={"@path": BUILTIN_DIRECTIVES["@path"], "@reverse": names["REVERSE"]}
    ).resolve(event)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MAPPINGS)
def test_the_schema_accepts_every_mapping_that_compiles(mapping: Any) -> None:
    """Generated mappings are valid by both."""
    compile_mapping(mapping)
    assert [] == [error.message for error in VALIDATOR.iter_errors(mapping)]


def test_the_schema_refuses_what_the_compiler_refuses() -> None:
    """Except for what no schema can say: limits, paths, expressions, zones, dates and Liquid."""
    lines = (Path(__file__).parent / "errors.jsonl").read_text(encoding="utf-8").splitlines()
    beyond = ("a path is not endless", "a time zone exists", "a date has a form", "Liquid", "is escaped")
    cases = [json.loads(line) for line in lines]
    for case in cases:
        with pytest.raises(MappingError):
            compile_mapping(case["mapping"])
        if not any(part in case["fact"] for part in beyond):
            assert not VALIDATOR.is_valid(case["mapping"]), case["fact"]
