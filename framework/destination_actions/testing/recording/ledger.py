"""Samples from a ledger: what was delivered, refused or failed, with the last attempt's requests and answers.

A ledger keeps the events of what may be replayed, and all of them with `ledger: {deliveredEvents: true}`. It keeps the
requests of the effect; reads that came before it are not in it, and are answered as the destination's conformance
profile does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from destination_actions.protocols import AttemptEntry, Ledger, LedgerEntry, LedgerQuery
from destination_actions.testing.recording.samples import NO_ANSWER, NOT_SENT, Answered, Sample


async def ledger_samples(ledger: Ledger, query: LedgerQuery) -> AsyncIterator[Sample | LedgerEntry]:
    """A sample for each entry, the newest first; the entry itself where its event is not kept."""
    for entry in await ledger.entries(query):
        if entry.event is None:
            yield entry
            continue
        attempts = await ledger.attempts(entry.key)
        yield _sample(entry, entry.event, attempts[-1] if attempts else None)


def _sample(entry: LedgerEntry, event: Mapping[str, Any], attempt: AttemptEntry | None) -> Sample:
    outcome = {"outcome": entry.state, "reason": entry.reason, **entry.details}
    if attempt is not None:
        outcome |= {"outcome": attempt.outcome, "reason": attempt.reason}
    if outcome["outcome"] in {"delivered", "suppressed", "invalid"}:
        del outcome["reason"]  # such outcomes have none of their own
    return Sample(
        destination=entry.destination,
        subscription=entry.subscription,
        event=event,
        at=attempt.at if attempt else entry.at,
        outcome=outcome,
        exchanges=tuple(_answered(one) for one in attempt.exchanges) if attempt else (),
        whole=False,
    )


def _answered(exchange: Mapping[str, Any]) -> Answered:
    error = str(exchange.get("error") or "")
    fault = None if exchange["status"] is not None else NOT_SENT if error.startswith("NotSent") else NO_ANSWER
    return Answered(
        method=exchange["method"],
        url=exchange["url"],
        status=exchange["status"],
        headers=dict(exchange.get("responseHeaders") or {}),
        body=str(exchange.get("responseBody") or ""),
        fault=fault,
    )
