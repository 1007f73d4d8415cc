"""Requests for new executions, and what their acceptance says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from destination_actions import Accepted, Context, Refused, Response, url_of

from destination_actions_twilio_studio.payload import TriggerStudioFlow
from destination_actions_twilio_studio.phones import masked
from destination_actions_twilio_studio.settings import Settings, studio_url

LONGEST_PARAMETERS: Final = 16 * 1024
"""Bytes of JSON. Twilio documents no limit; this one is ours."""

_EXECUTION_SID: Final = re.compile(r"FN[0-9a-fA-F]{32}")
_STATUSES: Final = frozenset({"active", "ended"})


def executions_url(settings: Settings, flow: TriggerStudioFlow, *more: str) -> str:
    """The address of a flow's executions, or below it."""
    return _below_flow(studio_url(settings), flow.flow_sid, *more)


@lru_cache(maxsize=256)  # an account has few flows and many events
def _below_flow(base: str, flow_sid: str, *more: str) -> str:
    return url_of(base, "v2", "Flows", flow_sid, "Executions", *more)


def form_of(ctx: Context[Settings], flow: TriggerStudioFlow, to: str) -> dict[str, str]:
    """The three form fields of a new execution. Raises `Refused` when the parameters are too long."""
    text = _json(parameters_of(ctx, flow))
    if len(text) > LONGEST_PARAMETERS:
        message = f"the parameters take {len(text)} bytes, more than {LONGEST_PARAMETERS}: map fewer or shorter values"
        raise Refused(message, code="parameters_too_long")
    return {"To": to, "From": flow.from_, "Parameters": text.decode("utf-8", "surrogatepass")}


def _json(value: Any) -> bytes:
    """As JSON: by orjson, in a fifth of the time, or by Python what orjson refuses, such as long whole numbers."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def parameters_of(ctx: Context[Settings], flow: TriggerStudioFlow) -> dict[str, Any]:
    """What the flow finds in `flow.data`; the mapped object has a key of its own, so it cannot hide ours."""
    ours = {
        "userId": flow.user_id,
        "anonymousId": flow.anonymous_id,
        "event": flow.event_name,
        "messageId": flow.message_id or ctx.message_id,
        "deliveryKey": ctx.delivery_key,
        "parameters": flow.parameters,
    }
    return {key: value for key, value in ours.items() if value is not None}


def accepted_execution(response: Response) -> Accepted:
    """Read the acceptance. A body that cannot be read does not undo it: the SID is then `unknown`."""
    data = execution_data(_object(response))
    gauge = response.headers.get("Twilio-Concurrent-Requests", "")
    if gauge.isascii() and gauge.isdigit():
        data["concurrentRequests"] = int(gauge[:6])
    return Accepted(data)


def execution_data(execution: Mapping[str, Any]) -> dict[str, Any]:
    """What an outcome says of an execution: its SID, status, and to whom, masked."""
    sid, status, to = execution.get("sid"), execution.get("status"), execution.get("contact_channel_address")
    data = {"executionSid": sid if isinstance(sid, str) and _EXECUTION_SID.fullmatch(sid) else "unknown"}
    if status in _STATUSES:
        data["status"] = str(status)
    if isinstance(to, str):
        data["to"] = masked(to)
    return data


def _object(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
