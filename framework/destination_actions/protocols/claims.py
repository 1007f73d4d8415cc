"""Claims: the cooldown window and the journal of deliveries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from destination_actions.events import Json
from destination_actions.values import light


class Verdict(Enum):
    """What a store answers to a claim."""

    GRANTED = "granted"
    """The caller holds the key and may send."""
    RESUME = "resume"
    """The caller holds the key, but an earlier attempt of this delivery may have been executed: read back first."""
    BUSY = "busy"
    """Somebody holds a live claim on the key, or another event's outcome is unresolved: come back later."""
    COOLING = "cooling"
    """Another event was confirmed on this key and its window is open; recorded as suppressed in the same step."""
    COOLING_CHECK = "cooling_check"
    """As COOLING, but this delivery was attempted earlier: read back, then settle or claim again with `checked`."""
    ALREADY_DONE = "already_done"
    """This delivery was confirmed before."""
    ALREADY_SUPPRESSED = "already_suppressed"
    """This delivery was suppressed before."""


@light
@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A wish to act once. `key` and `delivery` are digests; `message` is the event's messageId.

    `seconds` is the window that a confirmation opens; with 0 the caller makes `key` unique for the delivery.
    `checked` says that a read-back after COOLING_CHECK found nothing.
    """

    key: str
    delivery: str
    seconds: float
    message: str
    checked: bool = False


@light
@dataclass(frozen=True, slots=True)
class Claim:
    """A held claim: the request's key and delivery, its window, and the token that fences stale holders."""

    key: str
    delivery: str
    seconds: float
    token: str


@light
@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    """A verdict with what goes with it.

    `claim` with GRANTED and RESUME; `until` (wall clock) and `by` (messageId) with COOLING, COOLING_CHECK and
    ALREADY_SUPPRESSED; `retry_in`, the seconds after which it is worth asking again, with BUSY; `data` (what `confirm`
    recorded) with ALREADY_DONE; `attempted` and `attempted_last` (wall clock of the first and the last `mark_sent` of
    this delivery) with RESUME and COOLING_CHECK.
    """

    verdict: Verdict
    claim: Claim | None = None
    until: float | None = None
    by: str | None = None
    retry_in: float | None = None
    data: Json = None
    attempted: float | None = None
    attempted_last: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimTimes:
    """The protocol's constants in seconds: lease before sending, total send deadline, and the time that a request
    can still be under way after we gave up on it; and how long a journal entry lives."""

    lease: float = 10.0
    send: float = 10.0
    grace: float = 5.0
    journal: float = 24 * 3600.0


@runtime_checkable
class PromptClaims(Protocol):
    """Claims in a store that commits in the order in which it is asked: whoever waits for what comes next need not wait
    for a confirmation."""

    def confirm_soon(self, claim: Claim, data: Json, failed: Callable[[BaseException], None]) -> None:
        """Confirm before anything that is asked for later; `failed` hears when it cannot be done."""


@runtime_checkable
class ClaimStore(Protocol):
    """Window and journal records; each operation is atomic. Raises `StoreError` when the store is out of order."""

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """Decide whether this delivery may act now."""

    async def mark_sent(self, claim: Claim) -> bool:
        """Record that the request is about to leave. False means: do not send, the claim is no longer yours."""

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """Record success: the delivery is done, and its window opens now. A stale token only lengthens a window."""

    async def release(self, claim: Claim) -> None:
        """Record a definite failure: the key is free again, as if nothing had happened."""

    async def ambiguous(self, claim: Claim) -> None:
        """Record an unknown outcome: the key stays taken; only the same delivery may resume."""

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """Record that a read-back found this delivery executed while another event's window is open."""

    async def aclose(self) -> None:
        """Give back what the store holds open."""
