"""Events handed over together and performed together."""

from __future__ import annotations

from sidebyside.job import Job, Work
from sidebyside.works.shop import Kept, numbered, runtime, shop


def batch(job: Job) -> Work:
    """Send batches."""
    kept = Kept()
    sending = runtime(job, shop(job, kept, batch_size=job["per"]))
    events = numbered(job.inputs["event"])

    async def once() -> None:
        await sending.send_batch([next(events) for _ in range(job["per"])])

    async def check() -> object:
        await once()
        return kept.payload

    return Work(once=once, check=check, close=sending.aclose)
