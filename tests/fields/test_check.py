"""Checking documents: values that say nothing, coercion, unknown keys, errors."""

from __future__ import annotations

import copy
import enum
from collections import UserDict
from collections.abc import Iterator
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest
from destination_actions.events import MISSING
from destination_actions.fields import FieldProblem, FieldSet, Secret, field


class Inner(FieldSet):
    """A nested object."""

    r: str = field("R")
    n: int | None = field("N", default=None)


class Doc(FieldSet):
    """A payload with the kinds of fields that the rules speak of."""

    s: str | None = field("S", default=None)
    n: float | None = field("N", default=None)
    i: int = field("I", default=60)
    b: bool | None = field("B", default=None)
    o: Inner | None = field("O", default=None)
    l: list[Inner] | None = field("L", default=None)  # noqa: E741
    t: list[str] | None = field("T", default=None)
    null: str | None = field("Null", allow_null=True, default=None)
    empty: str | None = field("Empty", allow_empty=True, default=None)


def document_of(given: Any) -> dict[str, Any]:
    """Give the checked document without the default that every one has."""
    value = Doc.check(given).value
    assert value is not None
    return {key: inner for key, inner in value.to_json().items() if (key, inner) != ("i", 60)}


NOTHING_ROWS = [
    ({"s": None}, {}),
    ({"s": ""}, {}),
    ({"s": MISSING}, {}),
    ({"n": ""}, {}),
    ({"i": None}, {}),
    ({"i": ""}, {}),
    ({"i": 0}, {"i": 0}),
    ({"b": False}, {"b": False}),
    ({"null": None}, {"null": None}),
    ({"null": ""}, {}),
    ({"empty": ""}, {"empty": ""}),
    ({"empty": None}, {}),
    ({"o": None}, {}),
    ({"o": {"r": "", "n": ""}}, {"o": {"r": ""}}),
    ({"l": [{"r": "x", "n": None}, None]}, {"l": [{"r": "x"}]}),
    ({"t": ["", None, "x"]}, {"t": ["", "x"]}),
    ({"t": []}, {"t": []}),
    ({"t": None}, {}),
    ({"t": ""}, {}),
]


@pytest.mark.parametrize(("given", "expected"), NOTHING_ROWS)
def test_values_that_say_nothing_follow_one_rule(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """Null and empty text are dropped or kept by one rule, and a default stands where nothing is said."""
    assert expected == document_of(given)


COERCIONS = [
    ({"s": 5}, {"s": "5"}, "converted"),
    ({"s": 5.0}, {"s": "5"}, "converted"),
    ({"s": 1e21}, {"s": "1e+21"}, "converted"),
    ({"s": 1e-7}, {"s": "1e-7"}, "converted"),
    ({"s": 0.000001}, {"s": "0.000001"}, "converted"),
    ({"s": -0.0}, {"s": "0"}, "converted"),
    ({"s": 12345678901234567890}, {"s": "12345678901234567890"}, "converted"),
    ({"s": True}, {"s": "true"}, "converted"),
    ({"s": date(2024, 5, 7)}, {"s": "2024-05-07"}, "converted"),
    ({"s": ["x"]}, {"s": "x"}, "unwrapped"),
    ({"n": " 5.5 "}, {"n": 5.5}, "converted"),
    ({"n": "0x1F"}, {"n": 31}, "converted"),
    ({"n": True}, {"n": 1}, "converted"),
    ({"i": "1e3"}, {"i": 1000}, "converted"),
    ({"i": "5.0"}, {"i": 5}, "converted"),
    ({"b": "true"}, {"b": True}, "converted"),
    ({"b": 0}, {"b": False}, "converted"),
    ({"t": "x"}, {"t": ["x"]}, "wrapped"),
    ({"l": {"r": "x"}}, {"l": [{"r": "x"}]}, "wrapped"),
]


@pytest.mark.parametrize(("given", "expected", "code"), COERCIONS)
def test_values_are_coerced_and_every_change_is_reported(
    given: dict[str, Any], expected: dict[str, Any], code: str
) -> None:
    """A value of another type is brought to the field's, and the report says where, from what and to what."""
    assert expected == document_of(given)
    (key,) = given
    (change,) = Doc.check(given).coercions
    assert (f"/{key}", code) == (change.pointer, change.code)


def test_a_whole_float_is_an_integer_without_ado() -> None:
    """JSON knows no difference between 5 and 5.0, so the attribute is an int and nothing is reported."""
    checked = Doc.check({"i": 5.0})
    assert checked.value is not None
    assert (int, 5, ()) == (type(checked.value.i), checked.value.i, checked.coercions)


WRONG = [
    ({"s": {"a": 1}}, "/s", "type", "S must be a text, but it is an object"),
    ({"s": ["a", "b"]}, "/s", "type", "S must be a text, but it is a list"),
    ({"n": " "}, "/n", "type", 'N must be a number, but it is " "'),
    ({"n": "Infinity"}, "/n", "type", 'N must be a number, but it is "Infinity"'),
    ({"n": "1_000"}, "/n", "type", 'N must be a number, but it is "1_000"'),
    ({"n": float("nan")}, "/n", "type", "N must be a number, but it is nan"),
    ({"n": float("inf")}, "/n", "type", "N must be a number, but it is inf"),
    ({"i": 5.5}, "/i", "type", "I must be a whole number, but it is 5.5"),
    ({"b": "yes"}, "/b", "type", 'B must be true or false, but it is "yes"'),
    ({"b": 2}, "/b", "type", "B must be true or false, but it is 2"),
    ({"o": []}, "/o", "type", "O must be an object, but it is a list"),
    ({"o": "{}"}, "/o", "type", 'O must be an object, but it is "{}"'),
    ({"o": {}}, "/o/r", "required", "R in O is required, but there is no value for it"),
    ({"l": [None, {"r": 1}, {"n": 1}]}, "/l/2/r", "required", "R in L (item 3) is required"),
    ({"l": [None, {"r": 1, "n": "x"}]}, "/l/1/n", "type", "N in L (item 2) must be a whole number"),
    ({"t": [None, "x", {}]}, "/t/2", "type", "T (item 3) must be a text, but it is an object"),
    ({"s": "\ud800"}, "/s", "not_json", "S holds half of a surrogate pair"),
    ({"s": b"x"}, "/s", "not_json", "S is a Python bytes, which is no JSON value"),
    ({"i": object()}, "/i", "not_json", "I is a Python object, which is no JSON value"),
]


@pytest.mark.parametrize(("given", "pointer", "code", "message"), WRONG)
def test_errors_point_and_say_what_is_wrong(given: dict[str, Any], pointer: str, code: str, message: str) -> None:
    """An error has the pointer into the document as it was given, a stable code, and a sentence with the label."""
    checked = Doc.check(given)
    assert checked.value is None
    assert [(pointer, code)] == [(error.pointer, error.code) for error in checked.errors]
    assert checked.errors[0].message.startswith(message)


def test_a_wrong_type_is_one_error(everything: type[FieldSet]) -> None:
    """A value of another type is not reported a second time as none of the choices."""
    found = everything.check({"plain": "x", "channel": {"a": 1}, "plan": [1, 2]}).errors
    assert [("/channel", "type"), ("/plan", "type")] == [(error.pointer, error.code) for error in found]


def test_all_errors_come_at_once(everything: type[FieldSet]) -> None:
    """Every bound, format, choice, pattern and requirement that fails is listed, in one check."""
    wrong = {
        "longText": "x" * 11,
        "total": 1000.6,
        "count": -1,
        "at": "yesterday",
        "channel": "fax",
        "plan": "p3",
        "sid": "FW00\n",
        "tags": ["too long a tag", "a", "b", "c"],
        "address": {"country": "DEU"},
    }
    found = {(error.pointer, error.code) for error in everything.check(wrong).errors}
    assert {
        ("/plain", "required"),
        ("/longText", "too_long"),
        ("/total", "maximum"),
        ("/count", "minimum"),
        ("/at", "format"),
        ("/channel", "choice"),
        ("/plan", "choice"),
        ("/sid", "pattern"),
        ("/tags", "too_many"),
        ("/tags/0", "too_long"),
        ("/address/country", "too_long"),
    } == found
    assert {"too_few"} == {e.code for e in everything.check({"plain": "x", "tags": []}).errors}
    assert {"too_short"} == {e.code for e in everything.check({"plain": "x", "token": "ab"}).errors}


@pytest.mark.parametrize("given", [None, 5, "x", True, [], MISSING])
def test_a_document_is_an_object(given: Any) -> None:
    """Anything else is one error at the root."""
    assert [("", "type")] == [(error.pointer, error.code) for error in Doc.check(given).errors]


def test_unknown_keys_are_dropped_and_reported_or_refused() -> None:
    """By default a key that no field has is dropped and told; strictly it is an error with a hint, at any depth."""
    given = {"s": "x", "nn": 1, "o": {"r": "x", "zz": {"secret": 1}}}
    checked = Doc.check(given)
    assert ("/o/zz", "/nn") == checked.unknown
    assert "secret" not in repr(checked)
    strict = Doc.check(given, unknown="refuse")
    assert [("/o/zz", "unknown"), ("/nn", "unknown")] == [(error.pointer, error.code) for error in strict.errors]
    assert 'there is no field "nn"' in strict.errors[1].message


def test_keys_of_the_platform_are_never_unknown() -> None:
    """What Segment's platform adds to a mapping is left out without a word."""
    given = {"s": "x", "__segment_internal_sync_mode": "add", "enable_batching": True, "batch_size": 5}
    checked = Doc.check(given, unknown="refuse")
    assert ((), ()) == (checked.errors, checked.coercions)


def test_the_input_is_neither_changed_nor_shared(everything: type[FieldSet]) -> None:
    """A document is the same after a check, and changing the value's lists and objects does not reach it."""
    given = {
        "plain": 5,
        "anything": {"a": [1]},
        "raw": {"b": {}},
        "items": {"id": 5},
        "address": {"country": "FR", "x": {}},
    }
    before = copy.deepcopy(given)
    value: Any = everything.check(given).value
    value.anything["a"].append(2)
    value.raw["b"]["c"] = 1
    value.to_json()["address"]["x"]["y"] = 1
    assert before == given
    assert {} == value.to_json()["address"]["x"]


def test_defaults_are_not_shared(everything: type[FieldSet]) -> None:
    """A list that is a default is a new one each time."""
    one: Any = everything.check({"plain": "x"}).value
    one.dates.append("2024")
    two: Any = everything.check({"plain": "x"}).value
    assert [] == two.dates


class Colour(str, enum.Enum):  # noqa: UP042 - a subclass of str is the point
    RED = "red"


def test_subclasses_of_plain_types_become_plain() -> None:
    """Enumerations, mapping views and tuples are taken for what they are in JSON."""
    given = MappingProxyType({"s": Colour.RED, "o": UserDict({"r": Colour.RED}), "t": ("a", "b")})
    value = Doc.check(given).value
    assert value is not None
    assert (str, str) == (type(value.s), type(value.o.r if value.o else None))
    assert {"s": "red", "o": {"r": "red"}, "t": ["a", "b"], "i": 60} == value.to_json()


def test_values_that_no_json_has_are_errors_wherever_they_are(everything: type[FieldSet]) -> None:
    """Keys that are no texts, NaN and foreign objects are found inside free objects, with the pointer to them."""
    given = {
        "plain": "x",
        "anything": {"a": [1, float("nan")]},
        "raw": {"k": {5: 1}},
        "address": {"country": "FR", "z": {1}},
    }
    found = [(error.pointer, error.code) for error in everything.check(given).errors]
    assert [("/anything/a/1", "not_json"), ("/address/z", "not_json"), ("/raw/k", "not_json")] == found


def test_secret_and_personal_values_are_never_quoted(everything: type[FieldSet]) -> None:
    """Neither errors nor coercions show a secret or a value of the category hashedPII."""
    checked = everything.check({"plain": "x", "token": 12, "email": "jane.doe(at)example", "text": None})
    assert ["/token", "/email"] == [error.pointer for error in checked.errors]
    assert "jane" not in repr(checked)
    assert "12" not in repr(checked.coercions)
    assert "Email must be an email address, but it is a text that is not shown" == checked.errors[1].message


def test_a_phone_number_that_lost_its_plus_is_explained() -> None:
    """A number in place of an E.164 text gets the hint that YAML reads `+1555...` as a number."""

    class Phone(FieldSet):
        to: str = field("To", format="e164")

    assert "write it in quotes" in Phone.check({"to": 15551234567}).errors[0].message
    assert "quotes" not in Phone.check({"to": "15551234567"}).errors[0].message


class Pair(FieldSet):
    """Two numbers that must differ."""

    a: str = field("A")
    b_b: str = field("B")

    def _differ(self: Any) -> FieldProblem | None:
        return FieldProblem("b_b", "must differ from A", code="same") if self.a == self.b_b else None

    def _not_x(self: Any) -> None:
        if self.a == "x":
            raise FieldProblem("", "x is taken")

    def _several(self: Any) -> Iterator[FieldProblem]:
        for name in ("a", "bB"):
            if self.a == "many":
                yield FieldProblem(name, "is one of many")

    validators = (_differ, _not_x, _several)


def test_validators_look_across_fields() -> None:
    """Functions of the class return, raise or yield problems, which become errors like all others."""
    assert () == Pair.check({"a": "1", "bB": "2"}).errors
    errors = Pair.check({"a": "x", "bB": "x"}).errors
    assert [("/bB", "same", "B must differ from A"), ("", "invalid", "x is taken")] == [
        (error.pointer, error.code, error.message) for error in errors
    ]
    assert ["/a", "/bB"] == [error.pointer for error in Pair.check({"a": "many", "bB": "y"}).errors]
    assert Pair.check({"a": "x", "bB": "x"}).value is None


def test_validators_of_objects_within_are_asked_too() -> None:
    """At any depth and in lists, with the pointer into the document as it was given; absent objects are not."""

    class Span(FieldSet):
        first: int = field("First")
        last: int = field("Last")
        validators = (
            lambda span: FieldProblem("last", "must not be below First") if span.last < span.first else None,
            lambda span: FieldProblem("", "is empty", code="empty") if span.first == span.last == 0 else None,
            lambda span: FieldProblem("step", "a step is missing") if span.first == 9 else None,
        )

    class Page(FieldSet):
        span: Span = field("Span")

    class Book(FieldSet):
        cover: Span | None = field("Cover", default=None)
        pages: list[Page] = field("Pages", default=[])

    good, bad, none, odd = ({"first": a, "last": b} for a, b in ((1, 2), (2, 1), (0, 0), (9, 9)))
    assert () == Book.check({"cover": good, "pages": [{"span": good}]}).errors
    assert () == Book.check({}).errors
    assert Book.__compiled__.built({"cover": good, "pages": [{"span": good}]}) is not None
    assert Book.__compiled__.built({"cover": good, "pages": [{"span": bad}]}) is None
    checked = Book.check({"cover": bad, "pages": [None, {"span": good}, {"span": bad}, {"span": none}, {"span": odd}]})
    assert checked.value is None
    assert [
        ("/cover/last", "invalid", "Last", "Last in Cover must not be below First"),
        ("/pages/2/span/last", "invalid", "Last", "Last in Span in Pages (item 3) must not be below First"),
        ("/pages/3/span", "empty", "Span", "Span in Pages (item 4): is empty"),
        ("/pages/4/span/step", "invalid", "", "a step is missing"),
    ] == [(error.pointer, error.code, error.label, error.message) for error in checked.errors]


def test_errors_are_json() -> None:
    """An error gives itself as an object of four texts."""
    (error,) = Doc.check({"i": "x"}).errors
    assert {
        "pointer": "/i",
        "code": "type",
        "label": "I",
        "message": 'I must be a whole number, but it is "x"',
    } == error.to_json()


def test_numbers_of_any_size_are_exact() -> None:
    """A whole number of forty digits is itself, and one of five thousand digits is no accident either."""
    big = 10**40 + 1
    assert {"i": big} == document_of({"i": str(big)})
    assert () == Doc.check({"i": 10**5000}).errors


def test_settings_hold_secrets_and_validation_sees_texts() -> None:
    """A secret is checked like a text and then wrapped."""

    class Settings(FieldSet):
        token: Secret = field("Token", pattern="^[0-9a-f]{4}$")

    value = Settings.check({"token": "00ff"}).value
    assert value is not None
    assert "00ff" == value.token.reveal()
    assert ["pattern"] == [error.code for error in Settings.check({"token": "zz"}).errors]
    assert "zz" not in repr(Settings.check({"token": "zz"}))


def test_a_key_that_is_no_text_is_an_error_of_the_object() -> None:
    """In an object that keeps unknown members too, at the root as within, and a dropped one is only reported."""

    class Open(FieldSet, additional_properties=True):
        a: str | None = field("A", default=None)

    assert [("", "not_json")] == [(error.pointer, error.code) for error in Open.check({5: 1}).errors]
    assert ("/5",) == Doc.check({5: 1}).unknown


@pytest.mark.parametrize("key", ["s", "b", "o", "t"])
def test_a_number_of_thousands_of_digits_is_an_error_like_any_other(key: str) -> None:
    """Python writes no such number, and the message does without it."""
    (error,) = Doc.check({key: 10**5_000}).errors
    assert "a number of hundreds of digits" in error.message
    assert error.pointer.startswith(f"/{key}")


def test_keys_of_segments_platform_are_reserved_at_the_top_alone() -> None:
    """Inside an object a key of that name is unknown like any other."""
    given = {"s": "x", "enable_batching": True, "o": {"r": "x", "enable_batching": True}}
    assert ["/o/enable_batching"] == [error.pointer for error in Doc.check(given, unknown="refuse").errors]
