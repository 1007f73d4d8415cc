"""One call of the tracking API from its bytes to its answer; knows no sockets."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from destination_actions.errors import StoreError
from destination_actions.events import Event
from destination_actions.ingest.keys import Source, WriteKeys, key_in_body, key_in_header, unauthorized
from destination_actions.ingest.limits import Limits
from destination_actions.ingest.messages import Call, events_of
from destination_actions.ingest.reply import Reply, accepted, refused
from destination_actions.protocols import Clock
from destination_actions.runtime.strict import Refused, limited, parsed_parts

log: Final = logging.getLogger("destination_actions.ingest")

Accept: TypeAlias = "Callable[[Source, Sequence[Event]], Awaitable[None]]"
"""Keeps events durably for the destinations of a source, or raises `StoreError`."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes calls for the sources of one configuration."""

    keys: WriteKeys
    accept: Accept
    clock: Clock
    limits: Limits = field(default_factory=Limits)

    async def receive(self, endpoint: str, source: Source | None, content: bytes) -> Reply:
        """Answer one call; a success only when every event that the answer does not refuse is kept.

        `endpoint` is the last part of the path, `source` what `sender` gave, `content` the decompressed body. Raises
        `Refused` when nothing of the call is an event, or its sender is not known.
        """
        limited(content, self.limits.batch_bytes, f"the body is larger than {self.limits.batch_bytes:,} bytes")
        body, doubtful = self._parsed(source, content.removeprefix(_BOM))
        source = source or self._known(key_in_body(body))
        call = Call(endpoint, source.name, body, len(content), doubtful, self.clock.now())
        events, refusals = events_of(call, self.limits)
        if refusals and not events:
            return refused(Refused("no_event", "nothing in the batch is an event"), refusals)
        await self._keep(source, events)
        return accepted(refusals)

    def sender(self, authorization: str | None) -> Source | None:
        """The source that a header names; None without a header. Raises `Refused` for a header that names none."""
        key = key_in_header(authorization)
        return None if key is None else self._known(key)

    def _known(self, key: str | None) -> Source:
        source = None if key is None else self.keys.source_of(key)
        if source is None:
            what = "the write key is not known" if key else "no write key: send it as the user of basic authentication"
            raise unauthorized(what)
        return source

    def _parsed(self, source: Source | None, content: bytes) -> tuple[Any, bool]:
        """The body; of a caller who is not known yet, nothing is said about what is wrong with it."""
        try:
            return parsed_parts(content)
        except Refused:
            if source is None:
                raise unauthorized("no write key: send it as the user of basic authentication") from None
            raise

    async def _keep(self, source: Source, events: Sequence[Event]) -> None:
        try:
            await self.accept(source, events)
        except StoreError as error:
            log.error("events cannot be kept: %s", error)  # noqa: TRY400 - the store's message says it all
            raise Refused("unavailable", "the events cannot be kept at the moment; send them again") from None
