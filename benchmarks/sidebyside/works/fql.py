"""Does an event match the expression of a subscription?"""

from __future__ import annotations

from destination_actions import compile_subscription

from sidebyside.job import Job, Work


def fql(job: Job) -> Work:
    """Compiled once, as the runtime does; the peer's runtime parses the text for every event."""
    matches, event = compile_subscription(job.inputs["subscription"]["subscribe"]).matches, job.inputs["event"]
    return Work(once=lambda: matches(event), check=lambda: matches(event))
