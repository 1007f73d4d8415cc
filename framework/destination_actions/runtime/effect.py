"""The one effect of a delivery: marks the claim, checks the deadline, sends, and remembers how far it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, TypeAlias

from destination_actions.errors import DestinationActionsError, MaybeSent
from destination_actions.protocols import Claim, ClaimStore, ClaimTimes, Clock, Response


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


Exchange: TypeAlias = Callable[..., Awaitable[Response]]
"""How the effect is carried: `HttpClient.request`."""


class Effect:
    """`Context.send` for one delivery, or for the deliveries of one batch."""

    def __init__(
        self, claims: ClaimStore, held: Sequence[Claim], clock: Clock, times: ClaimTimes, exchange: Exchange
    ) -> None:
        self._claims = claims
        self._held = held
        self._clock = clock
        self._times = times
        self._exchange = exchange
        self._closed = False
        self.reach = Reach.NOTHING

    def close(self) -> None:
        """Let nothing leave any more; for plugin code that goes on after its time."""
        self._closed = True

    async def __call__(self, method: str, url: str, **options: Any) -> Response:
        """As `context.Send` says."""
        if self._closed:
            raise ClaimLost("nothing may be sent here: this code's time is over, or it may only read")
        started = self._clock.monotonic()
        for claim in self._held:
            if not await self._claims.mark_sent(claim):
                raise ClaimLost("the claim was lost before the request left")
        left = self._times.send - (self._clock.monotonic() - started)
        if left <= 0:
            raise ClaimLost("the store took so long that the request may no longer leave")
        before, sent = self.reach, False

        def on_sent() -> None:
            nonlocal sent
            sent = True
            self.reach = Reach.MAYBE

        response = await self._exchange(method, url, timeout=left, on_sent=on_sent, **options)
        self.reach = _reach(response.status_code, before)
        if self.reach is Reach.MAYBE:
            status = response.status_code
            raise MaybeSent(
                f"the API answered {status}, which does not say whether it was done", reason=f"status {status}"
            )
        return response


def _reach(status: int, before: Reach) -> Reach:
    if 200 <= status < 300:
        return Reach.DONE
    if status == 408 or status >= 500:
        return Reach.MAYBE
    return before
