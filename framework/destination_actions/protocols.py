"""The seams to the outside world: time, HTTP, and the stores. Everything behind them can be replaced.

Times are seconds. `now` values are wall-clock seconds since 1970 (UTC); `monotonic` values only compare with each
other. Tests and embedders hand in their own objects; nothing is patched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from destination_actions.events import Json

# --- time ------------------------------------------------------------------------------------------------------------


@runtime_checkable
class Clock(Protocol):
    """The only source of time. Leases and windows run on `monotonic`; `now` dates records and bridges a reboot.

    A clock may have an attribute `boot`, a text that names the boot in which `monotonic` counts. Without it, a store
    that lasts takes each opening for a new boot.
    """

    def now(self) -> float:
        """Wall-clock seconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; comparable between processes of one boot of one host."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""


# --- HTTP on the wire ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready for the wire: an absolute URL, percent-encoded; headers in order; the body's bytes.

    Prints its method only: everything else may hold secrets or personal data.
    """

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back. `complete` is False when the body broke off, ran into the deadline or passed the cap.

    The status line is an answer all the same.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    complete: bool = True


@runtime_checkable
class HttpEngine(Protocol):
    """Carries requests. It never retries, never follows a redirect and keeps no cookies."""

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the whole exchange's deadline
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Send one request and read its answer.

        `timeout` is the total number of seconds to the end of the body; at most `cap` bytes of decoded body are read.
        `on_sent` is called when the headers go out. Raises `NotSent` before that moment, `MaybeSent` after it.
        """

    async def aclose(self) -> None:
        """Close what this engine opened; not what it was given."""


# --- HTTP as plugins see it ------------------------------------------------------------------------------------------


class Response(Protocol):
    """An answer in httpx's vocabulary."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    @property
    def is_success(self) -> bool: ...
    @property
    def complete(self) -> bool: ...
    def json(self) -> Any:
        """The body as JSON; raises `ValueError` when it is not."""


# --- claims: the cooldown window and the journal of deliveries -------------------------------------------------------


class Verdict(Enum):
    """What a store answers to a claim."""

    GRANTED = "granted"
    """The caller holds the key and may send."""
    RESUME = "resume"
    """The caller holds the key, but an earlier attempt of this delivery may have been executed: read back first."""
    BUSY = "busy"
    """Somebody holds a live claim on the key, or another event's outcome is unresolved: come back later."""
    COOLING = "cooling"
    """Another event was confirmed on this key and its window is open; recorded as suppressed in the same step."""
    COOLING_CHECK = "cooling_check"
    """As COOLING, but this delivery was attempted earlier: read back, then settle or claim again with `checked`."""
    ALREADY_DONE = "already_done"
    """This delivery was confirmed before."""
    ALREADY_SUPPRESSED = "already_suppressed"
    """This delivery was suppressed before."""


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A wish to act once. `key` and `delivery` are digests; `message` is the event's messageId.

    `seconds` is the window that a confirmation opens; with 0 the caller makes `key` unique for the delivery.
    `checked` says that a read-back after COOLING_CHECK found nothing.
    """

    key: str
    delivery: str
    seconds: float
    message: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A held claim: the request's key and delivery, its window, and the token that fences stale holders."""

    key: str
    delivery: str
    seconds: float
    token: str


@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    """A verdict with what goes with it.

    `claim` with GRANTED and RESUME; `until` (wall clock) and `by` (messageId) with COOLING, COOLING_CHECK and
    ALREADY_SUPPRESSED; `retry_in`, the seconds after which it is worth asking again, with BUSY; `data` (what `confirm`
    recorded) with ALREADY_DONE; `attempted` (wall clock of the first `mark_sent` of this delivery) with RESUME and
    COOLING_CHECK.
    """

    verdict: Verdict
    claim: Claim | None = None
    until: float | None = None
    by: str | None = None
    retry_in: float | None = None
    data: Json = None
    attempted: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimTimes:
    """The protocol's constants in seconds: lease before sending, total send deadline, and the time that a request
    can still be under way after we gave up on it; and how long a journal entry lives."""

    lease: float = 10.0
    send: float = 10.0
    grace: float = 5.0
    journal: float = 24 * 3600.0


@runtime_checkable
class ClaimStore(Protocol):
    """Window and journal records; each operation is atomic. Raises `StoreError` when the store is out of order."""

    async def claim(self, request: ClaimRequest) -> ClaimAnswer:
        """Decide whether this delivery may act now."""

    async def mark_sent(self, claim: Claim) -> bool:
        """Record that the request is about to leave. False means: do not send, the claim is no longer yours."""

    async def confirm(self, claim: Claim, data: Json = None) -> None:
        """Record success: the delivery is done, and its window opens now. A stale token only lengthens a window."""

    async def release(self, claim: Claim) -> None:
        """Record a definite failure: the key is free again, as if nothing had happened."""

    async def ambiguous(self, claim: Claim) -> None:
        """Record an unknown outcome: the key stays taken; only the same delivery may resume."""

    async def settle(self, request: ClaimRequest, data: Json = None) -> None:
        """Record that a read-back found this delivery executed while another event's window is open."""

    async def aclose(self) -> None:
        """Give back what the store holds open."""


# --- queue -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one subscription of one configured destination: the unit of queue, claim, attempt and replay.

    `key` identifies it for ever. `lane` names what it waits in: destination and account. Neither settings nor payload
    travel with it.
    """

    key: str
    destination: str
    subscription: str
    event: Mapping[str, Any]
    accepted: float
    generation: int = 0
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery in hand. `attempts` counts this one; `token` is needed to give it back.

    `expires` is when the lease ends, on the clock's `monotonic`. `losses` counts how often it was handed out before and
    nobody said what became of it, which is how a delivery that kills its worker is known.
    """

    delivery: Delivery
    attempts: int
    token: str
    expires: float
    losses: int = 0


NO_BOUNDS: Final[Mapping[str, int]] = MappingProxyType({})
"""Every lane may have as many as there are."""


@runtime_checkable
class Queue(Protocol):
    """Five verbs: enqueue, take (or what is overdue), ack, retry, dead.

    What was enqueued is delivered at least once until it is acked or dead.
    """

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """Keep deliveries; ones whose key is already known are ignored. Gives how many were new."""

    async def take(self, limit: int, *, lease: float, room: Mapping[str, int] = NO_BOUNDS) -> Sequence[Lease]:
        """Lease up to `limit` due deliveries; each attempt is counted before the lease is handed out.

        Of a lane that `room` names come at most so many, with 0 none; the ones due longest come first.
        """

    async def overdue(self, lane: str, limit: int, *, before: float, lease: float) -> Sequence[Lease]:
        """Lease up to `limit` deliveries of a lane that wait, due or not, and were accepted before `before`.

        `before` is wall-clock seconds.
        """

    async def ack(self, lease: Lease) -> bool:
        """The delivery reached a terminal outcome. False when the lease was lost to somebody else."""

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """Put it back for later; with `counts=False` the attempt is taken back."""

    async def dead(self, lease: Lease, reason: str) -> bool:
        """Set it aside for people to look at."""

    async def next_due(self, besides: Collection[str] = ()) -> float | None:
        """Seconds until something is due (0 when something is), or None when the queue is empty.

        What the lanes in `besides` hold does not count.
        """

    async def aclose(self) -> None:
        """Give back what the queue holds open."""


# --- what workers share ----------------------------------------------------------------------------------------------


@runtime_checkable
class RateStore(Protocol):
    """Shares a rate between workers by leasing blocks of it."""

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """Lease `n` permits of a lane; gives the seconds to wait before the first may be used.

        When that is more than `within`, nothing was leased: come back after the difference.
        """

    async def pause(self, lane: str, seconds: float) -> None:
        """Give no permit of this lane before `seconds` have passed."""

    async def paused(self, lane: str) -> float:
        """Seconds until the pause of this lane is over; 0 when there is none."""


@runtime_checkable
class TokenStore(Protocol):
    """Keeps OAuth tokens; writers compare and set."""

    async def get(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """The revision and value kept under `name`."""

    async def put(self, name: str, value: Mapping[str, Any], *, revision: int) -> bool:
        """Replace revision `revision` (0: nothing there yet). False when somebody else was first."""


# --- the ledger: what became of every delivery ------------------------------------------------------------------------

TERMINAL_STATES: Final = ("delivered", "suppressed", "invalid", "rejected", "unknown", "dead", "expired")
"""A delivery ends in exactly one of these."""

FAILED_STATES: Final = ("invalid", "rejected", "unknown", "dead", "expired")
"""The terminal states in which nothing is known to have been done; their events are kept for a replay."""


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
    """How long, in seconds, and how many entries a ledger keeps; tallies stay."""

    seconds: float = 30 * 24 * 3600.0
    entries: int = 1_000_000


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


# --- the desk: what people see of queues and lanes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a subscription waits in a queue: how many, how many of them were tried, and since when (wall clock)."""

    destination: str
    subscription: str
    count: int
    tried: int
    oldest: float


@dataclass(frozen=True, slots=True)
class LaneRate:
    """When a lane gives its next permit, and for how long it is paused, in seconds from now (0: not)."""

    lane: str
    free_in: float
    paused_for: float


@runtime_checkable
class Desk(Protocol):
    """What stores show to people and do at their wish, besides their work. Raises `StoreError`."""

    async def waiting(self) -> Sequence[Waiting]:
        """Count what waits in the queue or is in hand, by destination and subscription."""

    async def lanes(self) -> Sequence[LaneRate]:
        """The lanes that have given permits or been paused."""

    async def forget(self, user: str) -> int:
        """Remove every delivery from the queue, waiting or dead, whose event names this user id. Gives how many."""

    async def forget_dead(self, keys: Sequence[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""


async def _nothing() -> None:
    """Close nothing."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a runtime keeps its state in. `secret` is the install secret (32 bytes) that all workers share."""

    claims: ClaimStore
    queue: Queue
    rates: RateStore
    tokens: TokenStore
    ledger: Ledger
    secret: bytes = field(repr=False)
    close: Callable[[], Any] = _nothing
    desk: Desk | None = None


StoreFactory: TypeAlias = Callable[[str, Clock, ClaimTimes], Stores]
"""Opens the stores that a URL names, or raises `StoreError` or `ConfigurationError` with what to do."""
