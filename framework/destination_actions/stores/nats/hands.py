"""What this process has of the queue: messages in somebody's hand, and ones that were fetched for the next taker."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from nats.aio.msg import Msg

from destination_actions.protocols import Delivery
from destination_actions.stores.nats.message import Copy


@dataclass(slots=True, eq=False)
class Held:
    """A message that the server has delivered to this process and waits for an answer to.

    `attempts` and `losses` count what has happened so far; `delivered` is how often the server delivered this copy.
    `beat` is when the server last heard that it is being worked on, on this machine's monotonic clock.
    """

    message: Msg
    delivery: Delivery
    copy: Copy
    delivered: int
    attempts: int
    losses: int
    beat: float
    token: str = ""
    expires: float = 0.0

    @property
    def order(self) -> tuple[float, int]:
        """The one due longest comes first."""
        return self.copy.due, self.message.metadata.sequence.stream


class Hands:
    """Messages by token and by lane. Usable from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[tuple[str, str], Held] = {}
        self._ready: dict[str, list[Held]] = {}

    def ready(self, held: Held) -> None:
        """Put a message where the next taker finds it."""
        with self._lock:
            held.token = ""
            self._ready.setdefault(held.delivery.lane, []).append(held)

    def give(self, held: Held, token: str, expires: float) -> None:
        """Put a message into somebody's hand."""
        with self._lock:
            held.token, held.expires = token, expires
            self._held[held.delivery.key, token] = held

    def let_go(self, key: str, token: str) -> Held | None:
        """Take a message out of a hand; None when it is not there any more."""
        with self._lock:
            return self._held.pop((key, token), None)

    def candidates(self, lanes: Collection[str], now: float) -> dict[str, list[Held]]:
        """By lane, what can be handed out at once: what lies ready, and what was in a hand for too long."""
        with self._lock:
            found = {lane: list(self._ready.get(lane, ())) for lane in lanes}
            for held in self._held.values():
                if held.expires <= now and held.delivery.lane in found:
                    found[held.delivery.lane].append(held)
        return {lane: sorted(some, key=lambda held: held.order) for lane, some in found.items()}

    def withdraw(self, held: Held) -> bool:
        """Take a candidate from where it is; False when it was taken or answered in the meantime."""
        with self._lock:
            if held.token:
                return self._held.pop((held.delivery.key, held.token), None) is not None
            lying = self._ready.get(held.delivery.lane, [])
            if held not in lying:
                return False
            lying.remove(held)
            return True

    def all(self, now: float) -> list[Held]:
        """What the server must not take for lost: what lies ready, and what is in a hand in time."""
        with self._lock:
            kept = [held for held in self._held.values() if held.expires > now]
            return kept + [held for some in self._ready.values() for held in some]

    def lying(self) -> list[Held]:
        """What lies ready."""
        with self._lock:
            return [held for some in self._ready.values() for held in some]

    def lanes(self) -> set[str]:
        """The lanes of everything here."""
        with self._lock:
            return {lane for lane, some in self._ready.items() if some} | {
                held.delivery.lane for held in self._held.values()
            }

    def due(self, besides: Collection[str], now: float) -> Iterator[float]:
        """Seconds until things here can be handed out: 0, or what is left of a lease."""
        with self._lock:
            if any(some for lane, some in self._ready.items() if lane not in besides):
                yield 0.0
            yield from [
                max(0.0, held.expires - now) for held in self._held.values() if held.delivery.lane not in besides
            ]

    def counts(self) -> Mapping[str, int]:
        """How many messages are here, by lane."""
        with self._lock:
            found: dict[str, int] = {lane: len(some) for lane, some in self._ready.items() if some}
            for held in self._held.values():
                found[held.delivery.lane] = found.get(held.delivery.lane, 0) + 1
            return found
