"""The schemas that ship with the framework."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from destination_actions.errors import ConfigurationError
from destination_actions.schemas import load_schema, schema_names

FOLDER = Path(__file__).parents[1] / "schemas"


def test_every_file_of_the_folder_is_a_schema() -> None:
    """The names are those of the files in the project's `schemas/` folder, sorted."""
    assert (
        tuple(sorted(path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json"))) == schema_names()
    )
    assert "field" in schema_names()


@pytest.mark.parametrize("name", schema_names())
def test_schemas_are_valid_and_described_by_examples(name: str) -> None:
    """Each is valid draft 2020-12, has a title and an id, and its examples meet it."""
    schema = load_schema(name)
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["$id"]
    for example in schema.get("examples", []):
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(example)


def test_ids_differ() -> None:
    """No two schemas share an id."""
    ids = [load_schema(name)["$id"] for name in schema_names()]
    assert len(set(ids)) == len(ids)


def test_a_loaded_schema_is_a_copy() -> None:
    """Changing what was loaded does not change what is loaded next."""
    load_schema("field").clear()
    assert load_schema("field")


def test_an_unknown_name_gets_a_hint() -> None:
    """A name that there is not is refused, with the one that was meant."""
    with pytest.raises(ConfigurationError, match=r'no schema "feild"') as info:
        load_schema("feild")
    assert 'did you mean "field"?' == info.value.hint
