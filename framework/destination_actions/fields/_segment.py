"""FieldSets made from Segment-style field definitions, and the report of what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from destination_actions.errors import DefinitionError
from destination_actions.fields._definition import FieldVerdict, Reading, read_fields
from destination_actions.fields._fieldset import made

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet


def fieldset_from_json(
    fields: Mapping[str, Any], *, name: str = "Payload", additional_properties: bool = False
) -> type[FieldSet]:
    """Make a FieldSet of field definitions in the form of `schemas/field.schema.json`, keyed by wire key.

    A literal `default` is the default value, one that holds a directive the default mapping. Raises DefinitionError
    with every definition of which no field can be made; `import_report` also tells what is read approximately.
    """
    reading = Reading()
    specs = read_fields(fields, name, reading)
    bad = [one for one in reading.verdicts if one.verdict == "unsupported"]
    if bad:
        errors = [DefinitionError(f"{name}.{one.path} {one.reasons[0]}") for one in bad]
        raise DefinitionError("; ".join(error.message for error in errors), errors=errors)
    return made(name, specs, additional=additional_properties)


def import_report(fields: Mapping[str, Any]) -> tuple[FieldVerdict, ...]:
    """Judge field definitions one by one, nested ones after the field that holds them; nothing is raised."""
    reading = Reading()
    read_fields(fields, "Payload", reading)
    return tuple(reading.verdicts)
