"""What the crash harness works on: sixty keys, their events, and a sandbox that fails on purpose."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

from destination_actions_twilio_studio.sandbox import DEMO, ExternalId, Flow, World

FLOWS = tuple(f"FW{n:032x}" for n in range(0x100, 0x10C))
"""The flows of the first subscription: several, so that a read-back of one lists a part of what was executed."""
SURVEY_FLOWS = tuple(f"FW{n:032x}" for n in range(0x200, 0x20C))
FLOW, SURVEY_FLOW = FLOWS[0], SURVEY_FLOWS[0]
PERIODS = (0, 1, 4)
CHANCES = {"too-many": 0.04, "unavailable": 0.03, "accept-then-reset": 0.05, "accept-then-500": 0.02}
LENIENT = {"share": 1, "requests": 500, "interval": 0.2}
"""A breaker that opens for nothing that happens here: it is not what is tried."""
EASY = {"base": 0.1, "cap": 1.0, "horizon": 3600, "share": 10, "floor": 1000, "learn": False}
"""Retries that do not wait long, so that a run ends soon."""
SUBSCRIPTION = "crash"
NAME = "studio"


def users(keys: int) -> list[str]:
    """The people, each one key."""
    return [f"user-{n:03d}" for n in range(keys)]


def period_of(user: str) -> int:
    """The cooling-off period of a person, in seconds."""
    return PERIODS[int(user[-3:]) % len(PERIODS)]


def flow_of(user: str) -> str:
    """The flow of a person; five people of sixty share one."""
    return FLOWS[int(user[-3:]) % len(FLOWS)]


def world(keys: int) -> World:
    """A sandbox world in which everybody has a phone, and nothing but the faults holds anybody back."""
    profiles = {f"user_id:{user}": (ExternalId(f"+1555001{n:04d}"),) for n, user in enumerate(users(keys))}
    flows = tuple(Flow(sid, sid) for sid in (*FLOWS, *SURVEY_FLOWS))
    return dataclasses.replace(
        DEMO, flows=flows, profiles=profiles, creates_per_second=None, lookups_per_second=None, execution_seconds=0.001
    )


def events(count: int, keys: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` different events in a random order of people; one in twenty is accepted a second time."""
    dice = random.Random(seed)
    people = users(keys)
    for n in range(count):
        user = dice.choice(people)
        event = {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"m{n}",
            "userId": user,
            "properties": {"period": period_of(user), "flow": flow_of(user)},
        }
        yield event
        if dice.random() < 0.05:
            yield json.loads(json.dumps(event))


def config(settings: dict[str, Any], store: str) -> dict[str, Any]:
    """The configuration of every worker, as a file holds it."""
    mapping = {
        "flowSid": {"@path": "$.properties.flow"},
        "from": "+15550000001",
        "coolingOffPeriod": {"@path": "$.properties.period"},
    }
    subscription = {
        "name": SUBSCRIPTION,
        "subscribe": 'type = "track"',
        "action": "triggerStudioFlow",
        "mapping": mapping,
    }
    settings = {"executionsPerSecond": 0} | settings
    destination = {"destination": "twilio-studio", "settings": settings, "subscriptions": [subscription]}
    destination |= {"breaker": LENIENT, "retry": EASY}
    return {"stores": store, "destinations": {NAME: destination}}


# --- the harness over ingest, workers and sandbox --------------------------------------------------------------------

SURVEY = "survey"


def wanted_of(event: Mapping[str, Any]) -> list[str]:
    """The subscriptions that match an event."""
    if event["type"] != "track":
        return []
    return [SUBSCRIPTION, SURVEY] if event["properties"]["survey"] else [SUBSCRIPTION]


def mixed_events(count: int, keys: int, seed: int) -> Iterator[dict[str, Any]]:
    """As `events`; a third also wants a survey, one in fifty is not valid, one in thirty matches nothing."""
    dice = random.Random(seed)
    for event in events(count, keys, seed):
        properties = event["properties"]
        number = int(event["messageId"][1:])
        properties["survey"] = number % 3 == 0
        properties["surveyFlow"] = SURVEY_FLOWS[FLOWS.index(properties["flow"])]
        if number % 50 == 7:
            properties["period"] = -1
        if number % 30 == 11:
            event["type"] = "identify"
        yield event
        if dice.random() < 0.02:
            yield json.loads(json.dumps(event))


def mixed_config(settings: dict[str, Any], store: str, key: str, on_unknown: str = "reconcile") -> dict[str, Any]:
    """The configuration of the ingest servers and of the workers."""
    value = config(settings, store)
    [destination] = value["destinations"].values()
    mapping = {"flowSid": {"@path": "$.properties.surveyFlow"}, "from": "+15550000001", "coolingOffPeriod": 0}
    subscribe = 'type = "track" and properties.survey = true'
    survey = {"name": SURVEY, "subscribe": subscribe, "action": "triggerStudioFlow", "mapping": mapping}
    destination["subscriptions"].append(survey)
    destination |= {"onUnknown": on_unknown}
    return value | {"sources": {"web": {"writeKey": key}}}
