"""The quick way to a payload takes nothing but what the general way takes, and makes the same of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from destination_actions import FieldProblem, FieldSet, Secret, field, fieldset_from_json
from destination_actions.fields import quick_payload
from hypothesis import given, settings

from .test_laws import DOCUMENTS, definitions


@settings(max_examples=400, deadline=None)
@given(definitions(), DOCUMENTS)
def test_quick_agrees_with_check(fields: dict[str, Any], document: dict[str, Any]) -> None:
    """For every generated class and document: what is quickly taken equals the value of a check without errors."""
    made = fieldset_from_json(fields)
    value = quick_payload(made, document)
    if value is not None:
        checked = made.check(document)
        assert (value, ()) == (checked.value, checked.errors)


class Item(FieldSet):
    """An item."""

    sku: str = field("SKU")
    price: float | None = field("Price", minimum=0, default=None)


def _two_differ(order: Order) -> Iterator[FieldProblem]:
    if order.id == order.email:
        yield FieldProblem("id", "must differ")


class Order(FieldSet):
    """One field of each kind."""

    id: str = field("ID", pattern="^o-[0-9]+$")
    email: str | None = field("Email", format="email", default=None)
    count: int = field("Count", default=1, minimum=0, maximum=9)
    paid: bool = field("Paid", default=False)
    items: list[Item] = field("Items", default=[])
    tags: list[str] | None = field("Tags", max_items=2, default=None)
    extra: dict[str, Any] | None = field("Extra", default=None)
    token: Secret | None = field("Token", default=None)
    currency: str = field("Currency", choices=["USD", "EUR"], default="USD")

    validators = (_two_differ,)


TAKEN: list[dict[str, Any]] = [
    {"id": "o-1"},
    {"id": "o-1", "email": "a@b.co", "count": "3", "paid": True, "tags": ["x", "y"], "currency": "EUR"},
    {"id": "o-1", "items": [{"sku": "s", "price": 1.5}, {"sku": "é"}], "extra": {"a": [1, None]}, "token": "secret"},
    {"id": "o-1", "email": None, "count": 0, "unknown": "x"},
]


@pytest.mark.parametrize("document", TAKEN)
def test_what_is_right_is_taken(document: dict[str, Any]) -> None:
    """Documents of every kind of field are taken, and become what a check makes of them."""
    value = quick_payload(Order, document)
    assert value is not None
    assert Order.check(document).value == value
    assert [type(part) for part in vars(Order.check(document).value).values()] == [
        type(part) for part in vars(value).values()
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "o-x"},
        {"id": ""},
        {"id": None},
        {"id": "o-1\n"},
        {"email": "nobody"},
        {"count": 10},
        {"count": -1},
        {"count": float("nan")},
        {"items": [{"price": 1}]},
        {"items": [{"sku": "s", "price": float("inf")}]},
        {"items": [{"sku": "\ud800"}]},
        {"tags": ["a", "b", "c"]},
        {"extra": {"a": float("nan")}},
        {"currency": "GBP"},
    ],
)
def test_what_is_wrong_is_left_to_the_check(wrong: dict[str, Any]) -> None:
    """One wrong value is enough."""
    assert quick_payload(Order, {"id": "o-1"} | wrong) is None
    assert Order.check({"id": "o-1"} | wrong).errors != ()


def test_what_a_validator_refuses_is_left_to_the_check() -> None:
    """The class's own validators are asked too."""

    class Same(Order):
        """Without the pattern that would keep the two apart."""

        id: str = field("ID")

    assert quick_payload(Same, {"id": "a@b.co", "email": "a@b.co"}) is None
    assert quick_payload(Same, {"id": "a", "email": "a@b.co"}) is not None


class Slotted:
    """A base that changes how instances are laid out."""

    __slots__ = ("place",)


class Odd(FieldSet, Slotted):
    """A class that nothing else can become."""

    id: str = field("ID")
    items: list[Item] = field("Items", default=[])


WIDE = fieldset_from_json({f"f{number}": {"label": "F", "type": "string"} for number in range(60)})
NAMED = fieldset_from_json({"é è": {"label": "F", "type": "string"}, "class": {"label": "F", "type": "integer"}})


@pytest.mark.parametrize(
    ("made", "document"),
    [
        (Odd, {"id": "a", "items": [{"sku": "s"}]}),
        (WIDE, {f"f{number}": "x" for number in range(40)}),
        (NAMED, {"é è": "x", "class": "007"}),
    ],
)
def test_every_class_is_set_up(made: type[FieldSet], document: dict[str, Any]) -> None:
    """Classes of another layout, with many fields and with odd keys become what a check makes; and are as frozen."""
    value = quick_payload(made, document)
    assert value is not None
    assert (made, made.check(document).value, True) == (
        type(value),
        value,
        vars(value) == vars(made.check(document).value),
    )
    with pytest.raises(AttributeError, match="is frozen"):
        value.anything = 1  # type: ignore[attr-defined]


def test_nothing_is_shared() -> None:
    """Neither the document nor a default is a part of the value."""
    document: dict[str, Any] = {"id": "o-1", "extra": {"a": []}, "tags": []}
    first, second = quick_payload(Order, document), quick_payload(Order, {"id": "o-2"})
    other = quick_payload(Order, {"id": "o-3"})
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert isinstance(other, Order)
    document["extra"]["a"].append(1)
    second.items.append(Item(sku="s"))
    assert ({"a": []}, []) == (first.extra, other.items)
