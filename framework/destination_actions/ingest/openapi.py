"""The OpenAPI document of the tracking API, made from the event schema and the limits in force."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from destination_actions.ingest.limits import Limits
from destination_actions.ingest.messages import BATCHES, NEEDED, TYPES
from destination_actions.schemas import load_schema

_ABOUT: Final[Mapping[str, str]] = {
    "track": "Something that a person did.",
    "identify": "Who a person is: traits.",
    "page": "A page that a person looked at.",
    "screen": "A screen that a person looked at.",
    "group": "The group that a person belongs to.",
    "alias": "Another id of the same person.",
    "batch": "Many events in one call.",
    "import": "Many events in one call; the same as batch.",
}

_REFUSED: Final[Mapping[str, str]] = {
    "400": "Nothing was kept: the call or its events are not what they should be. Sending them again will not help.",
    "401": "The write key is missing or not known.",
    "408": "The body took too long.",
    "413": "The body decompresses to more than is taken.",
    "415": "The Content-Encoding is not gzip.",
    "503": "The events cannot be kept at the moment. Send them again after Retry-After.",
}


@cache
def document(limits: Limits) -> Mapping[str, Any]:
    """OpenAPI 3.1."""
    paths = {f"/v1/{name}": {"post": _call(name, limits)} for name in (*TYPES, *BATCHES)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tracking API",
            "version": version("destination-actions"),
            "description": "Takes events as Segment's tracking API does, and keeps them until they are delivered.",
        },
        "security": [{"writeKey": []}, {}],
        "paths": paths | {"/healthz": _page("Whether the process is alive."), "/readyz": _ready()},
        "components": {
            "securitySchemes": {
                "writeKey": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The write key as user; or leave it out and send a member writeKey in the body.",
                }
            },
            "schemas": _schemas(limits),
        },
    }


def _call(name: str, limits: Limits) -> dict[str, Any]:
    body = "Batch" if name in BATCHES else name.capitalize()
    refusals = {status: _answer(text, "Refused") for status, text in _REFUSED.items()}
    refusals["503"]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    size = limits.batch_bytes if name in BATCHES else limits.event_bytes
    return {
        "operationId": name,
        "summary": _ABOUT[name],
        "description": f"At most {size:,} bytes of JSON, which may be sent with Content-Encoding: gzip.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _reference(body)}}},
        "responses": {"200": _answer("Kept on disk.", "Kept"), **refusals},
    }


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _reference(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _page(summary: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "security": [{}], "responses": {"200": _answer("It is.", "Status")}}}


def _ready() -> dict[str, Any]:
    page = _page("Whether events can be accepted at the moment.")
    page["get"]["responses"]["503"] = _answer("They cannot.", "Refused")
    return page


def _schemas(limits: Limits) -> dict[str, Any]:
    event = {key: value for key, value in load_schema("event").items() if not key.startswith("$")}
    return {
        "Event": event,
        **{name.capitalize(): _event_of(name) for name in TYPES},
        "Batch": _batch(limits),
        "Kept": {
            "type": "object",
            "required": ["success"],
            "properties": {"success": {"const": True}, "refused": _refusals()},
        },
        "Refused": {
            "allOf": [_reference("Error")],
            "required": ["success"],
            "properties": {"success": {"const": False}, "refused": _refusals()},
        },
        "Error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "A stable word."},
                "message": {"type": "string", "description": "A sentence for people."},
            },
        },
        "Status": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
    }


def _event_of(name: str) -> dict[str, Any]:
    person = {"anyOf": [{"required": ["userId"]}, {"required": ["anonymousId"]}]}
    schema: dict[str, Any] = {"allOf": [_reference("Event"), person]}
    if needed := NEEDED.get(name):
        schema["required"] = [needed]
    return schema


def _batch(limits: Limits) -> dict[str, Any]:
    item = {"allOf": [_reference("Event"), {"required": ["type"], "properties": {"type": {"enum": list(TYPES)}}}]}
    shared = {
        "type": ["object", "null"],
        "description": "For every event that has none of its own; merged member by member.",
    }
    return {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "maxItems": limits.batch_events, "items": item},
            "sentAt": {
                "type": "string",
                "format": "date-time",
                "description": "When the caller sent it, by its clock.",
            },
            "context": shared,
            "integrations": shared,
            "writeKey": {"type": "string"},
        },
    }


def _refusals() -> dict[str, Any]:
    item = {"properties": {"index": {"type": "integer", "minimum": 0}}, "required": ["index"]}
    return {
        "type": "array",
        "description": "The events of a batch that are none; the others are kept.",
        "items": {"allOf": [item, _reference("Error")]},
    }
