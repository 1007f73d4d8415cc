"""The one effect of a delivery: marks the claim, checks the deadline, sends, and remembers how far it came.

A batch has one `Effect` too, and remembers for each of its items apart what was sent on that item's behalf.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from destination_actions.answers import retry_after
from destination_actions.errors import DestinationActionsError, MaybeSent, NotSent
from destination_actions.protocols import Claim, ClaimStore, ClaimTimes, Clock, Response
from destination_actions.runtime.lanes import LaneClients, Turns
from destination_actions.runtime.oauth import Token
from destination_actions.runtime.tries import Exchange


class Reach(Enum):
    """How far the effect has come."""

    NOTHING = "nothing"
    """Nothing left this process, or the other side refused it."""
    MAYBE = "maybe"
    """It left or may have left, and no answer is known."""
    DONE = "done"
    """A 2xx status line was read."""


_NOTHING = Reach.NOTHING


class ClaimLost(DestinationActionsError):  # noqa: N818 - a fact about the claim
    """The claim went to somebody else before the request left."""


@dataclass(slots=True)
class _Sending:
    """One request on behalf of some items: its token, how far it came, whether it may still leave, whether a 401
    renewed the token, and what was said on both sides, once it was about to leave."""

    token: Token | None
    reach: Reach = _NOTHING
    leaving: bool = False
    renewed: bool = False
    exchange: Exchange | None = None

    def left(self) -> None:
        """Note that the headers go out now."""
        self.reach = Reach.MAYBE


class Effect:
    """`Context.send` for one delivery, or for the deliveries of one batch; `held` has the claim of each, or None."""

    __slots__ = (
        *("_claims", "_clients", "_clock", "_closed", "_held", "_sendings", "_start", "_times", "_turns"),
        "began",
    )

    def __init__(
        self,
        claims: ClaimStore,
        held: Sequence[Claim | None],
        clock: Clock,
        times: ClaimTimes,
        clients: LaneClients,
        turns: Turns | None = None,
    ) -> None:
        self._claims = claims
        self._held = held or (None,)
        self._sendings: dict[int, list[_Sending]] = {}
        self._clock = clock
        self._times = times
        self._clients = clients
        self._turns = turns
        self._closed = False
        self.began = clock.now()
        """When it was made, by the wall clock."""
        self._start = clock.monotonic()

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return self._clock.monotonic() - self._start

    @property
    def reach(self) -> Reach:
        """How far a single delivery came."""
        return self.reach_of(0)

    def reach_of(self, item: int) -> Reach:
        """How far this item came: by the last request on its behalf that was not refused."""
        if not self._sendings:
            return _NOTHING
        if self.left_behind(item):
            return Reach.MAYBE
        far = (
            sending.reach for sending in reversed(self._sendings.get(item, ())) if sending.reach is not Reach.NOTHING
        )
        return next(far, Reach.NOTHING)

    def left_behind(self, item: int) -> bool:
        """Whether a request on this item's behalf is still under way, so that nobody knows what becomes of it."""
        return any(sending.leaving for sending in self._sendings.get(item, ()))

    def exchanges_of(self, item: int) -> list[Exchange]:
        """The requests on this item's behalf, in their order, with their answers."""
        sendings = self._sendings.get(item)
        return [one.exchange for one in sendings if one.exchange is not None] if sendings else []

    def stale_token(self, item: int) -> Token | None:
        """The access token that this item's requests carried, unless it has been renewed for this item already."""
        sendings = self._sendings.get(item, ())
        return sendings[-1].token if sendings and not any(sending.renewed for sending in sendings) else None

    def close(self) -> None:
        """Let nothing leave any more; for plugin code that goes on after its time."""
        self._closed = True

    async def __call__(self, method: str, url: str, *, only: Iterable[int] | None = None, **options: Any) -> Response:
        """As `context.BatchSend` says. A 401 renews the access token, if there is one, and sends once more."""
        items = self._items(only)
        token = await self._clients.token(url, options)
        moment = None if self._turns is None else await self._turns.turn()
        sending = self._begun(items, token)
        response = await self._sent(items, sending, method, url, options, moment)
        if response.status_code == 401 and token is not None:
            sending.renewed = True
            again = self._begun(items, await self._clients.renewed(token))
            response = await self._sent(items, again, method, url, options)
        return response

    def _items(self, only: Iterable[int] | None) -> Sequence[int]:
        items = range(len(self._held)) if only is None else tuple(dict.fromkeys(only))
        if not items or min(items) < 0 or max(items) >= len(self._held):
            raise IndexError(f"only= must name payloads by their index, from 0 to {len(self._held) - 1}, not {items!r}")
        return items

    def _begun(self, items: Iterable[int], token: Token | None) -> _Sending:
        sending = _Sending(token)
        for item in items:
            self._sendings.setdefault(item, []).append(sending)
        return sending

    async def _sent(
        self,
        items: Sequence[int],
        sending: _Sending,
        method: str,
        url: str,
        options: dict[str, Any],
        moment: float | None = None,
    ) -> Response:
        left = await self._marked([claim for item in items if (claim := self._held[item]) is not None], moment)
        sending.exchange = exchange = Exchange(method, url, options, self._clock.now())
        began = self._clock.monotonic()
        sending.leaving = True
        try:
            exchange.response = response = await self._clients.once(
                method, url, sending.token, timeout=left, on_sent=sending.left, **options
            )
        except BaseException as error:
            exchange.error = error
            if isinstance(error, NotSent):
                sending.reach = Reach.NOTHING
            raise
        finally:
            sending.leaving = False
            exchange.seconds = self._clock.monotonic() - began
        status = response.status_code
        sending.reach = _reach(status)
        if sending.reach is Reach.MAYBE:
            message = f"the API answered {status}, which does not say whether it was done"
            after = retry_after(response, now=self._clock.now(), default=-1.0)
            raise MaybeSent(message, reason=f"status {status}", after=None if after < 0 else after)
        return response

    async def _marked(self, claims: Sequence[Claim], moment: float | None) -> float:
        """Record that the request is about to leave, and wait for its moment; gives the seconds that it may take."""
        if self._closed:
            raise ClaimLost("nothing may be sent here: this code's time is over, or it may only read")
        started = self._clock.monotonic()
        if not await self._all_marked(claims):
            raise ClaimLost("the claim was lost before the request left")
        if moment is not None and self._turns is not None:
            await self._turns.come(moment)
        left = self._times.send - (self._clock.monotonic() - started)
        if left <= 0 or self._closed:
            raise ClaimLost("the store took so long that the request may no longer leave")
        return left

    async def _all_marked(self, claims: Sequence[Claim]) -> bool:
        if len(claims) == 1:
            return await self._claims.mark_sent(claims[0])
        return all(await asyncio.gather(*(self._claims.mark_sent(claim) for claim in claims)))


def _reach(status: int) -> Reach:
    if 200 <= status < 300:
        return Reach.DONE
    return Reach.MAYBE if status == 408 or status >= 500 else Reach.NOTHING
