"""Deliveries that wait for company: an action that performs batches gets them when enough are there, or time is up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from destination_actions.protocols import Lease
from destination_actions.runtime.prepare import Prepared

log = logging.getLogger("destination_actions")


def group_of(prepared: Prepared) -> object:
    """What payloads of one batch have in common, as the action's `batch_key` says; None for one that goes alone."""
    action, lane = prepared.subscription.action, prepared.subscription.lane
    if action.perform_batch is None:
        return None
    if action.batch_key is None:
        return True
    try:
        key = action.batch_key(lane.settings, prepared.payload)
        return None if key is None else (hash(key), key)
    except KeyboardInterrupt:
        raise
    except BaseException:
        log.exception("%s.%s: its batch_key failed; this delivery goes alone", lane.destination.slug, action.slug)
        return None


def size_of(prepared: Prepared) -> int:
    """Bytes of the payload as JSON."""
    return len(orjson.dumps(prepared.payload.to_json(), default=str))


@dataclass(slots=True)
class Batch:
    """Deliveries of one subscription that may go together; `due` is when they go at the latest (monotonic)."""

    due: float
    items: list[tuple[Lease, Prepared]] = field(default_factory=list)
    bytes: int = 0

    def add(self, lease: Lease, prepared: Prepared, size: int) -> None:
        """Add one."""
        self.items.append((lease, prepared))
        self.bytes += size


class Gather:
    """The batches that are being put together; `flush` is called with each that is ready."""

    def __init__(self, flush: Callable[[Batch], None]) -> None:
        self._flush = flush
        self._batches: dict[tuple[str, str, object], Batch] = {}

    def __bool__(self) -> bool:
        """Whether something waits."""
        return bool(self._batches)

    def count(self, lane: str) -> int:
        """How many deliveries of a queue's lane wait here."""
        waiting = (item for batch in self._batches.values() for item in batch.items)
        return sum(lease.delivery.lane == lane for lease, _ in waiting)

    def add(self, lease: Lease, prepared: Prepared, group: object, now: float) -> None:
        """Take a delivery. A batch goes when it is full, or before it would become too large."""
        action, delivery = prepared.subscription.action, lease.delivery
        key, size = (delivery.destination, delivery.subscription, group), size_of(prepared)
        if key in self._batches and self._batches[key].bytes + size > action.batch_bytes:
            self._flush(self._batches.pop(key))
        batch = self._batches.setdefault(key, Batch(now + action.batch_linger))
        batch.add(lease, prepared, size)
        if len(batch.items) >= action.batch_size or batch.bytes >= action.batch_bytes:
            self._flush(self._batches.pop(key))

    def next_due(self) -> float | None:
        """When the next batch goes (monotonic)."""
        return min((batch.due for batch in self._batches.values()), default=None)

    def flush_due(self, now: float) -> None:
        """Let go what has waited long enough; all of it when `now` is infinite."""
        for key in [key for key, batch in self._batches.items() if batch.due <= now]:
            self._flush(self._batches.pop(key))

    def leases(self) -> Iterator[Lease]:
        """What waits."""
        for batch in self._batches.values():
            yield from (lease for lease, _ in batch.items)
