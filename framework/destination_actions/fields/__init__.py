"""Fields: one declaration is the type, the JSON Schema, the default mapping, the check and the form."""

from __future__ import annotations

from destination_actions.fields._checked import Checked, Coercion, FieldError, FieldProblem
from destination_actions.fields._conditions import Condition, Conditions, all_of, any_of, when, when_sync_mode
from destination_actions.fields._dates import parse_moment
from destination_actions.fields._definition import FieldVerdict
from destination_actions.fields._fieldset import (
    FieldSet,
    payload_from,
    quick_payload,
    secret_values,
    with_default,
    write_quick,
)
from destination_actions.fields._names import attribute_name, is_reserved, wire_key
from destination_actions.fields._secret import MASK, Secret
from destination_actions.fields._segment import fieldset_from_json, import_report
from destination_actions.fields._specs import Choice, FieldSpec, FieldType, Hints, Timestamp, field

__all__ = [
    "MASK",
    "Checked",
    "Choice",
    "Coercion",
    "Condition",
    "Conditions",
    "FieldError",
    "FieldProblem",
    "FieldSet",
    "FieldSpec",
    "FieldType",
    "FieldVerdict",
    "Hints",
    "Secret",
    "Timestamp",
    "all_of",
    "any_of",
    "attribute_name",
    "field",
    "fieldset_from_json",
    "import_report",
    "is_reserved",
    "parse_moment",
    "payload_from",
    "quick_payload",
    "secret_values",
    "when",
    "when_sync_mode",
    "wire_key",
    "with_default",
    "write_quick",
]
