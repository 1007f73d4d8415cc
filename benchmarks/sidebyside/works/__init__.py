"""Our side of each case, one module a kind of case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sidebyside.job import Job
from sidebyside.works import batch, event, fql, mapping, pending, pipeline, raw, studio, validation

WORKS: dict[str, Callable[[Job], Any]] = {
    "fql": fql.fql,
    "mapping": mapping.mapping,
    "validation": validation.validation,
    "pipeline": pipeline.pipeline,
    "event": event.event,
    "unmatched": event.unmatched,
    "sized": event.sized,
    "batch": batch.batch,
    "studio": studio.studio,
    "durable": studio.durable,
    "pending": pending.pending,
    "waiting": pending.waiting,
    "raw json": raw.parse,
    "raw http": raw.http,
}
"""Our work by the name that the peer has for its own, and the raw limits."""
