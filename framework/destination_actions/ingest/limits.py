"""How much of what an ingest server takes."""

from __future__ import annotations

from dataclasses import dataclass

from destination_actions.runtime.strict import EVENT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes of JSON after decompression; the first three are those of Segment's tracking API.

    `body_seconds` is the deadline for a request's body. `idle_seconds` is how long a connection may take to send a
    request's headers, and how long it may stay open between two requests; `linger_seconds` how long the rest of a
    refused body is still read, so that its sender sees the answer. `connections` counts open ones. `held_bytes` is what
    the bodies that are being read may take together; those of callers who have not shown a key yet get a quarter of it.
    While `waiting` deliveries or more are in the queue, nothing is taken in; with 0 its bound is the disk.
    """

    event_bytes: int = EVENT_BYTES
    batch_bytes: int = 500 * 1024
    batch_events: int = 2500
    body_seconds: float = 20.0
    idle_seconds: float = 75.0
    linger_seconds: float = 5.0
    connections: int = 4096
    held_bytes: int = 32 * 1024 * 1024
    waiting: int = 1_000_000
