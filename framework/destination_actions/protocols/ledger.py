"""The ledger: what became of every delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from destination_actions.protocols.queue import Lease
from destination_actions.values import light

TERMINAL_STATES: Final = ("delivered", "suppressed", "invalid", "rejected", "unknown", "dead", "expired")
"""A delivery ends in exactly one of these."""

FAILED_STATES: Final = ("invalid", "rejected", "unknown", "dead", "expired")
"""The terminal states in which nothing is known to have been done; their events are kept for a replay."""


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEntry:
    """One try of a delivery: when (wall clock), for how many seconds, with what outcome, and under which configuration.

    `pin` is the digest of plugin version, trigger, mapping and settings. `exchanges` are the effect's requests and
    their answers as `schemas/ledger.schema.json` says, without secrets and personal data.
    """

    key: str
    at: float
    seconds: float
    outcome: str
    reason: str
    pin: str
    exchanges: Sequence[Mapping[str, Any]] = ()


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """How a delivery ended, and why: `state` is one of `TERMINAL_STATES`, `reason` a stable word.

    `people` are keyed digests of the event's user ids, for lookup alone. `event` is there while it may be replayed;
    `replayed` says that a later generation has ended since. A store gives each entry its `number`, in rising order.
    """

    key: str
    state: str
    reason: str
    destination: str
    subscription: str
    action: str
    message_id: str
    at: float
    accepted: float
    seconds: float = 0.0
    generation: int = 0
    attempts: int = 0
    pin: str = ""
    people: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] | None = field(default=None, repr=False)
    replayed: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQuery:
    """Which entries to list; what is None or empty does not narrow. The newest come first.

    `since` and `until` are wall-clock seconds, `key` the beginning of a delivery's key, `person` a digest of a user id,
    `before` an entry's number. With `open_only`, entries that were replayed since are left out.
    """

    since: float | None = None
    until: float | None = None
    states: Sequence[str] = ()
    reason: str | None = None
    destination: str | None = None
    person: str | None = None
    key: str | None = None
    open_only: bool = False
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a subscription ended like this, since the ledger began; filtered ones too."""

    destination: str
    subscription: str
    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How long, in seconds, and how many entries a ledger keeps, and about how many bytes they take; tallies stay."""

    seconds: float = 30 * 24 * 3600.0
    entries: int = 1_000_000
    bytes: int | None = None


@runtime_checkable
class Ledger(Protocol):
    """Records of terminal states and of attempts. Raises `StoreError` when the store is out of order.

    What is handed in is already free of secrets and personal data, but for the event. `lasting` says whether records
    outlive the process; if not, the exchanges of attempts are left out unless they are asked for.
    """

    @property
    def lasting(self) -> bool: ...

    async def record(
        self, entry: LedgerEntry, attempts: Sequence[AttemptEntry] = (), *, replaces: Sequence[str] = ()
    ) -> bool:
        """Record how a delivery ended, with its last attempts, in one step. The first record of a key stands.

        False when one stood already; the attempts are kept all the same. `replaces` are the keys of earlier
        generations, which are `replayed` from then on.
        """

    async def attempt(self, attempt: AttemptEntry) -> None:
        """Record a try that ended nothing yet."""

    async def count(self, tallies: Sequence[Tally]) -> None:
        """Add to the tallies what is not recorded one by one."""

    async def pin(self, digest: str, document: Mapping[str, Any]) -> None:
        """Keep what a configuration's digest was made of (digests again, and the plugin's version)."""

    async def pinned(self, digest: str) -> Mapping[str, Any] | None:
        """What `pin` kept."""

    async def entries(self, query: LedgerQuery) -> Sequence[LedgerEntry]:
        """List entries, the newest first."""

    async def attempts(self, key: str) -> Sequence[AttemptEntry]:
        """The attempts of a delivery, the oldest first."""

    async def tallies(self) -> Sequence[Tally]:
        """All tallies, by destination, subscription, state and reason."""

    async def forget(self, people: Sequence[str]) -> int:
        """Remove every entry of these people, with its event and attempts. Gives how many there were."""

    async def prune(self, retention: Retention) -> int:
        """Remove what is older or more than is to be kept. Gives how many entries went."""

    async def aclose(self) -> None:
        """Give back what the ledger holds open."""


class LateRecord(Protocol):
    """How a delivery ended, with an entry that is made only when somebody looks. Never changes."""

    @property
    def key(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def tried(self) -> object:
        """None when there was no try."""

    @property
    def tally(self) -> tuple[str, str, str, str]:
        """Destination, subscription, state and reason."""

    def entry(self) -> LedgerEntry:
        """Make the entry: without secrets and personal data, as any."""

    def attempt(self) -> AttemptEntry | None:
        """Make the entry of the last try, if there was one."""


Record: TypeAlias = tuple[LedgerEntry, Sequence[AttemptEntry], Sequence[str]]
"""What `Ledger.record` takes: the entry, its last attempts, and the keys that it replaces."""

RecordAndAck: TypeAlias = Callable[[Callable[[], Record], Lease], Awaitable[bool]]
"""As `Ledger.record`; in the same commit the lease is acknowledged. The record is made once, before that commit, in
whatever thread: many, one right after the other, take half of the time that each takes between other things."""


@runtime_checkable
class JoinedLedger(Protocol):
    """A ledger that may lie in one place with a queue."""

    def joined(self, queue: object) -> RecordAndAck | None:
        """Give the operation that does both in one commit; None where this queue lies elsewhere."""


@runtime_checkable
class LateLedger(Protocol):
    """A ledger of this process that takes late records too; it shows them as any others."""

    def note(self, record: LateRecord) -> bool:
        """As `Ledger.record`, with the last try, and without having to wait."""
