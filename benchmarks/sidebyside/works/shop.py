"""The destination of the cases that need one, with a perform that does nothing, and events for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from destination_actions import (
    Accepted,
    Action,
    AsyncRuntime,
    Context,
    Destination,
    FieldSet,
    field,
    fieldset_from_json,
)

from sidebyside.job import Job

MEMBERS = "abcdefghijklmnopqrstuvwxyz"


class Settings(FieldSet):
    """As the peer's."""

    api_key: str = field("API Key")


class Kept:
    """The last payload that a perform was given."""

    payload: FieldSet | None = None

    async def perform(self, _ctx: Context[Settings], payload: FieldSet) -> Accepted:
        """Do nothing."""
        self.payload = payload
        return Accepted()

    async def perform_batch(self, _ctx: object, payloads: Sequence[FieldSet]) -> list[Accepted]:
        """Do nothing for several."""
        self.payload = payloads[0]
        return [Accepted() for _ in payloads]


def shop(job: Job, kept: Any, *, batch_size: int | None = None) -> Destination[Settings]:
    """A destination with one action."""
    several = {"perform_batch": kept.perform_batch, "batch_size": batch_size} if batch_size else {}
    payload = fieldset_from_json(job.inputs["fields"])
    action = Action(slug="orderCompleted", title="Order completed", payload=payload, perform=kept.perform, **several)
    return Destination(slug="shop", name="Shop", settings=Settings, actions=(action,))


def runtime(job: Job, destination: Destination[Settings], *, subscriptions: int = 1, **equipment: Any) -> AsyncRuntime:
    """A runtime whose last subscription is the one that matches."""
    one = {"action": "orderCompleted", "mapping": job.inputs["mapping"]}
    name = 'type = "track" and event = "Other {}"'
    rows = [{**one, "name": f"s{n}", "subscribe": name.format(n)} for n in range(subscriptions - 1)]
    rows.append({**one, "name": "matching", "subscribe": job.inputs["subscription"]["subscribe"]})
    return AsyncRuntime(destination, settings={"apiKey": "secret"}, subscriptions=rows, watchdog=None, **equipment)


def numbered(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The event again and again, each with a messageId of its own: the same one twice is delivered once."""
    return ({**event, "messageId": f"m-{number}"} for number in count())


def grown(event: dict[str, Any], size: int) -> dict[str, Any]:
    """The event cut down or filled up with texts of 100 characters until it is about so many bytes of JSON."""
    made = json.loads(json.dumps(event))
    if size < 2000:
        context = made["context"]
        made["context"] = {"page": context["page"], "traits": {"email": context["traits"]["email"]}}
        made["properties"]["products"] = made["properties"]["products"][:1]
    filling: dict[str, str] = {}
    made["context"]["filling"] = filling
    while len(json.dumps(made, separators=(",", ":"))) < size:
        filling[f"trait_{len(filling)}"] = (MEMBERS * 4)[:100]
    return made
