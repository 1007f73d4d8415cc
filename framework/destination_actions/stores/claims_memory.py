"""Claims in this process's memory: for tests, single runs, and services that may forget at restart.

The journal is bounded by age and by size, the windows by age; a window that is still open is never given up for space.
Usable from several loops and threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from secrets import token_hex
from threading import Lock
from typing import Final

from destination_actions.events import Json, json_copy
from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimTimes, Clock
from destination_actions.stores.clock import Instant, anchored, boot_of
from destination_actions.stores.transitions import Entry, Records, Transitions, Window
from destination_actions.values import new_tuple

JOURNAL_SIZE: Final = 100_000
"""Entries that the journal keeps at most; the oldest go first."""


PRUNE_EVERY: Final = 1.0
"""Seconds between two looks for entries that are too old; until then, the protocol takes them for forgotten."""


def new_token() -> str:
    """Give 128 random bits: a token that no record has ever held."""
    return token_hex(16)


def _numbered_tokens() -> Callable[[], str]:
    """Tokens for one store: a random beginning and a number, for which the system need not be asked."""
    return map(f"{new_token()}.%x".__mod__, count()).__next__


class MemoryClaims:
    """A `ClaimStore` in memory. `tokens` and `transitions` are replaced by tests alone."""

    def __init__(
        self,
        clock: Clock,
        times: ClaimTimes | None = None,
        *,
        size: int = JOURNAL_SIZE,
        tokens: Callable[[], str] | None = None,
        transitions: Transitions | None = None,
    ) -> None:
        self._clock = clock
        self._anchor = anchored(clock, boot_of(clock))
        self._protocol = transitions or Transitions(times or ClaimTimes())
        self._size = size
        self._tokens = tokens or _numbered_tokens()
        self._lock = Lock()
        self._windows: dict[str, Window] = {}
        # In the order in which entries were touched. A plain dict finds its first key past all that were taken out.
        self._journal: OrderedDict[str, Entry] = OrderedDict()
        self._sweep_at = 1024
        self._prune_at = 0.0

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """As `ClaimStore` says; raises `ValueError` for a period that is none."""
        with self._lock:
            at, before = self._anchor.instant(self._clock), self._read(request.key, request.delivery)
            records, answer = self._protocol.claim(before, request, at, self._tokens())
            self._write(request.key, request.delivery, before, records)
            if at.now >= self._prune_at or len(self._journal) > self._size or len(self._windows) >= self._sweep_at:
                self._prune(at.now)
            return answer if answer.data is None else replace(answer, data=json_copy(answer.data))

    async def mark_sent(self, claim: Claim) -> bool:
        """As `ClaimStore` says."""
        with self._lock:
            before = self._read(claim.key, claim.delivery)
            records, ok = self._protocol.mark_sent(before, claim, self._anchor.instant(self._clock))
            self._write(claim.key, claim.delivery, before, records)
            return ok

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """As `ClaimStore` says."""
        kept = json_copy(data)
        with self._lock:  # as `_change` does, for nearly every delivery
            before, at = self._read(claim.key, claim.delivery), self._anchor.instant(self._clock)
            self._write(claim.key, claim.delivery, before, self._protocol.confirm(before, claim, kept, at))

    async def release(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        self._change(claim, lambda records, _: self._protocol.release(records, claim))

    async def ambiguous(self, claim: Claim) -> None:
        """As `ClaimStore` says."""
        self._change(claim, lambda records, at: self._protocol.ambiguous(records, claim, at))

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """As `ClaimStore` says."""
        kept = json_copy(data)
        self._change(request, lambda records, at: self._protocol.settle(records, kept, at))

    async def aclose(self) -> None:
        """Hold nothing open."""

    def _change(self, of: Claim | ClaimRequest, change: Callable[[Records, Instant], Records]) -> None:
        with self._lock:
            before = self._read(of.key, of.delivery)
            self._write(of.key, of.delivery, before, change(before, self._anchor.instant(self._clock)))

    def _read(self, key: str, delivery: str) -> Records:
        return new_tuple(Records, (self._windows.get(key), self._journal.get(delivery)))

    def _write(self, key: str, delivery: str, before: Records, records: Records) -> None:
        (window, entry), (old_window, old_entry) = records, before
        if window is not old_window and window is not None:
            self._windows[key] = window
        if entry is not old_entry:
            if old_entry is not None:
                self._journal.pop(delivery, None)
            if entry is not None:
                self._journal[delivery] = entry

    def _prune(self, now: float) -> None:
        self._prune_at = now + PRUNE_EVERY
        oldest = now - self._protocol.times.journal
        while self._journal:
            delivery, entry = next(iter(self._journal.items()))
            if len(self._journal) <= self._size and entry.touched > oldest:
                break
            del self._journal[delivery]
        if len(self._windows) >= self._sweep_at:
            past = now if len(self._windows) > self._size else oldest
            self._windows = {key: window for key, window in self._windows.items() if window.ends > past}
            self._sweep_at = max(1024, 2 * len(self._windows))
