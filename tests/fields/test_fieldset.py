"""Declaring fields: what a class is made of, and what is refused when it is made."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import pytest
from destination_actions.errors import DefinitionError
from destination_actions.events import MISSING
from destination_actions.fields import Choice, FieldSet, Secret, field, secret_values, when


class Flow(FieldSet):
    """A declared payload."""

    flow_sid: str = field("Flow SID", "Starts with FW.", pattern="^FW[0-9a-fA-F]{32}$")
    from_: str = field("From", format="e164")
    cooling_off_period: int = field("Cooling-off Period", default=60, minimum=0)
    user_id: str | None = field("User ID", mapping="userId", hidden=True, default=None)
    auth: Secret | None = field("Auth", default=None)


def test_wire_keys_derive_from_names() -> None:
    """A name becomes camel case, and the underscore after a keyword falls away."""
    assert ["flowSid", "from", "coolingOffPeriod", "userId", "auth"] == [spec.key for spec in Flow.fields()]


def test_one_declaration_gives_the_schema() -> None:
    """The JSON Schema is draft 2020-12 in wire keys, with labels, descriptions, bounds and defaults."""
    assert {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Flow",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "flowSid": {
                "title": "Flow SID",
                "description": "Starts with FW.",
                "type": "string",
                "pattern": "^FW[0-9a-fA-F]{32}$",
            },
            "from": {"title": "From", "type": "string", "format": "e164"},
            "coolingOffPeriod": {"title": "Cooling-off Period", "type": "integer", "minimum": 0, "default": 60},
            "userId": {"title": "User ID", "type": "string"},
            "auth": {"title": "Auth", "type": "string", "format": "password", "writeOnly": True},
        },
        "required": ["flowSid", "from"],
    } == Flow.json_schema()


def test_a_mapping_that_is_a_text_is_short_for_a_path() -> None:
    """`userId` is the path to it, a directive is taken as it is, and fields without a mapping are left out."""

    class Mapped(FieldSet):
        a: str | None = field("A", mapping="properties.x", default=None)
        b: str | None = field("B", mapping={"@template": "{{userId}}"}, default=None)
        c: str | None = field("C", default=None)

    assert {"a": {"@path": "$.properties.x"}, "b": {"@template": "{{userId}}"}} == Mapped.default_mapping()


def test_specs_carry_everything_that_was_declared() -> None:
    """A spec has the attribute's name, the key, the type, the requirement and the hints."""
    sid, sender, period, user, auth = Flow.fields()
    assert ("flow_sid", "flowSid", "Flow SID", "string", True) == (sid.name, sid.key, sid.label, sid.type, sid.required)
    assert "e164" == sender.format
    assert (60, False, 0) == (period.default, period.required, period.minimum)
    assert (MISSING, {"@path": "$.userId"}, True) == (user.default, user.mapping, user.hints.hidden)
    assert (True, True) == (auth.secret, auth.private)


def test_instances_are_typed_frozen_and_compare_by_value() -> None:
    """The constructor takes keywords, fills in defaults, and the result cannot be changed."""
    flow = Flow(flow_sid="FW1", from_="+15551234567")
    assert ("FW1", 60, None) == (flow.flow_sid, flow.cooling_off_period, flow.user_id)
    assert Flow(flow_sid="FW1", from_="+15551234567") == flow
    assert hash(Flow(flow_sid="FW1", from_="+15551234567")) == hash(flow)
    assert Flow(flow_sid="FW2", from_="+15551234567") != flow
    with pytest.raises(AttributeError, match="frozen"):
        flow.flow_sid = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del flow.flow_sid


def test_the_constructor_names_what_is_wrong() -> None:
    """A keyword that no field has and a value that is missing are both named."""
    with pytest.raises(TypeError, match="no field 'flowSid'"):
        Flow(flowSid="x", from_="y")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="needs a value for 'from_'"):
        Flow(flow_sid="x")  # type: ignore[call-arg]


def test_secrets_never_show() -> None:
    """Neither text forms nor dumps nor copies over pickle show a secret; `reveal=True` does."""
    flow = Flow(flow_sid="FW1", from_="+1", auth=Secret("hunter2"))
    shown = f"{flow!r} {flow} {flow.to_json()} {Flow.check(flow.to_json(reveal=True))!r}"
    assert "hunter2" not in shown
    assert "hunter2" == flow.to_json(reveal=True)["auth"]
    assert ("hunter2",) == secret_values(flow)
    assert b"hunter2" not in pickle.dumps(flow)
    assert Flow(flow_sid="FW1", from_="+1", auth=Secret("***")) == pickle.loads(pickle.dumps(flow))
    assert flow == copy.deepcopy(flow)


def test_secrets_are_found_at_any_depth() -> None:
    """`secret_values` looks into objects and lists, gives each text once and leaves empty ones out."""

    class Inner(FieldSet):
        key: Secret = field("Key", allow_empty=True)

    class Outer(FieldSet):
        inner: list[Inner] = field("Inner")
        keys: list[Secret] = field("Keys")
        one: Inner = field("One")

    value = Outer.check({"inner": [{"key": "a"}, {"key": ""}], "keys": ["b", "a"], "one": {"key": "c"}}).value
    assert value is not None
    assert {"a", "b", "c"} == set(secret_values(value))


def test_documents_go_back_to_wire_keys(everything: type[FieldSet]) -> None:
    """A checked value gives its document back: absent values are left out, null and extra members kept."""
    document = {
        "plain": "x",
        "count": 3,
        "channel": "sms",
        "dates": [],
        "active": None,
        "address": {"country": "FR", "extra": [1, None]},
        "items": [{"id": "1", "price": 2.5}],
        "from": "f",
        "a/b~c.d e": "odd",
        "raw": {"x": [1]},
    }
    value = everything.check(document).value
    assert value is not None
    assert document == value.to_json()


def test_moments_are_parsed_where_the_annotation_says_so() -> None:
    """A `datetime` is aware; texts and numbers of seconds and milliseconds are read; years after 9999 are an error."""

    class When(FieldSet):
        at: datetime = field("At")
        more: list[datetime] | None = field("More", default=None)

    value = When.check({"at": "2024-05-07T16:40:00+02:00", "more": [0, 1700000000000, "1700000000"]}).value
    assert value is not None
    assert datetime(2024, 5, 7, 14, 40, tzinfo=UTC) == value.at
    later = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [datetime(1970, 1, 1, tzinfo=UTC), later, later] == value.more
    assert "2024-05-07T16:40:00+02:00" == value.to_json()["at"]
    assert ["format"] == [error.code for error in When.check({"at": 1e30}).errors]


def test_classes_inherit_fields() -> None:
    """A subclass has the fields of its bases first, and may declare one anew."""

    class Base(FieldSet):
        a: str = field("A")
        b: str = field("B")

    class Derived(Base):
        c: int = field("C", default=1)
        b: int = field("B as a number")  # type: ignore[assignment]

    assert [("a", "string"), ("b", "integer"), ("c", "integer")] == [(s.key, s.type) for s in Derived.fields()]
    assert ["string", "string"] == [spec.type for spec in Base.fields()]


def test_literals_and_choices_are_the_same_thing() -> None:
    """A `Literal` annotation gives choices; a choice may have a label of its own."""

    class Chosen(FieldSet):
        a: Literal["x", "y"] = field("A")
        b: int = field("B", choices=[Choice(1, "One"), 2])
        c: Literal[True] | None = field("C", default=None)

    assert [("x", "y"), (1, 2), (True,)] == [tuple(c.value for c in spec.choices) for spec in Chosen.fields()]
    assert ["One", "2"] == [choice.label for choice in Chosen.fields()[1].choices]


def test_names_of_classes_do_not_matter() -> None:
    """Two classes of one name, and a name with a space, each check with their own schema."""
    one = type(FieldSet)("Same name", (FieldSet,), {"__annotations__": {"a": int}, "a": field("A")})
    two = type(FieldSet)("Same name", (FieldSet,), {"__annotations__": {"a": str}, "a": field("A")})
    assert [("type",), ()] == [tuple(e.code for e in made.check({"a": "x"}).errors) for made in (one, two)]


def test_class_variables_and_private_names_are_no_fields() -> None:
    """What is annotated as ClassVar or starts with an underscore is left alone."""

    class Quiet(FieldSet):
        limit: ClassVar[int] = 5
        a: str = field("A")
        _note: str = "x"

    assert ["a"] == [spec.name for spec in Quiet.fields()]


BAD: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("no label", {"a": str}, {"a": field(" ")}, r"Bad\.a has no label"),
    ("no field()", {"a": str}, {"a": 5}, r"Bad\.a is not declared with field"),
    ("no annotation", {}, {"a": field("A")}, r"Bad\.a has no annotation"),
    ("type", {"a": bytes}, {"a": field("A")}, r"Bad\.a no field has the type"),
    ("several types", {"a": int | bool}, {"a": field("A")}, r"Bad\.a no field can be one of several types"),
    ("list of lists", {"a": list[list[str]]}, {"a": field("A")}, r"Bad\.a a list cannot hold"),
    ("list of optional", {"a": list[str | None]}, {"a": field("A")}, r"Bad\.a a list cannot hold"),
    ("literal types", {"a": Literal["x", 1]}, {"a": field("A")}, r"Bad\.a a Literal must hold"),
    ("format", {"a": str}, {"a": field("A", format="emial")}, r'unknown format "emial"\s+hint: did you mean "email"'),
    ("format of int", {"a": int}, {"a": field("A", format="email")}, r"format \"email\" but is of type integer"),
    ("pattern", {"a": str}, {"a": field("A", pattern="[")}, r"pattern that cannot be used: '\['"),
    ("pattern in linear time", {"a": str}, {"a": field("A", pattern=r"(a)\1")}, r"linear time"),
    ("pattern of int", {"a": int}, {"a": field("A", pattern="a")}, r"has a pattern but is of type integer"),
    ("bound of bool", {"a": bool}, {"a": field("A", minimum=0)}, r"mean nothing for type boolean"),
    ("bounds crossed", {"a": int}, {"a": field("A", minimum=2, maximum=1)}, r"minimum 2 above maximum 1"),
    ("bound NaN", {"a": float}, {"a": field("A", minimum=float("nan"))}, r"bound nan, which is no number"),
    ("length 1.5", {"a": str}, {"a": field("A", minimum=1.5)}, r"no length of a text"),
    ("items of text", {"a": str}, {"a": field("A", min_items=1)}, r"no list"),
    ("items crossed", {"a": list[str]}, {"a": field("A", min_items=2, max_items=1)}, r"which no list meets"),
    ("choice type", {"a": int}, {"a": field("A", choices=["x"])}, r"choice 'x', which is no valid integer"),
    ("choice twice", {"a": str}, {"a": field("A", choices=["x", "x"])}, r"same choice twice"),
    ("choice without value", {"a": str}, {"a": field("A", choices=[{"label": "x"}])}, r'a choice needs a "value"'),
    ("default", {"a": int}, {"a": field("A", default=-1, minimum=0)}, r"default -1, but A must be at least 0"),
    ("default type", {"a": int}, {"a": field("A", default="1")}, r"default '1', but A must be a whole number"),
    (
        "default no JSON",
        {"a": dict},
        {"a": field("A", default={1: 2})},
        r"has a default that is no JSON: at its root it has the key 1",
    ),
    ("default of secret", {"a": Secret}, {"a": field("A", default="x")}, r"secret and has a default"),
    ("secret text", {"a": str}, {"a": field("A", secret=True)}, r"annotate it as Secret"),
    ("optional str", {"a": str}, {"a": field("A", required=False)}, r"can be absent"),
    ("conditional str", {"a": str}, {"a": field("A", required=when("b", is_=1))}, r"can be absent"),
    ("null str", {"a": str}, {"a": field("A", allow_null=True)}, r"allows null, but its annotation does not"),
    ("text of int", {"a": int}, {"a": field("A", type="text")}, r'type "text" with its annotation'),
    ("method's name", {"check": str}, {"check": field("C")}, r'method of FieldSet\s+hint: name it "check_"'),
    ("key twice", {"a_b": str, "aB": str}, {"a_b": field("A"), "aB": field("B")}, r'Bad\.aB has the key "aB"'),
    ("conditions", {"a": str | None}, {"a": field("A", required={"x": 1})}, r'a list "conditions"'),
    ("annotation", {"a": "Nowhere"}, {"a": field("A")}, r"Nowhere.*\s+hint: import it where"),
    ("validators", {"a": str}, {"a": field("A"), "validators": ("x",)}, r"tuple of functions"),
]


@pytest.mark.parametrize(("annotations", "body", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_declarations_are_refused_when_the_class_is_made(
    annotations: dict[str, Any], body: dict[str, Any], message: str
) -> None:
    """What cannot be meant raises DefinitionError, naming class, field and what to do."""
    with pytest.raises(DefinitionError, match=message):
        type(FieldSet)("Bad", (FieldSet,), {"__annotations__": annotations, "__module__": __name__, **body})
