"""The executions of an account: created, found by flow and date, ended."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from destination_actions_twilio_studio.sandbox.world import World


@dataclass(slots=True)
class Execution:
    """One run of a flow for one contact. `data` is what came as `Parameters`."""

    sid: str
    flow_sid: str
    to: str
    from_: str
    data: Mapping[str, Any]
    created: float
    ends: float | None = field(default=None)

    def status(self, now: float) -> str:
        """`active` or `ended`."""
        return "active" if self.ends is None or now < self.ends else "ended"

    def to_json(self, account: str, base: str, now: float) -> dict[str, Any]:
        """The resource as the API shows it."""
        url = f"{base}/v2/Flows/{self.flow_sid}/Executions/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": account,
            "flow_sid": self.flow_sid,
            "contact_sid": f"FC{self.sid[2:]}",
            "contact_channel_address": self.to,
            "context": {},
            "status": self.status(now),
            "initiated_by": account,
            "date_created": stamp(self.created),
            "date_updated": stamp(self.created),
            "url": url,
            "links": {"steps": f"{url}/Steps", "execution_context": f"{url}/Context"},
        }

    def context(self) -> dict[str, Any]:
        """What a flow sees: `flow.data`, the channel and the contact."""
        return {
            "flow": {"data": dict(self.data), "flow_sid": self.flow_sid, "channel": {"address": self.from_}},
            "contact": {"channel": {"address": self.to}},
            "trigger": {},
            "widgets": {},
        }


class Executions:
    """Every execution of the account, in order of creation."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self._world = world
        self._clock = clock
        self._numbers = itertools.count(1)
        self._by_sid: dict[str, Execution] = {}
        self._by_flow: dict[str, list[Execution]] = {}
        self._latest: dict[str, Execution] = {}

    def __iter__(self) -> Iterator[Execution]:
        return iter(self._by_sid.values())

    def create(self, flow: str, to: str, from_: str, data: Mapping[str, Any]) -> Execution:
        """Start an execution."""
        now = self._clock()
        lasts = self._world.execution_seconds
        sid = f"FN{next(self._numbers):032x}"
        execution = Execution(sid, flow, to, from_, data, now, None if lasts is None else now + lasts)
        self._by_sid[sid] = execution
        self._by_flow.setdefault(flow, []).append(execution)
        self._latest[to] = execution
        return execution

    def busy(self, to: str) -> bool:
        """Tell whether the contact has an active execution and may have one only."""
        latest = self._latest.get(to)
        return self._world.one_active and latest is not None and latest.status(self._clock()) == "active"

    def find(self, flow: str, sid: str) -> Execution | None:
        """The execution of that flow."""
        execution = self._by_sid.get(sid)
        return execution if execution is not None and execution.flow_sid == flow else None

    def end(self, execution: Execution) -> None:
        """End it now."""
        execution.ends = min(self._clock(), execution.ends or float("inf"))

    def since(self, flow: str, start: float, end: float, status: str | None) -> list[Execution]:
        """Those of a flow that were created within the times and can be seen by now, newest first."""
        now = self._clock()
        last = min(end, now - self._world.visible_after)
        newest_first = reversed(self._by_flow.get(flow, []))
        recent = itertools.takewhile(lambda one: one.created >= start, newest_first)
        return [one for one in recent if one.created <= last and status in {None, one.status(now)}]

    def clear(self) -> None:
        """Forget all of them; numbers go on."""
        self._by_sid.clear()
        self._by_flow.clear()
        self._latest.clear()


def stamp(seconds: float) -> str:
    """A time as Twilio writes it, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
