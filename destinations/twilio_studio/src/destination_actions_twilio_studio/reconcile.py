"""Whether an execution was started after all: listed by time, compared by address, decided by our delivery key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from destination_actions import Context, Found, TryAgain

from destination_actions_twilio_studio.executions import execution_data, executions_url
from destination_actions_twilio_studio.instants import iso_seconds
from destination_actions_twilio_studio.payload import TriggerStudioFlow
from destination_actions_twilio_studio.problems import problem_of
from destination_actions_twilio_studio.profile import known_phones
from destination_actions_twilio_studio.settings import Settings

MARGIN: Final = 60.0
"""Seconds before our first attempt, and after our last one, in which executions are looked at: clocks differ."""
PAGE: Final = 50
PAGES: Final = 100
CONTEXTS: Final = 200
TOGETHER: Final = 10
"""Contexts that are read at a time."""

Execution = Mapping[str, Any]


async def find_execution(ctx: Context[Settings], flow: TriggerStudioFlow) -> Found | None:
    """Find the execution that an earlier attempt of this delivery started.

    Raises `TryAgain` when it cannot be told, because an API does not answer or there is too much to look through.
    """
    if ctx.attempted is None:
        return None
    addresses = await _addresses(ctx, flow)
    listed = _listed(ctx, flow, ctx.attempted)
    possible = [one async for one in listed if addresses is None or _address(one) in addresses]
    for at in range(0, min(len(possible), CONTEXTS), TOGETHER):
        some = possible[at : at + TOGETHER]
        keys = await asyncio.gather(*(_delivery_key(ctx, flow, execution) for execution in some))
        if ctx.delivery_key in keys:
            return Found(execution_data(some[keys.index(ctx.delivery_key)]) | {"readBack": True})
    if len(possible) > CONTEXTS:
        raise TryAgain(f"{len(possible)} executions could be this one", code="read_back_limit")
    return None


async def _addresses(ctx: Context[Settings], flow: TriggerStudioFlow) -> frozenset[str] | None:
    """Bare addresses that an attempt may have used; None for any. A newer number may have come since, so all count."""
    if flow.to is not None:
        return frozenset({_bare(flow.to)})
    phones = await known_phones(ctx, flow)
    return frozenset(phones) if phones else None


def _address(execution: Execution) -> str:
    return _bare(str(execution.get("contact_channel_address")))


def _bare(address: str) -> str:
    return address.rpartition(":")[2]


async def _listed(ctx: Context[Settings], flow: TriggerStudioFlow, start: float) -> AsyncIterator[Execution]:
    """What was created while an attempt of ours may have been executed: what came later is somebody else's, and with
    time there is more of it than anybody can look through."""
    url = executions_url(ctx.settings, flow)
    params = {"DateCreatedFrom": iso_seconds(start - MARGIN), "PageSize": str(PAGE)}
    if ctx.attempted_until is not None:
        params["DateCreatedTo"] = iso_seconds(ctx.attempted_until + MARGIN)
    for _ in range(PAGES):
        body = await _read(ctx, url, params)
        for execution in _objects(body.get("executions")):
            yield execution
        following = _next(body)
        if following is None:
            return
        params |= following
    raise TryAgain(f"more than {PAGE * PAGES} executions around the attempt", code="read_back_limit")


def _next(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The parameters of the next page. Its address is not followed: only ours gets our credentials."""
    meta = body.get("meta")
    url = meta.get("next_page_url") if isinstance(meta, dict) else None
    return dict(parse_qsl(urlsplit(url).query)) if isinstance(url, str) and url else None


async def _delivery_key(ctx: Context[Settings], flow: TriggerStudioFlow, execution: Execution) -> Any:
    """The key in what the flow was given: part of the list where Twilio shows it there, else read one by one."""
    shown = _flow_data(execution.get("context"))
    if "deliveryKey" not in shown:
        body = await _read(ctx, executions_url(ctx.settings, flow, str(execution.get("sid")), "Context"), None)
        shown = _flow_data(body.get("context"))
    return shown.get("deliveryKey")


def _flow_data(context: Any) -> Mapping[str, Any]:
    """`flow.data` of an execution's context, which may come as JSON text."""
    value = context
    for key in (None, "flow", "data"):
        value = value.get(key) if key and isinstance(value, dict) else value
        value = _loaded(value) if isinstance(value, str) else value
    return value if isinstance(value, dict) else {}


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


async def _read(ctx: Context[Settings], url: str, params: Mapping[str, str] | None) -> Mapping[str, Any]:
    response = await ctx.http.get(url, params=params)
    if response.status_code != 200:
        message = f'Twilio Studio answered {response.status_code} while reading back, "{problem_of(response).message}"'
        raise TryAgain(message, code="read_back", status=response.status_code)
    try:
        body = response.json()
    except ValueError as error:
        raise TryAgain("Twilio Studio's list of executions is not JSON", code="read_back") from error
    return body if isinstance(body, dict) else {}


def _objects(value: Any) -> Sequence[Execution]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else ()
