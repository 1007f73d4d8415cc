"""The lanes of the queue: each has a pull consumer of its own, which all workers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from destination_actions.protocols import ClaimTimes
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.nats.wire import Wire

ACK_WAIT: Final = 25.0
"""Seconds after which the server takes a message for lost that it has heard nothing of, with the usual times."""

LEAST_ACK_WAIT: Final = 5.0
"""Less than this, and a process that is only slow loses what it has in hand."""

MOST_IN_HAND: Final = 50_000
"""Messages of one lane that may be in hand or given back for a few seconds, with all workers together."""

_NANO: Final = 1_000_000_000
_LANE: Final = "lane"


def ack_wait_of(times: ClaimTimes) -> float:
    """As long as a claim that was left behind keeps its own delivery waiting: coming again sooner leads to nothing."""
    return max(LEAST_ACK_WAIT, times.lease + times.send + times.grace)


@dataclass(frozen=True, slots=True)
class LaneState:
    """How many messages of a lane wait, and how many are in somebody's hand."""

    pending: int
    in_hand: int


class Consumers:
    """The consumers of one store's lanes."""

    def __init__(self, wire: Wire, names: Names, ack_wait: float = ACK_WAIT) -> None:
        self._wire = wire
        self._names = names
        self.ack_wait = ack_wait
        self.known: dict[str, str] = {}
        """Consumer names by lane."""

    async def ensure(self, lane: str) -> str:
        """Give a lane's consumer; make it, or bring it up to date, when this process meets the lane first."""
        name = self.known.get(lane)
        if name is None:
            name = token(lane)
            await self._wire.api(f"CONSUMER.CREATE.{self._names.queue}.{name}", self._create(lane, name))
            self.known[lane] = name
        return name

    def forget(self, lane: str) -> None:
        """Have it made again at the next need: it does not exist any more."""
        self.known.pop(lane, None)

    async def states(self) -> dict[str, LaneState]:
        """Every lane that has a consumer, whoever made it."""
        found: dict[str, LaneState] = {}
        offset, total = 0, 1
        while offset < total:
            page = await self._wire.api(f"CONSUMER.LIST.{self._names.queue}", {"offset": offset})
            consumers: list[dict[str, Any]] = page["consumers"] or []
            for one in consumers:
                lane = (one["config"].get("metadata") or {}).get(_LANE)
                if lane is not None:
                    self.known[lane] = one["name"]
                    found[lane] = LaneState(one["num_pending"], one["num_ack_pending"])
            total = page["total"]
            offset += len(consumers) or total
        return found

    def _create(self, lane: str, name: str) -> dict[str, Any]:
        config = {
            "durable_name": name,
            "name": name,
            "filter_subject": self._names.work(name, ">"),
            "ack_policy": "explicit",
            "ack_wait": int(self.ack_wait * _NANO),
            "max_deliver": -1,  # a copy is never left lying: poison is set aside by its losses
            "max_ack_pending": MOST_IN_HAND,
            "metadata": {_LANE: lane},
        }
        return {"stream_name": self._names.queue, "config": config}
