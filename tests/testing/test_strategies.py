"""Generated values fit by construction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from destination_actions import FieldProblem, FieldSet, Secret, field, load_destination
from destination_actions.errors import ConfigurationError
from destination_actions.fields import Timestamp, fieldset_from_json, when
from destination_actions.testing import (
    any_documents,
    any_events,
    any_payloads,
    any_values,
    example_document,
    example_payload,
    example_settings,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
SLUGS = ["twilio-studio", "webhook"]
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


class Item(FieldSet):
    """An item."""

    sku: str = field("SKU", pattern="^[A-Z]{3}-[0-9]{4}$")
    price: float | None = field("Price", minimum=0, default=None)
    gift: bool | None = field("Gift", default=None)
    wrapping: str | None = field("Wrapping", required=when("gift", is_=True), default=None)


def _together(order: Order) -> FieldProblem | None:
    if order.street is not None and order.city is None:
        return FieldProblem("city", "is needed with a street", code="required")
    if order.street is not None and order.email is not None:
        return FieldProblem("email", "cannot go with a street")
    return None


class Order(FieldSet):
    """Every type, most formats, a condition, and a validator that looks at three fields."""

    order_id: str = field("Order", minimum=3, maximum=12)
    note: str | None = field("Note", type="text", allow_empty=True, default=None)
    token: Secret | None = field("Token", minimum=8, default=None)
    total: float = field("Total", minimum=0, maximum=99.5)
    count: int = field("Count", minimum=-3, maximum=-1)
    paid: bool = field("Paid")
    at: Timestamp = field("At")
    plan: str = field("Plan", choices=["free", "pro"])
    email: str | None = field("Email", format="email", default=None)
    phone: str = field("Phone", format="e164")
    site: str | None = field("Site", format="uri", maximum=60, default=None)
    extra: dict[str, Any] | None = field("Extra", default=None, allow_null=True)
    raw: Any = field("Raw")
    tags: list[str] = field("Tags", min_items=1, max_items=3)
    items: list[Item] | None = field("Items", default=None)
    reason: str | None = field("Reason", required=when("plan", is_="free"), default=None)
    street: str | None = field("Street", default=None)
    city: str | None = field("City", default=None)

    validators = (_together,)


@FEW
@given(any_documents(Order))
def test_a_document_of_every_type_is_accepted_as_it_is(document: dict[str, Any]) -> None:
    """The check finds no error and changes nothing, conditions and validators included."""
    checked = Order.check(document, unknown="refuse")
    assert ((), ()) == (checked.errors, checked.coercions)


KINDS = ["string", "text", "number", "integer", "boolean", "datetime", "object", "password"]


@st.composite
def definitions(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Definitions of fields that can be met."""
    return {f"f{at}": draw(_definition(depth)) for at in range(draw(st.integers(1, 4)))}


@st.composite
def _definition(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    flags = {name: draw(st.booleans()) for name in ("multiple", "allowNull", "required")}
    made: dict[str, Any] = {"label": "F", "type": kind, **flags}
    if kind in ("string", "text", "password"):
        made |= draw(st.sampled_from(TEXT_RULES))
    elif kind in ("number", "integer"):
        made |= draw(st.sampled_from([{}, {"minimum": 0}, {"maximum": 5}, {"minimum": -1, "maximum": 5.5}]))
    elif kind == "object" and depth and draw(st.booleans()):
        made |= {"properties": draw(definitions(depth - 1)), "additionalProperties": draw(st.booleans())}
    return made


TEXT_RULES: list[dict[str, Any]] = [
    {},
    {"minimum": 1, "maximum": 2},
    {"choices": ["x", "5", "true"]},
    *({"pattern": text} for text in ["^[a-z]+$", "[0-9]", r"^\d+$", "b", "^(a|bc){2,3}[^x-z]$", r"^\w+-\S*$"]),
    *({"format": name} for name in ["date", "date-time", "duration", "e164", "email", "hostname", "ipv4", "ipv6"]),
    *({"format": name} for name in ["json-pointer", "regex", "time", "uri", "uri-reference", "uri-template", "uuid"]),
]


@settings(FEW, max_examples=150)
@given(definitions().flatmap(lambda fields: st.tuples(st.just(fields), any_documents(fieldset_from_json(fields)))))
def test_documents_of_generated_fields_are_accepted(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Whatever the fields are, the check accepts every document that is made for them."""
    fields, document = made
    assert () == fieldset_from_json(fields).check(document, unknown="refuse").errors


@pytest.mark.parametrize("slug", SLUGS)
def test_settings_and_payloads_of_real_destinations_are_accepted(slug: str) -> None:
    """Strategies and fixed examples fit real declarations, with their validators."""
    destination = load_destination(slug)

    @settings(FEW, max_examples=20)
    @given(any_documents(destination.settings), any_payloads(destination.actions[0].payload))
    def law(document: dict[str, Any], payload: FieldSet) -> None:
        assert () == destination.settings.check(document, unknown="refuse").errors
        assert isinstance(payload, destination.actions[0].payload)

    law()
    assert () == destination.settings.check(example_settings(destination), unknown="refuse").errors


@FEW
@given(any_events())
def test_events_fit_their_schema(event: dict[str, Any]) -> None:
    """Events of all types are valid, and can be written as JSON."""
    schema = json.loads((SCHEMAS / "event.schema.json").read_text())
    assert jsonschema_rs.is_valid(schema, event)
    assert event == json.loads(json.dumps(event))


@FEW
@given(any_events(type="track", userId="jane", properties=st.just({"total": 5})))
def test_an_event_gets_the_members_that_were_asked_for(event: dict[str, Any]) -> None:
    """Values and strategies replace what would be generated."""
    assert ("track", "jane", {"total": 5}) == (event["type"], event["userId"], event["properties"])


@pytest.mark.parametrize("name", ["event", "outcome", "field"])
def test_values_fit_our_own_schemas(name: str) -> None:
    """Values of a schema with references, alternatives and conditions satisfy it."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())

    @settings(FEW, max_examples=30)
    @given(any_values(schema))
    def law(value: Any) -> None:
        assert jsonschema_rs.is_valid(schema, value)

    law()


class Alike(FieldSet):
    """Fields that are easily mistaken for one another."""

    first: str = field("First")
    second: str = field("Second", maximum=3)
    third: str | None = field("Third", default=None)
    count: int = field("Count", minimum=0, maximum=9)
    total: int = field("Total")
    price: float = field("Price", minimum=0)
    rate: float | None = field("Rate", minimum=0, maximum=1, default=None)


@settings(FEW, max_examples=200)
@given(any_documents(Alike))
def test_no_two_fields_of_a_document_hold_the_same(document: dict[str, Any]) -> None:
    """Fields that are mistaken for one another show in every document, even in the smallest one."""
    values = [value for value in document.values() if not isinstance(value, bool)]
    assert len(values) == len({(isinstance(value, str), value) for value in values})


def test_an_example_is_the_same_every_time_and_has_no_value_twice() -> None:
    """Fields that are mistaken for one another show: no two of them hold the same text or number."""
    document = example_document(Order)
    assert document == example_document(Order)
    values = [value for value in document.values() if isinstance(value, str | int | float) and value is not True]
    assert len(values) == len(set(values))


def test_another_start_gives_other_values() -> None:
    """Two examples differ in every field that is free to."""
    one, other = example_document(Order), example_document(Order, start=100)
    same = {key for key in one.keys() & other.keys() if one[key] == other[key]}
    assert same <= {"plan", "paid", "count"}


def test_an_example_without_optional_fields_has_only_what_is_needed() -> None:
    """What a condition requires is there, nothing else that may be left out."""
    needed = {"orderId", "total", "count", "paid", "at", "plan", "phone", "tags"}
    assert set(example_document(Order, optional=False)) - {"reason"} == needed


def test_a_payload_example_is_the_typed_document() -> None:
    """The instance holds the values of the document."""
    assert example_payload(Order).order_id == example_document(Order)["orderId"]


def test_what_cannot_be_met_is_said() -> None:
    """A validator that nothing satisfies ends in an error that quotes it."""

    class Never(FieldSet):
        """Not to be satisfied."""

        name: str = field("Name")
        validators = (lambda _: FieldProblem("name", "is never right"),)

    with pytest.raises(ConfigurationError, match="is never right"):
        example_document(Never)
