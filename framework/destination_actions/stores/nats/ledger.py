"""The ledger as a stream, which everybody may write; who reads has a projection of it in a SQLite file of their own.

A terminal record has its delivery's key as its subject and is only stored where that subject has nothing, so the first
record stands, whoever writes at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import fields
from secrets import token_hex
from typing import Any

from destination_actions.protocols import AttemptEntry, LedgerEntry, LedgerQuery, Retention, Tally
from destination_actions.stores.nats.codec import packed
from destination_actions.stores.nats.compare import pause
from destination_actions.stores.nats.link import Link
from destination_actions.stores.nats.message import ID
from destination_actions.stores.nats.projection import Projection
from destination_actions.stores.nats.streams import Names
from destination_actions.stores.nats.tokens import token
from destination_actions.stores.nats.wire import CAS_LOST, Refusal

_NEW = "Nats-Expected-Last-Subject-Sequence"


class NatsLedger:
    """A `Ledger` in NATS. `prunes` says whether `prune` brings the projection up to date to prune it.

    A worker that only writes has no projection, and the stream ends what is old by itself.
    """

    lasting = True

    def __init__(self, link: Link, names: Names, projection: Projection, *, prunes: bool = False) -> None:
        self._link = link
        self._names = names
        self._projection = projection
        self._prunes = prunes

    async def record(
        self, entry: LedgerEntry, attempts: Sequence[AttemptEntry] = (), *, replaces: Sequence[str] = ()
    ) -> bool:
        """As `Ledger` says."""
        return await self._link.run(self._record(entry, attempts, replaces))

    async def attempt(self, attempt: AttemptEntry) -> None:
        """As `Ledger` says."""
        await self._link.run(self._attempts([attempt]))

    async def count(self, tallies: Sequence[Tally]) -> None:
        """As `Ledger` says."""
        if tallies:
            body = packed([_plain(one) for one in tallies])
            await self._link.run(self._put(self._names.entry("count", "all"), body))

    async def pin(self, digest: str, document: Mapping[str, Any]) -> None:
        """As `Ledger` says."""
        body = packed({"digest": digest, "document": document})
        await self._link.run(self._put(self._names.entry("pin", token(digest)), body))

    async def pinned(self, digest: str) -> Mapping[str, Any] | None:
        """As `Ledger` says."""
        return await (await self._projection.current()).pinned(digest)

    async def entries(self, query: LedgerQuery) -> Sequence[LedgerEntry]:
        """As `Ledger` says. Numbers are the projection's own: another machine may count differently."""
        return await (await self._projection.current()).entries(query)

    async def attempts(self, key: str) -> Sequence[AttemptEntry]:
        """As `Ledger` says."""
        return await (await self._projection.current()).attempts(key)

    async def tallies(self) -> Sequence[Tally]:
        """As `Ledger` says; since the beginning of what this projection has seen."""
        return await (await self._projection.current()).tallies()

    async def forget(self, people: Sequence[str]) -> int:
        """As `Ledger` says: from the stream, from this projection, and from every other when it reads on."""
        await self._projection.current()
        keys = await self._projection.keys_of(people)
        await self._link.run(self._forget(people, keys))
        await self._projection.current()
        return len(keys)

    async def prune(self, retention: Retention) -> int:
        """As `Ledger` says, in the projection; the stream's own limits hold for the stream."""
        if not self._prunes:
            return 0
        return await (await self._projection.current()).prune(retention)

    async def aclose(self) -> None:
        """Leave the connection open: it belongs to whoever opened it."""

    # --- on the link's loop ------------------------------------------------------------------------------------------

    async def _record(self, entry: LedgerEntry, attempts: Sequence[AttemptEntry], replaces: Sequence[str]) -> bool:
        body = packed(
            {
                "entry": _plain(entry),
                "attempts": [_plain(attempt) for attempt in attempts],
                "replaces": list(replaces),
            }
        )
        subject, ident = self._names.ended(token(entry.key)), token_hex(12)
        lost = 0
        while not await self._first(subject, body, ident):
            stood = await self._link.wire.message(self._names.ledger, last_by_subj=subject)
            if stood is None:  # another's is on its way, and cannot be read yet
                lost += 1
                await pause(lost, subject)
                continue
            # A record that was sent again, because its answer was lost, finds itself there.
            if stood.headers.get(ID) == ident:
                return True
            await self._attempts(attempts)
            return False
        return True

    async def _first(self, subject: str, body: bytes, ident: str) -> bool:
        """Store a record where its subject has none."""
        try:
            await self._link.wire.publish(subject, body, {ID: ident, _NEW: "0"})
        except Refusal as error:
            if error.code not in CAS_LOST:
                raise
            return False
        return True

    async def _attempts(self, attempts: Sequence[AttemptEntry]) -> None:
        await asyncio.gather(
            *(self._put(self._names.entry("try", token(one.key)), packed(_plain(one))) for one in attempts)
        )

    async def _put(self, subject: str, body: bytes) -> None:
        """Store a record once, however often it has to be sent."""
        await self._link.wire.publish(subject, body, {ID: token_hex(12)})

    async def _forget(self, people: Sequence[str], keys: Sequence[str]) -> None:
        """Tell every projection, then purge what the stream has of them."""
        await self._put(self._names.entry("forget", "all"), packed({"people": list(people)}))
        for key in keys:
            for subject in (self._names.ended(token(key)), self._names.entry("try", token(key))):
                await self._link.wire.api(f"STREAM.PURGE.{self._names.ledger}", {"filter": subject})


def _plain(record: LedgerEntry | AttemptEntry | Tally) -> dict[str, Any]:
    """A record's fields by name, as they are: they hold nothing but JSON."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
