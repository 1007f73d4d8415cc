"""From a call of the tracking API to events: what Segment's servers add and take away, and what they refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.events import Event
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.reply import Refusal
from destination_actions.ingest.skew import from_epoch, stamped
from destination_actions.runtime.strict import Refused, limited, refuse_flaws, shaped, text_of

TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")
"""The kinds of events, each with an endpoint of its own."""

BATCHES: Final = ("batch", "import")
"""The endpoints that take many events at once."""

_TIMES: Final = ("timestamp", "originalTimestamp", "sentAt")
_SHARED: Final = ("context", "integrations")
"""Members that a batch gives to each of its events; an event's own come first."""

NEEDED: Final[Mapping[str, str]] = {"track": "event", "group": "groupId", "alias": "previousId"}
"""What an event of a type cannot do without, besides a person."""


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed body: of which endpoint and source, and when it was received (wall-clock seconds).

    `doubtful` says that parts of the body may be flawed, as `parsed_parts` puts it.
    """

    endpoint: str
    source: str
    body: Any
    size: int
    doubtful: bool
    received: float


def events_of(call: Call, limits: Limits) -> tuple[list[Event], list[Refusal]]:
    """The events of a call, and the items of a batch that are none. Raises `Refused` for a call that gives no event."""
    if call.endpoint not in BATCHES:
        return [_single(call, limits)], []
    items = _items(call, limits)
    events: list[Event] = []
    refusals: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            events.append(_member(call, item, limits))
        except Refused as refused:
            refusals.append(Refusal(index, refused.code, refused.message))
    return events, refusals


def _single(call: Call, limits: Limits) -> Event:
    if call.doubtful:
        refuse_flaws(call.body)
    if isinstance(call.body, dict):
        if call.size > limits.event_bytes:
            raise _large(limits)
        call.body["type"] = call.endpoint
    return _event(call, call.body, None, limits)


def _items(call: Call, limits: Limits) -> list[Any]:
    """The members of a batch; refused as a whole when the batch itself is not right."""
    if not isinstance(call.body, dict) or not isinstance(call.body.get("batch"), list):
        raise Refused("not_a_batch", 'a batch is a JSON object with a list "batch"')
    items: list[Any] = call.body["batch"]
    if len(items) > limits.batch_events:
        raise Refused("too_many", f"the batch has {len(items):,} events, more than {limits.batch_events:,}")
    if call.doubtful:
        refuse_flaws({key: value for key, value in call.body.items() if key != "batch"})
    for key in _SHARED:
        if not isinstance(call.body.get(key), dict | None):
            raise Refused("not_a_batch", f"{key}: must be an object or null")
    return items


def _member(call: Call, item: Any, limits: Limits) -> Event:
    """One event of a batch, with what the batch gives to all."""
    if call.doubtful:
        refuse_flaws(item)
    if isinstance(item, dict):
        if item.get("type") not in TYPES:
            raise Refused("bad_type", f"type: must be one of {', '.join(TYPES)}")
        for key in _SHARED:
            if shared := call.body.get(key):
                own = item.get(key)
                item[key] = {**shared, **own} if isinstance(own, dict) else shared if own is None else own
    return _event(call, item, from_epoch(call.body.get("sentAt")), limits)


def _event(call: Call, item: Any, sent: Any, limits: Limits) -> Event:
    """One event: without the key, checked, identified by its content, and stamped."""
    if isinstance(item, dict):
        item.pop("writeKey", None)
        for key in _TIMES:
            if key in item:
                item[key] = from_epoch(item[key])
    own = item.pop("sentAt", None) if isinstance(item, dict) else None
    content = text_of(item)
    if call.endpoint in BATCHES:
        limited(content, limits.event_bytes, _large(limits).message)
    event = shaped(item, content)
    _complete(event)
    if event.get("messageId") is None:
        event["messageId"] = f"serve-{hashlib.sha256(call.source.encode() + bytes(1) + content).hexdigest()[:32]}"
    sent = own if own is not None else sent
    stamped(event, sent, call.received)
    if isinstance(sent, str):
        event["sentAt"] = sent
    return event


def _complete(event: Mapping[str, Any]) -> None:
    """Refuse an event that is about nobody, or lacks what its type is about."""
    if not event.get("userId") and not event.get("anonymousId"):
        raise Refused("no_person", "userId or anonymousId is needed")
    needed = NEEDED.get(event["type"])
    if needed and not event.get(needed):
        raise Refused("incomplete", f"{needed}: is needed for {event['type']}")


def _large(limits: Limits) -> Refused:
    return Refused("too_large", f"the event is larger than {limits.event_bytes:,} bytes")
