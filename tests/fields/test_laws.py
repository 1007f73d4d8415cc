"""Laws of checking, over generated fields and documents."""

from __future__ import annotations

import copy
import re
from typing import Any

import jsonschema
from destination_actions.fields import FieldSet, fieldset_from_json
from destination_actions.fields._clean import Report, clean
from destination_actions.fields._formats import OWN_FORMATS
from destination_actions.fields._schema import compile_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

law = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = ["a", "b", "c", "some key", "d.e"]
KINDS = ["string", "text", "number", "integer", "boolean", "datetime", "object", "password"]
TEXTS = st.sampled_from(["", " ", "x", "5", "5.0", "true", "2024-05-07", "a@b.co", "+15551234567", "Ab1", "é😀", "x\n"])
NUMBERS = st.sampled_from([0, 1, -1, 5, 5.0, 5.5, 1e21, 2**60, -0.0]) | st.integers(-9, 9)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
DOCUMENTS = st.dictionaries(
    st.sampled_from(KEYS),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


@st.composite
def definitions(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Give field definitions with bounds, choices, formats, patterns, lists, nested objects and requirements."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    made = {key: draw(_definition(depth)) for key in keys}
    for definition in made.values():
        for word in (
            draw(st.sets(st.sampled_from(["required", "depends_on"]), max_size=1)) if draw(st.booleans()) else ()
        ):
            definition[word] = draw(_conditions(made))
    return made


def _conditions(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give conditions on the fields beside, and on those of objects beside."""
    paths = list(fields) + [
        f"{key}.{inner}" for key, one in fields.items() if not one["multiple"] for inner in one.get("properties", ())
    ]
    one = st.builds(
        lambda path, operator, value: {"fieldKey": path, "operator": operator, "value": value},
        st.sampled_from(paths),
        st.sampled_from(["is", "is_not"]),
        SCALARS | st.lists(SCALARS, max_size=2),
    )
    return st.builds(
        lambda match, parts: {"match": match, "conditions": parts},
        st.sampled_from(["all", "any"]),
        st.lists(one, min_size=1, max_size=2),
    )


@st.composite
def _definition(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    made: dict[str, Any] = {
        "label": "F",
        "type": kind,
        "multiple": draw(st.booleans()),
        "allowNull": draw(st.booleans()),
    }
    made["required"] = draw(st.booleans())
    if kind in ("string", "text", "password"):
        made |= draw(_text_rules())
    elif kind in ("number", "integer"):
        made |= draw(st.sampled_from([{}, {"minimum": 0}, {"maximum": 5}, {"minimum": -1, "maximum": 5.5}]))
    elif kind == "object" and depth and draw(st.booleans()):
        made |= {"properties": draw(definitions(depth - 1)), "additionalProperties": draw(st.booleans())}
    return made


def _text_rules() -> st.SearchStrategy[dict[str, Any]]:
    formats = st.sampled_from(sorted(OWN_FORMATS.keys() - {"date-like"})).map(lambda name: {"format": name})
    patterns = st.sampled_from(["^[a-z]+$", "[0-9]", r"^\d+$", "b"]).map(lambda text: {"pattern": text})
    bounds = st.sampled_from([{"minimum": 1}, {"maximum": 2}, {"minimum": 0, "maximum": 0}])
    return st.just({}) | formats | patterns | bounds | st.just({"choices": ["x", "5", "true"]})


def oracle(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Make a jsonschema validator with our formats and with patterns as JSON Schema has them.

    Two exclusions: formats are the functions of this package in both (the other libraries differ among themselves),
    and a pattern's `$` is the very end and `\\d` ASCII, as in ECMAScript, where Python's own `re` says otherwise.
    """
    checker = jsonschema.FormatChecker(formats=())
    for name, test in OWN_FORMATS.items():
        checker.checks(name)(lambda value, test=test: not isinstance(value, str) or test(value))

    def pattern(_: Any, expression: str, instance: Any, __: Any) -> Any:
        ecma = re.sub(r"\$$", r"\\Z", expression)
        if isinstance(instance, str) and not re.search(ecma, instance, re.ASCII):
            yield jsonschema.ValidationError("pattern")

    extended = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": pattern})
    made: jsonschema.Draft202012Validator = extended(schema, format_checker=checker)
    return made


@law
@given(definitions(), DOCUMENTS)
def test_jsonschema_agrees_with_jsonschema_rs(fields: dict[str, Any], document: dict[str, Any]) -> None:
    """For every generated class and document both libraries find the exported schema met or not met alike."""
    schema = fieldset_from_json(fields).json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert oracle(schema).is_valid(document) == compile_schema(schema).is_valid(document)


@law
@given(definitions(), DOCUMENTS)
def test_a_valid_value_satisfies_the_schema_and_checks_to_itself(
    fields: dict[str, Any], document: dict[str, Any]
) -> None:
    """What a check lets through meets the exported schema by the oracle, and checking it again changes nothing."""
    made = fieldset_from_json(fields)
    value = made.check(document).value
    if value is None:
        return
    again = value.to_json(reveal=True)
    assert oracle(made.json_schema()).is_valid(again)
    checked = made.check(again, unknown="refuse")
    assert (value, (), ()) == (checked.value, checked.errors, checked.coercions)


@law
@given(definitions(), DOCUMENTS)
def test_a_document_is_valid_exactly_when_what_is_made_of_it_meets_the_schema(
    fields: dict[str, Any], document: dict[str, Any]
) -> None:
    """The oracle finds the exported schema, conditions and all, met by the cleaned document exactly when a check does.

    The one exclusion is what JSON Schema cannot say: that an item of a list looks at a field around the list.
    """
    made = fieldset_from_json(fields)
    report = Report(strict=False)
    cleaned = clean(made.__compiled__.plan, document, "", report)
    if not report.errors:
        assert oracle(made.json_schema()).is_valid(cleaned) == (made.check(document).value is not None)


@law
@given(definitions(), DOCUMENTS, st.sampled_from(["drop", "refuse"]))
def test_a_check_is_value_or_errors_and_leaves_the_input_alone(
    fields: dict[str, Any], document: dict[str, Any], unknown: Any
) -> None:
    """There is a value exactly when there are no errors; the document is as before; pointers are of the document."""
    made = fieldset_from_json(fields)
    before = copy.deepcopy(document)
    checked = made.check(document, unknown=unknown)
    assert before == document
    assert (checked.value is None) == bool(checked.errors)
    for error in checked.errors:
        around = error.pointer.rpartition("/")[0] if error.code == "required" else error.pointer
        assert _reaches(document, around)


def _reaches(document: Any, pointer: str) -> bool:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            document = document[int(key)] if isinstance(document, list) else document[key]
        except (KeyError, IndexError, TypeError):
            # a single value that stands for a list of one is pointed to as its first item
            if key != "0":
                return False
    return True


@law
@given(definitions())
def test_definitions_read_back_from_what_they_write(fields: dict[str, Any]) -> None:
    """Definitions written by specs read to the same schema and definitions."""
    made = fieldset_from_json(fields)
    written = {spec.key: spec.to_json() for spec in made.fields()}
    again: type[FieldSet] = fieldset_from_json(written)
    assert made.json_schema() == again.json_schema()
    assert written == {spec.key: spec.to_json() for spec in again.fields()}
