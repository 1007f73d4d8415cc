"""While events flow nothing is compiled, no schema is built, no hook is called and no log record made."""

from __future__ import annotations

import builtins
import logging
import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pluggy
import pytest
from destination_actions import Accepted, Action, AsyncRuntime, Context, Destination, FieldSet, Secret, field

pytestmark = pytest.mark.anyio


class Settings(FieldSet):
    """A secret, so that records have to be searched for it."""

    token: Secret = field("Token")


class Item(FieldSet):
    """A line of an order."""

    sku: str = field("SKU", pattern="^[a-z]+$")


class Order(FieldSet):
    """Fields with what could be compiled late: pattern, format, a nested object."""

    id: str = field("ID", pattern="^o-[0-9]+$")
    email: str | None = field("Email", format="email", default=None)
    items: list[Item] = field("Items", default=[])


async def place(_ctx: Context[Settings], order: Order) -> Accepted:
    """Do nothing."""
    return Accepted({"id": order.id})


SHOP = Destination(
    slug="shop",
    name="Shop",
    settings=Settings,
    actions=(Action(slug="place", title="Place", payload=Order, perform=place),),
)
MAPPING = {
    "id": {"@template": "o-{{properties.id}}"},
    "email": {"@case": {"operator": "lower", "value": {"@path": "$.context.traits.email"}}},
    "items": {"@arrayPath": ["$.properties.items", {"sku": {"@path": "$.sku"}}]},
}
SUBSCRIPTION = {
    "name": "Orders",
    "subscribe": 'type = "track" and match(event, "Order*") and any(properties.items, sku != "x")',
    "action": "place",
    "mapping": MAPPING,
}


def event(number: int) -> dict[str, Any]:
    """An event that is delivered."""
    properties = {"id": number, "items": [{"sku": "uno"}, {"sku": "chess"}]}
    traits = {"email": "Jane@Example.com"}
    head = {"type": "track", "event": "Order Completed", "messageId": f"m-{number}", "userId": f"user-{number}"}
    return head | {"properties": properties, "context": {"traits": traits}}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done that must not be done, from now on."""
    done: list[str] = []

    def noting(what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def note(*args: Any, **options: Any) -> Any:
            done.append(f"{what} {args[0]!r:.80}" if args else what)
            return real(*args, **options)

        return note

    # `re` keeps what it has compiled; a text that it has not seen yet goes through here.
    monkeypatch.setattr(re._compiler, "compile", noting("re.compile", re._compiler.compile))  # type: ignore[attr-defined]
    monkeypatch.setattr(builtins, "compile", noting("compile", compile))
    monkeypatch.setattr(builtins, "exec", noting("exec", exec))
    validator = noting("schema", jsonschema_rs.Draft202012Validator)
    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", validator)
    monkeypatch.setattr(pluggy.HookCaller, "__call__", noting("hook", pluggy.HookCaller.__call__))
    monkeypatch.setattr(logging.Logger, "handle", noting("log", logging.Logger.handle))
    return done


async def test_nothing_is_compiled_while_events_flow(seen: list[str]) -> None:
    """Everything that an event needs is made with the runtime, and at the first event at the latest."""
    async with AsyncRuntime(SHOP, settings={"token": "s3cret-token"}, subscriptions=[SUBSCRIPTION]) as runtime:
        await runtime.send(event(0))
        seen.clear()
        for number in range(1, 30):
            (outcome,) = await runtime.send(event(number))
            assert outcome.outcome == "delivered"
        await runtime.send({"type": "page", "messageId": "p"})
    assert [] == seen


async def test_the_watch_sees_what_it_is_for(seen: list[str]) -> None:
    """Compiling something late is noticed."""
    seen.clear()
    re.compile("never seen before: [0-9]{17}")
    exec(compile("pass", "x", "exec"))
    assert ["re.compile 'never seen before: [0-9]{17}'", "compile 'pass'"] == seen[:2]
    assert ["exec"] == [note.split()[0] for note in seen[2:]]
