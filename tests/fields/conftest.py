"""Declared classes that several test modules look at."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from destination_actions.fields import (
    FieldSet,
    Secret,
    Timestamp,
    all_of,
    any_of,
    field,
    when,
    when_sync_mode,
)


class Address(FieldSet, additional_properties=True):
    """A nested object that keeps what it does not know."""

    country: str = field("Country", "Two letters.", minimum=2, maximum=2)
    zip_code: str | None = field("Zip", required=when("country", is_=["US", "DE"]), default=None)


class Item(FieldSet):
    """An item of a list."""

    id: str = field("Product ID", allow_empty=True)
    price: float | None = field("Price", minimum=0, default=None)
    quantity: int | None = field("Quantity", default=None)
    gift: bool | None = field("Gift", default=None)
    wrapping: str | None = field("Wrapping", required=when("items.gift", is_=True), default=None)


class Everything(FieldSet):
    """Every feature of a field at least once."""

    plain: str = field("Plain", "A text.", mapping="userId", placeholder="abc")
    long_text: str | None = field("Long text", type="text", maximum=10, allow_empty=True, default=None)
    token: Secret | None = field("Token", minimum=3, default=None)
    total: float | None = field("Total", minimum=0, maximum=1000.5, default=None)
    count: int = field("Count", default=1, minimum=0)
    at: Timestamp | None = field("At", mapping={"@path": "$.timestamp"}, default=None)
    active: bool | None = field("Active", default=None, allow_null=True)
    anything: dict[str, Any] | None = field("Anything", object_ui="keyvalue", default=None)
    channel: Literal["sms", "voice"] = field("Channel", default="sms")
    plan: str | None = field("Plan", choices=[{"value": "p1", "label": "Plan one"}, "p2"], dynamic=True, default=None)
    email: str | None = field("Email", format="email", category="hashedPII", default=None)
    sid: str | None = field("Sid", pattern="^FW[0-9a-f]{4}$", hidden=True, read_only=True, default=None)
    tags: list[str] | None = field("Tags", min_items=1, max_items=3, maximum=5, default=None)
    dates: list[Timestamp] = field("Dates", default=[])
    address: Address | None = field("Address", disabled_inputs=["literal"], default=None)
    items: list[Item] | None = field("Items", allow_null=True, default=None)
    text: str | None = field(
        "Text", required=when("channel", is_="sms"), depends_on=when("plan", is_not=None), default=None
    )
    voice: str | None = field(
        "Voice",
        required=any_of(when("channel", is_="voice"), all_of(when_sync_mode(is_="delete"), when("count", is_not=1))),
        display_mode="collapsed",
        deprecated=True,
        default=None,
    )
    raw: Any = field("Raw", default=None)
    from_: str | None = field("From", default=None)
    odd: str | None = field("Odd", key="a/b~c.d e", default=None)


@pytest.fixture
def everything() -> type[Everything]:
    """A class that uses every feature of a field."""
    return Everything
