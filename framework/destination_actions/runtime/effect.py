"""The one effect of a delivery: marks the claim, checks the deadline, sends, and remembers how far it came."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from destination_actions.errors import DestinationActionsError, MaybeSent, NotSent
from destination_actions.protocols import Claim, ClaimStore, ClaimTimes, Clock, Response
from destination_actions.runtime.lanes import LaneClients, Turns
from destination_actions.runtime.oauth import Token


class Reach(Enum):
    """How far the effect has come."""

    NOTHING = "nothing"
    """Nothing left this process, or the other side refused it."""
    MAYBE = "maybe"
    """It left or may have left, and no answer is known."""
    DONE = "done"
    """A 2xx status line was read."""


class ClaimLost(DestinationActionsError):  # noqa: N818 - a fact about the claim
    """The claim went to somebody else before the request left."""


class Effect:
    """`Context.send` for one delivery, or for the deliveries of one batch."""

    def __init__(
        self,
        claims: ClaimStore,
        held: Sequence[Claim],
        clock: Clock,
        times: ClaimTimes,
        clients: LaneClients,
        turns: Turns | None = None,
    ) -> None:
        self._claims = claims
        self._held = held
        self._clock = clock
        self._times = times
        self._clients = clients
        self._turns = turns
        self._closed = False
        self.reach = Reach.NOTHING

    def close(self) -> None:
        """Let nothing leave any more; for plugin code that goes on after its time."""
        self._closed = True

    async def __call__(self, method: str, url: str, **options: Any) -> Response:
        """As `context.Send` says. A 401 renews the access token, if there is one, and sends once more."""
        token = await self._clients.token(url)
        if self._turns is not None:
            await self._turns.turn()
        response = await self._sent(method, url, token, options)
        if response.status_code == 401 and token is not None:
            response = await self._sent(method, url, await self._clients.renewed(token), options)
        return response

    async def _sent(self, method: str, url: str, token: Token | None, options: dict[str, Any]) -> Response:
        left = await self._marked()
        before = self.reach

        def on_sent() -> None:
            self.reach = Reach.MAYBE

        try:
            response = await self._clients.once(method, url, token, timeout=left, on_sent=on_sent, **options)
        except NotSent:
            self.reach = before
            raise
        status = response.status_code
        self.reach = _reach(status, before)
        if self.reach is Reach.MAYBE:
            message = f"the API answered {status}, which does not say whether it was done"
            raise MaybeSent(message, reason=f"status {status}")
        return response

    async def _marked(self) -> float:
        """Record that the request is about to leave; gives the seconds that it may take."""
        if self._closed:
            raise ClaimLost("nothing may be sent here: this code's time is over, or it may only read")
        started = self._clock.monotonic()
        for claim in self._held:
            if not await self._claims.mark_sent(claim):
                raise ClaimLost("the claim was lost before the request left")
        left = self._times.send - (self._clock.monotonic() - started)
        if left <= 0 or self._closed:
            raise ClaimLost("the store took so long that the request may no longer leave")
        return left


def _reach(status: int, before: Reach) -> Reach:
    if 200 <= status < 300:
        return Reach.DONE
    if status == 408 or status >= 500:
        return Reach.MAYBE
    return before
