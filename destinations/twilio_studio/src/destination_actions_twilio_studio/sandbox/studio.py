"""Studio's REST API v2: flows and executions. Which statuses and codes mean what is Twilio's published vocabulary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from destination_actions_twilio_studio.sandbox.exchange import Call, Reply, answer, twilio_error
from destination_actions_twilio_studio.sandbox.executions import Execution, Executions
from destination_actions_twilio_studio.sandbox.limits import PerSecond
from destination_actions_twilio_studio.sandbox.world import World

Operation = Callable[[Call], Reply]


class Studio:
    """The API of one account. `base` is what links start with; it is set when the port is known."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self.base = ""
        self.executions = Executions(world, clock)
        self._world = world
        self._clock = clock
        self._limit = PerSecond(world.creates_per_second, clock)
        self._flows = {flow.sid: flow for flow in world.flows}
        self._passwords = {world.account_sid: world.auth_token, **world.keys}

    def operation(self, call: Call) -> str:
        """The name of what is asked for, or `unknown`."""
        match (call.method, *call.segments):
            case ("GET", "v2", "Flows"):
                return "flows"
            case ("GET", "v2", "Flows", _):
                return "flow"
            case (("GET" | "POST") as method, "v2", "Flows", _, "Executions"):
                return "list" if method == "GET" else "create"
            case (("GET" | "POST") as method, "v2", "Flows", _, "Executions", _):
                return "read" if method == "GET" else "update"
            case ("GET", "v2", "Flows", _, "Executions", _, "Context"):
                return "context"
        return "unknown"

    def reply(self, operation: str, call: Call) -> Reply:
        """Authenticate and do what is asked for."""
        if call.auth is None or self._passwords.get(call.auth[0]) != call.auth[1]:
            return twilio_error(401, 20003, "Authentication Error - invalid username")
        perform: Mapping[str, Operation] = {
            "flows": self._list_flows,
            "flow": self._read_flow,
            "create": self._create,
            "list": self._list,
            "read": self._read,
            "update": self._update,
            "context": self._context,
        }
        return perform.get(operation, self._nothing)(call)

    def _nothing(self, call: Call) -> Reply:
        return twilio_error(404, 20404, f"The requested resource {call.target} was not found")

    def _list_flows(self, call: Call) -> Reply:
        flows = [self._flow(sid) for sid in self._flows]
        return answer(200, {"flows": flows[: _page_size(call)], "meta": {"key": "flows", "next_page_url": None}})

    def _read_flow(self, call: Call) -> Reply:
        sid = call.segments[2]
        return answer(200, self._flow(sid)) if sid in self._flows else self._nothing(call)

    def _flow(self, sid: str) -> dict[str, Any]:
        flow = self._flows[sid]
        status = "published" if flow.published else "draft"
        return {"sid": sid, "friendly_name": flow.name, "status": status, "account_sid": self._world.account_sid}

    def _create(self, call: Call) -> Reply:
        if not self._limit.passes():
            return twilio_error(429, 20429, "Too Many Requests", {"Retry-After": "1"})
        flow = self._flows.get(call.segments[2])
        if flow is None or not flow.published:
            return self._nothing(call)
        return self._complaint(call) or self._start(call, flow.sid)

    def _complaint(self, call: Call) -> Reply | None:
        for name in ("To", "From"):
            if not call.value(name):
                return twilio_error(400, 20001, f"Missing required parameter {name} in the post body")
        if call.value("To") == call.value("From"):
            return twilio_error(400, 21211, "Invalid 'To' Phone Number: it is the same as 'From'")
        if _parameters(call) is None:
            return twilio_error(400, 20001, "Parameters must be a JSON object")
        if self.executions.busy(call.value("To") or ""):
            return twilio_error(409, 20409, "The contact already has an active execution")
        return None

    def _start(self, call: Call, flow: str) -> Reply:
        to, from_ = call.value("To") or "", call.value("From") or ""
        execution = self.executions.create(flow, to, from_, _parameters(call) or {})
        return answer(201, self._shown(execution), execution=execution.sid)

    def _list(self, call: Call) -> Reply:
        try:
            start, end = (_time(call.query.get(name)) for name in ("DateCreatedFrom", "DateCreatedTo"))
        except ValueError:
            return twilio_error(400, 20001, "DateCreatedFrom and DateCreatedTo must be ISO 8601 times")
        status = call.query.get("Status")
        found = self.executions.since(call.segments[2], start or 0.0, end or float("inf"), status)
        page, size = _number(call, "Page", 0), _page_size(call)
        shown = [self._shown(one) for one in found[page * size : (page + 1) * size]]
        following = self._page_url(call, page + 1) if len(found) > (page + 1) * size else None
        meta = {"key": "executions", "page": page, "page_size": size, "next_page_url": following}
        return answer(200, {"executions": shown, "meta": meta})

    def _page_url(self, call: Call, page: int) -> str:
        return f"{self.base}{call.target.partition('?')[0]}?{urlencode({**call.query, 'Page': str(page)})}"

    def _read(self, call: Call) -> Reply:
        execution = self._named(call)
        return self._nothing(call) if execution is None else answer(200, self._shown(execution))

    def _update(self, call: Call) -> Reply:
        execution = self._named(call)
        if execution is None:
            return self._nothing(call)
        if call.value("Status") != "ended":
            return twilio_error(400, 20001, "Status must be 'ended'")
        self.executions.end(execution)
        return answer(200, self._shown(execution))

    def _context(self, call: Call) -> Reply:
        execution = self._named(call)
        if execution is None:
            return self._nothing(call)
        head = {"account_sid": self._world.account_sid, "flow_sid": execution.flow_sid, "execution_sid": execution.sid}
        return answer(200, head | {"context": execution.context(), "url": f"{self.base}{call.target}"})

    def _named(self, call: Call) -> Execution | None:
        return self.executions.find(call.segments[2], call.segments[4])

    def _shown(self, execution: Execution) -> dict[str, Any]:
        return execution.to_json(self._world.account_sid, self.base, self._clock())


def _page_size(call: Call) -> int:
    return min(max(_number(call, "PageSize", 50), 1), 1000)


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return int(text[:9]) if text.isascii() and text.isdigit() else default


def _time(text: str | None) -> float | None:
    if not text:
        return None
    date = datetime.fromisoformat(text)
    return date.replace(tzinfo=date.tzinfo or UTC).timestamp()


def _parameters(call: Call) -> Mapping[str, Any] | None:
    text = call.value("Parameters")
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
