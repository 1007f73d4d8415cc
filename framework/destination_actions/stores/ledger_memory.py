"""A ledger in this process's memory: the newest entries, and tallies of everything."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from threading import Lock
from typing import Any, Final

from destination_actions.protocols import AttemptEntry, Clock, LateRecord, LedgerEntry, LedgerQuery, Retention, Tally

LEDGER_SIZE: Final = 1_000
"""Entries that a ledger in memory keeps at most; the oldest go first."""

_ATTEMPTS: Final = 20
"""Attempts of one delivery that are kept; the oldest go first."""


class MemoryLedger:
    """A `Ledger` in memory. Usable from several loops and threads."""

    lasting = False

    def __init__(self, clock: Clock, *, size: int = LEDGER_SIZE) -> None:
        self._clock = clock
        self._size = size
        self._lock = Lock()
        self._numbers = count(1)
        self._entries: OrderedDict[str, tuple[int, LedgerEntry | LateRecord]] = OrderedDict()  # with their numbers
        self._replayed: set[str] = set()
        # In the order in which deliveries were last tried.
        self._attempts: OrderedDict[str, list[AttemptEntry | LateRecord]] = OrderedDict()
        self._tallies: Counter[tuple[str, str, str, str]] = Counter()
        self._pins: dict[str, Mapping[str, Any]] = {}

    async def record(
        self, entry: LedgerEntry, attempts: Sequence[AttemptEntry] = (), *, replaces: Sequence[str] = ()
    ) -> bool:
        """As `Ledger` says."""
        with self._lock:
            for attempt in attempts:
                self._try(attempt)
            new = self._new(entry, (entry.destination, entry.subscription, entry.state, entry.reason))
            if new:
                self._replayed.update(key for key in replaces if key in self._entries)
            return new

    def note(self, record: LateRecord) -> bool:
        """As `LateLedger` says."""
        with self._lock:
            if record.tried is not None:
                self._try(record)
            return self._new(record, record.tally)

    def _new(self, entry: LedgerEntry | LateRecord, tally: tuple[str, str, str, str]) -> bool:
        """Keep an entry and count it, unless there is an earlier one."""
        entries, key = self._entries, entry.key
        if key in entries:
            return False
        entries[key] = (next(self._numbers), entry)
        self._tallies[tally] += 1
        if len(entries) > self._size:
            self._shrink(self._size)
        return True

    async def attempt(self, attempt: AttemptEntry) -> None:
        """As `Ledger` says."""
        with self._lock:
            self._try(attempt)

    async def count(self, tallies: Sequence[Tally]) -> None:
        """As `Ledger` says."""
        with self._lock:
            for one in tallies:
                self._tallies[one.destination, one.subscription, one.state, one.reason] += one.count

    async def pin(self, digest: str, document: Mapping[str, Any]) -> None:
        """As `Ledger` says."""
        self._pins.setdefault(digest, document)

    async def pinned(self, digest: str) -> Mapping[str, Any] | None:
        """As `Ledger` says."""
        return self._pins.get(digest)

    async def entries(self, query: LedgerQuery) -> Sequence[LedgerEntry]:
        """As `Ledger` says."""
        with self._lock:
            entries = map(self._shown, reversed(self._entries))
            return list(islice((entry for entry in entries if all(_tests(entry, query))), query.limit))

    async def attempts(self, key: str) -> Sequence[AttemptEntry]:
        """As `Ledger` says."""
        with self._lock:
            return list(_made(self._attempts.get(key, ())))

    async def tallies(self) -> Sequence[Tally]:
        """As `Ledger` says."""
        with self._lock:
            return [Tally(*key, number) for key, number in sorted(self._tallies.items())]

    async def forget(self, people: Sequence[str]) -> int:
        """As `Ledger` says."""
        with self._lock:
            asked = set(people)
            return self._remove([entry.key for entry in map(self._shown, self._entries) if asked & set(entry.people)])

    async def prune(self, retention: Retention) -> int:
        """As `Ledger` says."""
        with self._lock:
            oldest = self._clock.now() - retention.seconds
            late = [key for key, (_, entry) in self._entries.items() if entry.at < oldest]
            return self._remove(late) + self._shrink(retention.entries)

    async def aclose(self) -> None:
        """Hold nothing open."""

    def _shown(self, key: str) -> LedgerEntry:
        number, entry = self._entries[key]
        if not isinstance(entry, LedgerEntry):
            entry = entry.entry()
            self._entries[key] = (number, entry)
        return replace(entry, number=number, replayed=key in self._replayed)

    def _try(self, attempt: AttemptEntry | LateRecord) -> None:
        kept = self._attempts.pop(attempt.key, None)
        self._attempts[attempt.key] = [*kept, attempt][-_ATTEMPTS:] if kept else [attempt]
        if len(self._attempts) > self._size:
            self._attempts.popitem(last=False)

    def _shrink(self, size: int) -> int:
        over = len(self._entries) - size
        if over == 1:  # as after each record of a full ledger
            return self._remove((next(iter(self._entries)),))
        return self._remove(list(islice(self._entries, over))) if over > 0 else 0

    def _remove(self, keys: Sequence[str]) -> int:
        for key in keys:
            del self._entries[key]
            if self._replayed:
                self._replayed.discard(key)
            self._attempts.pop(key, None)
        return len(keys)


def _made(attempts: Iterable[AttemptEntry | LateRecord]) -> Iterator[AttemptEntry]:
    for one in attempts:
        attempt = one if isinstance(one, AttemptEntry) else one.attempt()
        if attempt is not None:
            yield attempt


def _tests(entry: LedgerEntry, query: LedgerQuery) -> Iterator[bool]:
    yield query.since is None or entry.at >= query.since
    yield query.until is None or entry.at < query.until
    yield not query.states or entry.state in query.states
    yield query.reason is None or entry.reason == query.reason
    yield query.destination is None or entry.destination == query.destination
    yield query.person is None or query.person in entry.people
    yield query.key is None or entry.key.startswith(query.key)
    yield not (query.open_only and entry.replayed)
    yield query.before is None or entry.number < query.before
