"""What is compared: one row for each line of the table, with its target where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """A case with its variables. `peer` is the peer's name for it (None: it has no such thing), `raw` the raw limit.

    `requests` is how many the mock must count for each event; `processes` how many of each side run at once.
    """

    name: str
    title: str
    group: str
    case: str
    peer: str | None
    raw: str | None = None
    target: float | None = None
    requests: int = 0
    processes: int = 1
    expected: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


PURE = "One event, no network"
STUDIO = "Twilio Studio, two HTTP requests an event"
GROWTH = "As things grow"


def rows() -> tuple[Row, ...]:
    """Every row in the order of the table."""
    return (*_pure(), *_studio(), *_growth())


def _pure() -> Iterator[Row]:
    yield Row("fql", "FQL, as the runtime evaluates it", PURE, "fql", "fql", target=15, expected="true")
    yield Row("mapping", "Mapping of 12 fields", PURE, "mapping", "mapping", "raw json", 8, expected="mapped")
    yield Row("validation", "Validation of the payload", PURE, "validation", "validation", expected="payload")
    title = "Trigger, mapping, clean-up, validation"
    yield Row("pipeline", title, PURE, "pipeline", "pipeline", "raw json", 8, expected="payload")
    yield Row("event", "Whole event, empty perform", PURE, "event", "event", "raw json", 10, expected="payload")
    yield Row("unmatched", "Whole event, not subscribed", PURE, "unmatched", "unmatched")
    title = "Batches of 100, empty performBatch"
    yield Row("batch", title, PURE, "batch", "batch", expected="payload", options={"per": 100})


def _studio() -> Iterator[Row]:
    for many, target in ((1, None), (16, None), (64, 2.5), (256, None)):
        title = f"{many} at a time" if many > 1 else "one at a time"
        options = {"concurrency": many}
        yield Row(f"studio-{many}", title, STUDIO, "studio", "studio", "raw http", target, 2, options=options)
    options = {"concurrency": 64, "keepAlive": True}
    title = "64 at a time, the peer with kept connections"
    yield Row("studio-kept", title, STUDIO, "studio", "studio", "raw http", None, 2, options=options)
    title = "64 at a time, two processes"
    yield Row("studio-two", title, STUDIO, "studio", "studio", None, None, 2, 2, options={"concurrency": 64})
    title = "64 at a time, ours durable"
    options = {"concurrency": 64}
    yield Row("durable", title, STUDIO, "durable", "studio", "raw http", 1.2, 2, options=options)
    title = "64 at a time, ours durable, two processes"
    yield Row("durable-two", title, STUDIO, "durable", "studio", None, None, 2, 2, options=options)


def _growth() -> Iterator[Row]:
    for many in (1, 10, 100, 1000):
        title = f"{many:,} subscriptions, one matches" if many > 1 else "1 subscription"
        yield Row(f"subscriptions-{many}", title, GROWTH, "event", "event", options={"subscriptions": many})
    for size in (500, 2000, 8000, 32000):
        title = f"Event of {size / 1000:g} KB"
        yield Row(f"size-{size}", title, GROWTH, "sized", "sized", options={"bytes": size})
