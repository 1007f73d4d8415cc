"""A whole event through the runtime, with a perform that does nothing: claims, ledger and all."""

from __future__ import annotations

from typing import Any

from sidebyside.job import Job, Work
from sidebyside.works.shop import Kept, grown, numbered, runtime, shop


def event(job: Job, given: dict[str, Any] | None = None) -> Work:
    """Send events, each with a messageId of its own."""
    kept = Kept()
    sending = runtime(job, shop(job, kept), subscriptions=job.options.get("subscriptions", 1))
    events = numbered(given or job.inputs["event"])

    async def once() -> None:
        await sending.send(next(events))

    async def check() -> object:
        kept.payload = None
        await once()
        return kept.payload

    return Work(once=once, check=check, close=sending.aclose)


def unmatched(job: Job) -> Work:
    """An event that no subscription matches."""
    return event(job, {**job.inputs["event"], "event": "Product Viewed"})


def sized(job: Job) -> Work:
    """An event of so many bytes."""
    return event(job, grown(job.inputs["event"], job["bytes"]))
