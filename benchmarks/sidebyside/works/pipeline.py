"""The pure part of an event's path: trigger, mapping, clean-up, validation, typed payload."""

from __future__ import annotations

from destination_actions.runtime.prepare import Prepared, prepare

from sidebyside.job import Job, Work
from sidebyside.works.shop import Kept, runtime, shop


def pipeline(job: Job) -> Work:
    """As the runtime does it."""
    (subscription,) = runtime(job, shop(job, Kept())).plan.subscriptions
    event = job.inputs["event"]

    def payload() -> object:
        prepared = prepare(subscription, event, "m-1")
        assert isinstance(prepared, Prepared), prepared
        return prepared.payload

    return Work(once=lambda: prepare(subscription, event, "m-1"), check=payload)
