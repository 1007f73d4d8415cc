"""What an entry of the ledger is made of: facts that are noted at once, and an entry that is made of them.

Secrets, user ids and phone numbers are taken out while the entry is made, so that no store ever holds them; only the
event of a delivery that may be replayed is kept as it came. A ledger that does not outlive the process has the entry
made when somebody looks, which for most entries is never: cleaning and digests cost more than all the rest of a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from destination_actions.events import Event, copy_of, json_copy
from destination_actions.http import Redactor
from destination_actions.outcomes import Delivered, Invalid, Outcome
from destination_actions.protocols import AttemptEntry, LedgerEntry
from destination_actions.runtime.keys import keyed_digest
from destination_actions.runtime.tries import Cleaner, Try, shown
from destination_actions.stores import ids_among, ids_of

NOTHING_SECRET: Final = Redactor(())

_HEAD: Final = frozenset({"outcome", "destination", "subscription", "action", "messageId", "reason"})
_WORDS: Final = {"filtered": "no_match", "suppressed": "cooldown"}


@lru_cache(maxsize=4096)  # most people come again
def person_key(secret: bytes, user: str) -> str:
    """The digest under which a user id is looked up; keyed, so that ids cannot be guessed from it."""
    return keyed_digest(secret, b"person\0" + user.encode("utf-8", "surrogatepass"))[:32]


def reason_of(outcome: Outcome) -> str:
    """A stable word for why."""
    if isinstance(outcome, Delivered):
        return "unclaimed" if outcome.unclaimed else "found" if outcome.repeated else "confirmed"
    if isinstance(outcome, Invalid):
        return outcome.problems[0].code if outcome.problems else "invalid"
    return _WORDS.get(outcome.outcome) or str(getattr(outcome, "reason", outcome.outcome))


def attempt_of(tried: Try, pin: str, *, exchanges: bool, bodies: bool) -> AttemptEntry:
    """The entry of one try."""
    return AttemptEntry(
        key=tried.key,
        at=tried.at,
        seconds=round(tried.seconds, 4),
        outcome=tried.outcome.outcome,
        reason=reason_of(tried.outcome),
        pin=pin,
        exchanges=_shown(tried, bodies=bodies) if exchanges else (),
    )


def _shown(tried: Try, *, bodies: bool) -> list[dict[str, Any]]:
    cleaner = Cleaner(tried.redactor, ids_of(tried.event))
    return [shown(one, cleaner, bodies=bodies) for one in tried.exchanges]


@dataclass(slots=True)
class Facts:
    """The facts about how a delivery ended. `named` is whom the event names, as it came; `tried` is when it was tried
    last (wall clock), and for how many seconds, if it was tried at all."""

    key: str
    state: str
    reason: str
    outcome: Outcome
    at: float
    accepted: float
    seconds: float
    pin: str
    named: tuple[object, ...]
    secret: bytes
    redactor: Redactor
    generation: int = 0
    attempts: int = 1
    losses: int = 0
    event: Event | None = None
    tried: tuple[float, float] | None = None
    _data: Any = None

    @property
    def people(self) -> tuple[str, ...]:
        """User ids as they came."""
        return ids_among(self.named)

    @property
    def tally(self) -> tuple[str, str, str, str]:
        """What the tallies count it under."""
        outcome = self.outcome
        return outcome.destination, outcome.subscription, self.state, self.reason

    def keep(self, tried: Try | None) -> None:
        """Note the last try, and stay as they are, whatever the caller does with the data of the outcome."""
        self.tried = (tried.at, tried.seconds) if tried else None
        if isinstance(self.outcome, Delivered):
            self._data = json_copy(dict(self.outcome.data)) if self.outcome.data else {}

    def entry(self) -> LedgerEntry:
        """Make the entry."""
        outcome = self.outcome
        return LedgerEntry(
            key=self.key,
            state=self.state,
            reason=self.reason,
            destination=outcome.destination,
            subscription=outcome.subscription,
            action=outcome.action,
            message_id=outcome.message_id,
            at=self.at,
            accepted=self.accepted,
            seconds=round(self.seconds, 4),
            generation=self.generation,
            attempts=self.attempts,
            pin=self.pin,
            people=tuple(person_key(self.secret, person) for person in self.people),
            details=self._details(),
            event=None if self.event is None else copy_of(self.event),
        )

    def attempt(self) -> AttemptEntry | None:
        """Make the entry of the last try, if there was one; without its requests."""
        if self.tried is None:
            return None
        at, seconds = self.tried
        seconds, outcome = round(seconds, 4), self.outcome.outcome
        return AttemptEntry(key=self.key, at=at, seconds=seconds, outcome=outcome, reason=self.reason, pin=self.pin)

    def _details(self) -> dict[str, Any]:
        facts: Any = {name: value for name, value in self.outcome.to_json().items() if name not in _HEAD}
        if self._data is not None:
            facts["data"] = self._data
        cleaned: Any = Cleaner(self.redactor, self.people).json(facts)
        return dict(cleaned) | ({"losses": self.losses} if self.losses else {})
