"""Where fields are validated otherwise than in Segment's packages, on purpose.

Each predicate looks at the definitions, the payload and Segment's result alone. What is right comes from
`_fields_model`, or, for exported schemas, from Segment's own schema mended in the one place that the rule names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from _fields_model import choice_values, judge, schema
from _suite import UNDEFINED, Case, Rule, same, strip_undefined

TEXT = ("string", "text", "password")


def fields_of(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every field definition, at any depth."""
    for field in fields.values():
        yield field
        yield from fields_of(field.get("properties") or {})


def payload_of(case: Case) -> Any:
    """Give the payload, read from its text where numbers are written in a form that matters."""
    text = case.input.get("payload_json")
    return case.input.get("payload") if text is None else json.loads(text)


def values_of(case: Case) -> Iterator[tuple[dict[str, Any], Any]]:
    """Give every field with its raw value, at any depth, where there is one."""
    payload = payload_of(case)
    yield from _values(case.input.get("fields") or {}, payload if isinstance(payload, dict) else {})


def _values(fields: dict[str, Any], members: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    for item in members if isinstance(members, list) else [members]:
        for key, field in fields.items():
            if isinstance(item, dict) and key in item:
                yield field, item[key]
                yield from _values(field.get("properties") or {}, item[key])


def any_value(test: Callable[[dict[str, Any], Any], bool]) -> Callable[[Case, Any], bool]:
    """Make a predicate that holds when the test does for some field and its raw value."""
    return lambda case, _: any(test(field, value) for field, value in values_of(case))


def any_field(test: Callable[[dict[str, Any]], bool]) -> Callable[[Case, Any], bool]:
    """Make a predicate that holds when the test does for some field definition."""
    return lambda case, _: any(test(field) for field in fields_of(case.input.get("fields") or {}))


def modelled(case: Case, _: Any) -> Any:
    """Give what the model says is right for a document, or for the schema where that was asked for."""
    if not {"payload", "payload_json"} & case.input.keys():
        return schema(strip_undefined(case.input["fields"]))
    return judge(strip_undefined(case.input["fields"]), payload_of(case))


def items(value: Any) -> list[Any]:
    """Give the items of a list, or the value as its only item."""
    return value if isinstance(value, list) else [value]


def _empty_uncleaned(case: Case, _: Any) -> bool:
    cleaned = case.input.get("options", {}).get("removeEmpty") and case.input["options"].get("isRoot", True)
    found = any(None in items(value) or "" in items(value) for _, value in values_of(case))
    return found and not cleaned


def _within_list(field: dict[str, Any], value: Any) -> bool:
    inner = field.get("properties") or {}
    empties = [one for item in items(value) if isinstance(item, dict) for one in item.values()]
    return bool(field.get("multiple") and inner and (None in empties or "" in empties))


def _null_in_one(field: dict[str, Any], value: Any) -> bool:
    return not field.get("multiple") and value == [None]


def _no_number(field: dict[str, Any], value: Any) -> bool:
    texts = [one.strip() for item in items(value) for one in items(item) if isinstance(one, str) and one]
    if any(isinstance(one, float) and math.isinf(one) for one in items(value)):
        return True
    return field.get("type") in ("number", "integer") and any(one.lstrip("+-") in ("", "Infinity") for one in texts)


def _null_object(field: dict[str, Any], value: Any) -> bool:
    falsy = value is False or (isinstance(value, int | float) and value == 0)
    return field.get("type") == "object" and bool(field.get("allowNull")) and falsy


def _list_of_checked(field: dict[str, Any]) -> bool:
    checked = field.get("type") == "datetime" or {"format", "minimum", "maximum"} & field.keys()
    return bool(field.get("multiple") and checked)


def _listed_one(field: dict[str, Any], value: Any) -> bool:
    nullable = field.get("allowNull") and not field.get("multiple") and field.get("type") != "object"
    return _listed_date(field, value) or bool(nullable and isinstance(value, list) and len(value) == 1)


def _listed_date(field: dict[str, Any], value: Any) -> bool:
    inner = [item for item in items(value) if isinstance(item, list)] if field.get("multiple") else [value]
    return field.get("type") == "datetime" and any(isinstance(one, list) and len(one) == 1 for one in inner)


def _date_text(field: dict[str, Any], value: Any) -> bool:
    return field.get("type") == "datetime" and any(isinstance(one, str) and one for one in items(value))


def _foreign_choice(field: dict[str, Any]) -> bool:
    kinds: dict[str, Any] = {"number": int | float, "integer": int, "boolean": bool}
    kind = kinds.get(str(field.get("type")), str)
    return any(not isinstance(value, kind) for value in choice_values(field)) or (
        field.get("type") == "datetime" and bool(choice_values(field))
    )


def _unheeded_bound(field: dict[str, Any]) -> bool:
    bounds = [field[word] for word in ("minimum", "maximum") if field.get(word) is not None]
    heeded = field.get("type") in ("string", "number") and not field.get("multiple")
    means = field.get("type") in (*TEXT, "number", "integer")
    return bool(bounds) and means and (not heeded or 0 in bounds)


def _broken_condition(case: Case, _: Any) -> bool:
    fields = case.input.get("fields") or {}
    return any(_breaks(field, fields, nested=False, listed=False) for field in fields.values())


def _breaks(field: dict[str, Any], beside: dict[str, Any], *, nested: bool, listed: bool) -> bool:
    required = field.get("required")
    conditions = required.get("conditions", []) if isinstance(required, dict) else []
    if conditions and (
        listed or (nested and len(conditions) > 1) or any(f.get("required") is True for f in beside.values())
    ):
        return True
    if any(_misread(one, beside) for one in conditions):
        return True
    inner = field.get("properties") or {}
    deeper = listed or nested or bool(field.get("multiple"))
    return any(_breaks(one, inner, nested=True, listed=deeper) for one in inner.values())


def _misread(one: dict[str, Any], beside: dict[str, Any]) -> bool:
    key = str(one.get("fieldKey", ""))
    unset = one.get("value", UNDEFINED) is UNDEFINED
    other = beside.get(key, {})
    typed = other.get("type") not in (*TEXT, None) or other.get("multiple")
    return isinstance(one.get("value"), list) or one.get("type") == "syncMode" or ("." in key and unset) or bool(typed)


def _inexact(_: dict[str, Any], value: Any) -> bool:
    return any(isinstance(one, int) and not isinstance(one, bool) and int(float(one)) != one for one in items(value))


def _lost_format(field: dict[str, Any]) -> bool:
    kind, wanted = field.get("type"), field.get("format")
    return (wanted is not None and kind not in ("string", "datetime")) or (
        bool(field.get("multiple")) and kind in ("text", "password")
    )


RULES = [
    Rule(
        "fields-empty-always",
        "Cleaning up null and empty text is a step before validation that batches do in part; without it null becomes "
        "an empty text, 0 or false, and an empty text is an error for numbers",
        "one rule in every check: null is nothing, an empty text is nothing at the top level and where it is no text",
        "the same event must not fare differently alone and in a batch; null is not zero",
        _empty_uncleaned,
        modelled,
    ),
    Rule(
        "fields-empty-in-lists",
        "Objects in a list are not cleaned: their nulls become empty texts, and required members pass",
        "objects in a list are cleaned like any other",
        "a missing required value must not pass because it stands in a list",
        any_value(_within_list),
        modelled,
    ),
    Rule(
        "fields-null-in-list-of-one",
        "`[null]` for a single value becomes an empty text, 0 or false",
        "a list of one stands for its item, so it is null",
        "null is not zero",
        any_value(_null_in_one),
        modelled,
    ),
    Rule(
        "fields-no-number",
        'Text of spaces is the number 0, and `"Infinity"` an infinite one',
        "neither is a number",
        "JSON has no infinity, and spaces are a mistake that zero would hide",
        any_value(_no_number),
        modelled,
    ),
    Rule(
        "fields-null-object",
        "`0` and `false` become null for an object that allows null",
        "they are no objects",
        "a wrong value must not turn into a deletion",
        any_value(_null_object),
        modelled,
    ),
    Rule(
        "fields-items-checked",
        "Format, dates and bounds are not checked in a list",
        "every item is checked like a single value",
        "the definition says what the values must be",
        any_field(_list_of_checked),
        modelled,
    ),
    Rule(
        "fields-null-list",
        "`allowNull` of a list is forgotten: null becomes a list with an empty text",
        "null is kept",
        "the definition allows it",
        any_field(lambda field: bool(field.get("multiple") and field.get("allowNull"))),
        modelled,
    ),
    Rule(
        "fields-list-of-one",
        "A list of one is refused where null is allowed; one of a date is refused if it is a text, and made a text if "
        "it is a number",
        "it stands for its item, as everywhere",
        "one rule for all types",
        any_value(_listed_one),
        modelled,
    ),
    Rule(
        "fields-date-grammar",
        'Dates are what V8 makes something of: "foo 2024" and 31 February pass, "5.0" does not',
        "a stated grammar: ISO 8601, RFC 2822, slashes, English month names, decimal numbers; the day must exist",
        "a typing error must not become a moment in time",
        lambda case, theirs: any_value(_date_text)(case, theirs) and not same(theirs, modelled(case, theirs)),
        modelled,
    ),
    Rule(
        "fields-defaults",
        "A default value is filled in by the app's forms only",
        "it stands wherever the mapping gives no value",
        "a configuration written by hand has no form",
        lambda case, _: any(
            "default" in field and "@" not in repr(field["default"])
            for field in fields_of(case.input.get("fields") or {})
        ),
        modelled,
    ),
    Rule(
        "fields-choice-type",
        "A choice of another type than the field is compared with the coerced value and never matches",
        "choices are coerced like values; one that cannot be of the type is refused when the class is made",
        "a field that no value satisfies is a mistake of its definition",
        any_field(_foreign_choice),
        modelled,
    ),
    Rule(
        "fields-bounds",
        "`minimum: 0` and `maximum: 0` are ignored, and bounds of whole numbers, texts and passwords",
        "they hold for every type that they mean something for",
        "the definition says so",
        any_field(_unheeded_bound),
        modelled,
    ),
    Rule(
        "fields-conditions",
        "A condition is misread with a list of values, on a sync mode, on a value inside an object, a list or a type "
        "that is coerced, and several within one object; it also switches off plain `required` beside it",
        "conditions are looked at after coercion, at any depth, in every combination",
        "required means required",
        _broken_condition,
        modelled,
    ),
    Rule(
        "fields-ipv4",
        "`01.2.3.4` is an IPv4 address",
        "a part has no leading zero",
        "some programs read such a part as octal, so the address is not the one that was checked",
        any_value(lambda field, value: field.get("format") == "ipv4" and str(value).startswith("0")),
        modelled,
    ),
    Rule(
        "fields-exact-integers",
        "Whole numbers above 2^53 lose their last digits",
        "they are exact",
        "such numbers are ids",
        any_value(_inexact),
        modelled,
    ),
    Rule(
        "fields-exempt",
        "A key can be exempt from validation and is then kept as it came",
        "there is no exemption: what is not declared is dropped, what is declared is checked",
        "declare the setting as an object instead",
        lambda case, _: "exempt" in case.input.get("options", {}),
        modelled,
    ),
    Rule(
        "fields-format-place",
        "A format of a text area or a password gives way to that of the type, one of a list stands on the list, and "
        "one of another type stands there without a meaning",
        "an author's format is kept and stands where it is checked, and only there",
        "a schema says what is checked",
        any_field(_lost_format),
        modelled,
    ),
    Rule(
        "fields-default-mapping",
        "A default mapping is exported as the default value",
        "`default` is a value; the default mapping has its own place, `FieldSet.default_mapping()`",
        'by its schema the field would have the value `{"@path": ...}`',
        any_field(lambda field: "@" in repr(field.get("default"))),
        modelled,
    ),
]
