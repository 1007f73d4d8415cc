"""From an event straight to the payload: never another one than by way of the document, and as often as that way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from destination_actions import FieldProblem, FieldSet, Secret, compile_mapping, field, fieldset_from_json
from destination_actions.events import MISSING
from destination_actions.fields import Timestamp, payload_from, quick_payload
from destination_actions.mapping import Mapping, ResolveError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEYS = ["a", "b", "c"]
PATHS = st.lists(st.sampled_from(KEYS), max_size=3).map(lambda keys: {"@path": ".".join(["$", *keys])})
TEXTS = [
    "x",
    "é",
    "",
    "jane@example.com",
    "https://example.com/x",
    "2024-05-07T16:40:00.250Z",
    "7",
    "007",
    "1e3",
    "\ud800",
]
LEAVES = st.sampled_from([None, True, False, 0, 7, 2.5, 1e300, float("inf"), 2**70, *TEXTS])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=10,
)
EVENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=3)

PLAIN = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "text"])},
        optional={
            "format": st.sampled_from(["email", "uri", "uuid", "date-like"]),
            "minimum": st.just(1),
            "maximum": st.just(8),
            "multiple": st.booleans(),
        },
    ),
    st.just({"type": "string", "choices": ["x", "7"]}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["number", "integer"])},
        optional={"minimum": st.just(1), "multiple": st.booleans()},
    ),
    st.fixed_dictionaries({"type": st.sampled_from(["boolean", "datetime", "object"])}),
    st.fixed_dictionaries({"type": st.just("string"), "default": st.just("x")}),
)


def labelled(definition: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"label": "F", **definition, **({"required": True} if required else {})}


FIELDS = st.builds(labelled, PLAIN, st.sampled_from([False, False, True]))
NESTED = st.dictionaries(st.sampled_from(KEYS), FIELDS, min_size=1, max_size=3).flatmap(
    lambda inner: st.builds(
        lambda multiple, required: labelled({"type": "object", "properties": inner, "multiple": multiple}, required),
        st.booleans(),
        st.booleans(),
    )
)


def scalars(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda a, b: {"@if": {"exists": a, "then": a, "else": b}}, PATHS, inner),
        st.builds(lambda a, b: {"@if": {"blank": a, "then": a, "else": b}}, PATHS, inner),
        st.builds(lambda value: {"@case": {"operator": "lower", "value": value}}, PATHS),
        st.builds(lambda a, b: {"@coalesce": [a, b]}, PATHS, inner),
        st.builds(lambda value: {"@replace": {"pattern": "x", "replacement": "7", "value": value}}, PATHS),
    )


NODES = st.recursive(
    PATHS | LEAVES.filter(lambda leaf: leaf != float("inf")) | st.just({"@template": "{{a}}x{{ b.c }}"}),
    scalars,
    max_leaves=3,
)
SHAPES = st.dictionaries(st.sampled_from([*KEYS, "d"]), NODES, min_size=1, max_size=3)
MEMBERS = NODES | SHAPES | st.builds(lambda path, shape: {"@arrayPath": [path, shape]}, PATHS, SHAPES | NODES)
MAPPINGS = st.dictionaries(st.sampled_from(["f", "g", "h"]), MEMBERS, min_size=1)
DEFINITIONS = st.fixed_dictionaries(dict.fromkeys(("f", "g", "h"), FIELDS | NESTED))

Straight = Callable[[Any], FieldSet | None]


def straight_of(made: type[FieldSet], mapping: Mapping) -> Straight | None:
    """The function of a mapping and a payload, where there can be one."""
    filling = mapping.filling()
    return None if filling is None else payload_from(made, filling)


def outcome(run: Callable[[], Any]) -> Any:
    """What it gives, or None if it raises what a mapping may raise."""
    try:
        return run()
    except (ResolveError, RecursionError):
        return None


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(DEFINITIONS, MAPPINGS, EVENTS)
def test_both_ways_lead_to_the_same_payload(definitions: Any, mapping: Any, event: Any) -> None:
    """What the one takes the other takes, and makes the same of it."""
    made, compiled = fieldset_from_json(definitions), compile_mapping(mapping)
    straight = straight_of(made, compiled)
    if straight is None:
        return
    document = outcome(lambda: compiled.resolve(event))
    value = outcome(lambda: straight(event))
    expected = None if document is None or document is MISSING else quick_payload(made, document)
    assert repr(expected) == repr(value)
    assert expected == value
    if value is not None:
        assert made.check(document).errors == ()


class Item(FieldSet):
    """An item."""

    name: str = field("Name")
    note: str | None = field("Note", default=None)
    price: float | None = field("Price", minimum=0, default=None)
    count: int | None = field("Count", default=None)
    kept: bool | None = field("Kept", default=None)
    at: Timestamp | None = field("At", default=None)
    tags: list[str] | None = field("Tags", default=None)
    code: Secret | None = field("Code", default=None)


class Order(FieldSet):
    """An order with what can be large: texts of its own, items, and what is taken as it comes."""

    id: str = field("ID")
    note: str | None = field("Note", default=None)
    items: list[Item] | None = field("Items", default=None)
    raw: list[Item] | None = field("Raw", default=None)
    extra: dict[str, Any] | None = field("Extra", default=None)


MAPPING = {
    "id": {"@path": "$.id"},
    "note": {"@path": "$.note"},
    "items": {"@arrayPath": ["$.items", {spec.key: {"@path": f"$.{spec.key}"} for spec in Item.fields()}]},
    "raw": {"@path": "$.raw"},
    "extra": {"@path": "$.extra"},
}
ITEM = {"name": "a", "note": "b", "at": "2024-05-07T16:40:00Z", "kept": True, "tags": ["é", "x"], "code": "y"}
ITEMS = [ITEM | {"price": 1.5, "count": 2}, ITEM | {"price": 2, "count": "3"}, ITEM | {"price": "4", "count": "1234"}]
SMALL = {"id": "1", "note": "n", "items": ITEMS, "raw": ITEMS, "extra": {"d": 1}}


def deep(levels: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_an_order_is_taken() -> None:
    """One with a field of each kind, which the others are made of."""
    straight = straight_of(Order, compile_mapping(MAPPING))
    assert straight is not None
    assert quick_payload(Order, compile_mapping(MAPPING).resolve(SMALL)) == straight(SMALL) is not None


LARGE: dict[str, dict[str, Any]] = {
    "a text": {"note": "x" * 262_200},
    "two texts": {"id": "x" * 131_100, "note": "x" * 131_100},
    "a text of items": {"items": [{"name": "x" * 131_100, "note": "x" * 131_100}]},
    "items with texts": {"items": [{"name": "x" * 80, "note": "x" * 80}] * 1_500},
    "nothing but items": {"items": [{"name": "x" * 80, "note": "x" * 80}] * 1_500, "raw": None, "extra": None},
    "many small items": {"items": [{"name": "x"}] * 25_000},
    "a text of what comes as a whole": {"raw": [{"name": "c", "more": "x" * 262_200}]},
    "an object": {"extra": {"d": "x" * 262_200}},
    "some of everything": {
        "note": "x" * 60_000,
        "items": [{"name": "x" * 60_000}],
        "raw": [{"name": "x" * 60_000}],
        "extra": {"d": "x" * 90_000},
    },
}


BOTH = [MAPPING, {**MAPPING, "extra": {"@flatten": {"separator": ".", "value": {"@path": "$.extra"}}}}]
"""A mapping that can only repeat the event, and another."""


@pytest.mark.parametrize("mapping", BOTH)
@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_what_is_too_large_for_a_document_is_not_taken(large: dict[str, Any], mapping: Any) -> None:
    """The limits of a document hold where none is made."""
    compiled = compile_mapping(mapping)
    straight = straight_of(Order, compiled)
    assert straight is not None
    with pytest.raises(ResolveError, match="limit: output"):
        compiled.resolve(SMALL | large)
    assert outcome(lambda: straight(SMALL | large)) is None


@pytest.mark.parametrize("mapping", BOTH)
def test_what_is_too_deep_for_a_document_is_not_taken(mapping: Any) -> None:
    """Also where nobody reads it: on both ways the same depth is the last."""
    compiled = compile_mapping(mapping)
    straight = straight_of(Order, compiled)
    assert straight is not None
    events = [SMALL | {"raw": [{"name": "c", "more": deep(levels)}]} for levels in range(240, 260)]
    resolved = [outcome(lambda event=event: compiled.resolve(event)) is not None for event in events]  # type: ignore[misc]
    assert {True, False} == set(resolved)
    assert resolved == [outcome(lambda event=event: straight(event)) is not None for event in events]  # type: ignore[misc]


def _never_ok(order: Order) -> FieldProblem | None:
    return FieldProblem("id", "must not be bad") if order.id == "bad" else None


class Judged(Order):
    """An order with a validator."""

    validators = (_never_ok,)


def test_validators_are_asked() -> None:
    """What a validator refuses is left to the check."""
    straight = straight_of(Judged, compile_mapping(MAPPING))
    assert straight is not None
    assert (None, "good") == (straight(SMALL | {"id": "bad"}), getattr(straight(SMALL | {"id": "good"}), "id", None))


@pytest.mark.parametrize("mapping", [{"@path": "$.order"}, [1], {**MAPPING, "unknown": 1}])
def test_not_every_mapping_leads_straight(mapping: Any) -> None:
    """A mapping that is no object of the payload's fields needs its document."""
    assert straight_of(Order, compile_mapping(mapping)) is None


def test_nothing_is_shared() -> None:
    """Neither event nor mapping is a part of the payload."""
    mapping = {**MAPPING, "extra": {"@literal": {"d": []}}}
    straight = straight_of(Order, compile_mapping(mapping))
    assert straight is not None
    event = SMALL | {"items": [{"name": "a"}]}
    first, second = straight(event), straight(event)
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert first.extra is not None
    first.extra["d"].append(1)
    assert ({"d": []}, [{"name": "a"}]) == (second.extra, event["items"])
