"""Notices of open breakers, for people: written by the worker whose breaker it is, read by `destinations status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from destination_actions.protocols import Clock, TokenStore

SLACK = 30.0
"""Seconds after the next probe is due in which a worker may still renew its notice; then it is taken to have ended."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a breaker is open (`failures`, `authentication`; None when it is closed), and what the API said.

    Times are wall-clock seconds: since when, when the next probe is due, until when this holds if nobody says more.
    """

    why: str | None
    message: str
    since: float
    probe: float
    until: float


class NoticeBoard:
    """The notices of one lane."""

    def __init__(self, tokens: TokenStore, clock: Clock, lane: str) -> None:
        self._tokens = tokens
        self._clock = clock
        self._name = _name(lane)

    async def put_up(self, why: str | None, message: str, interval: float) -> None:
        """Say how the breaker is; who is a moment later than another worker says nothing."""
        now = self._clock.now()
        record = await self._tokens.get(self._name)
        before = None if record is None else Notice(**record[1])
        since = before.since if before is not None and before.why == why and before.until > now else now
        notice = Notice(why, message, since, now + interval, now + interval + SLACK)
        await self._tokens.put(self._name, asdict(notice), revision=0 if record is None else record[0])


async def open_breakers(tokens: TokenStore, lanes: Iterable[str], now: float) -> Mapping[str, Notice]:
    """The notices of lanes whose breaker is open, by lane."""
    found: dict[str, Notice] = {}
    for lane in lanes:
        record = await tokens.get(_name(lane))
        notice = None if record is None else Notice(**record[1])
        if notice is not None and notice.why is not None and notice.until > now:
            found[lane] = notice
    return found


def _name(lane: str) -> str:
    return f"breaker:{lane}"
