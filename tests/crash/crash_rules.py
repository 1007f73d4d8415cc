"""Claim rules that are known to be wrong, to show that the harness sees what they do."""

from __future__ import annotations

import secrets

from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimStore, TokenStore, Verdict


class UpstreamRule:
    """The window is armed before the call and never given back, and nothing tells one event's deliveries apart.

    Check and arm are two steps, as with a state that is read at the start of a request and written at its end.
    """

    def __init__(self, records: TokenStore, now: object) -> None:
        self._records = records
        self._now = now

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """Cooling when the window is armed; otherwise arm it and go ahead."""
        now: float = self._now()  # type: ignore[operator]
        found = await self._records.get(f"armed:{request.key}")
        if found is not None and found[1]["until"] > now:
            return ClaimAnswer(Verdict.COOLING, until=found[1]["until"], by=found[1]["by"])
        value = {"until": now + request.seconds, "by": request.message}
        await self._records.put(f"armed:{request.key}", value, revision=found[0] if found else 0)
        claim = Claim(request.key, request.delivery, request.seconds, secrets.token_hex(16))
        return ClaimAnswer(Verdict.GRANTED, claim=claim)

    async def mark_sent(self, claim: Claim) -> bool:
        """Send whatever happened meanwhile."""
        return True

    async def confirm(self, claim: Claim, data: object = None) -> None:
        """Keep nothing."""

    async def release(self, claim: Claim) -> None:
        """Never give back."""

    async def ambiguous(self, claim: Claim) -> None:
        """Keep nothing."""

    async def settle(self, request: ClaimRequest, data: object = None) -> None:
        """Keep nothing."""

    async def aclose(self) -> None:
        """Hold nothing."""


def upstream(inner: ClaimStore, records: TokenStore, now: object) -> UpstreamRule:
    """The rule over the same file; `inner` is what it replaces."""
    return UpstreamRule(records, now)
