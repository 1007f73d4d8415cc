"""A queue in this process's memory: for `run`, for tests, and for services that may forget at restart."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Lock

from destination_actions.protocols import NO_BOUNDS, Clock, Delivery, Lease
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.dead import DeadDelivery


@dataclass(slots=True)
class _Item:
    """One delivery in the queue: not to be taken before `due`; `turn` tells its live heap entry from stale ones."""

    delivery: Delivery
    due: float
    turn: int
    attempts: int = 0
    losses: int = 0
    token: str | None = None


class MemoryQueue:
    """A `Queue` in memory. Usable from several loops and threads."""

    def __init__(self, clock: Clock, *, tokens: Callable[[], str] = new_token) -> None:
        self._clock = clock
        self._tokens = tokens
        self._lock = Lock()
        self._turns = count()
        self._items: dict[str, _Item] = {}
        self._dead: dict[str, DeadDelivery] = {}
        self._heaps: dict[str, list[tuple[float, int, str]]] = {}

    async def enqueue(self, deliveries: Sequence[Delivery], *, delay: float = 0.0) -> int:
        """As `Queue` says. A key is known while its delivery waits, is in hand or is dead."""
        with self._lock:
            due = self._clock.monotonic() + delay
            return sum(self._add(delivery, due) for delivery in deliveries)

    async def size(self) -> int:
        """As `Sized` says."""
        return len(self._items)

    async def take(self, limit: int, *, lease: float, room: Mapping[str, int] = NO_BOUNDS) -> Sequence[Lease]:
        """As `Queue` says."""
        with self._lock:
            now, token = self._clock.monotonic(), self._tokens()
            items = list(self._due(limit, now, room))
            return [self._lease(item, now + lease, token) for item in items]

    async def overdue(self, lane: str, limit: int, *, before: float, lease: float) -> Sequence[Lease]:
        """As `Queue` says."""
        with self._lock:
            now, token = self._clock.monotonic(), self._tokens()
            entries = sorted(entry for entry in self._heaps.get(lane, ()) if self._live(entry))
            waiting = [self._items[key] for due, _, key in entries if due <= now or self._items[key].token is None]
            items = [item for item in waiting if item.delivery.accepted < before]
            return [self._lease(item, now + lease, token) for item in items[:limit]]

    async def ack(self, lease: Lease) -> bool:
        """As `Queue` says."""
        with self._lock:
            return self._held(lease) is not None and self._items.pop(lease.delivery.key) is not None

    async def retry(self, lease: Lease, *, delay: float, counts: bool = True) -> bool:
        """As `Queue` says."""
        with self._lock:
            item = self._held(lease)
            if item is None:
                return False
            item.token = None
            item.attempts -= 0 if counts else 1
            self._schedule(item, self._clock.monotonic() + delay)
            return True

    async def dead(self, lease: Lease, reason: str) -> bool:
        """As `Queue` says."""
        with self._lock:
            item = self._held(lease)
            if item is None:
                return False
            key = item.delivery.key
            self._dead[key] = DeadDelivery(item.delivery, item.attempts, reason, self._clock.now())
            del self._items[key]
            return True

    async def next_due(self, besides: Collection[str] = ()) -> float | None:
        """As `Queue` says; a delivery in hand is due when its lease ends."""
        with self._lock:
            heads = [head[0] for lane, head in self._heads() if lane not in besides]
            return max(0.0, min(heads) - self._clock.monotonic()) if heads else None

    async def list_dead(self, limit: int = 100) -> Sequence[DeadDelivery]:
        """Give up to `limit` dead deliveries, in the order in which they died."""
        with self._lock:
            return list(self._dead.values())[:limit]

    async def forget_dead(self, keys: Iterable[str]) -> int:
        """Remove dead deliveries, whose keys are unknown from then on. Gives how many there were."""
        with self._lock:
            return sum(self._dead.pop(key, None) is not None for key in keys)

    def present(self) -> Sequence[tuple[Delivery, int]]:
        """What waits or is in hand, each with its attempts."""
        with self._lock:
            return [(item.delivery, item.attempts) for item in self._items.values()]

    def forget(self, asked: Callable[[Delivery], bool]) -> int:
        """Remove deliveries, waiting, in hand or dead. Gives how many there were."""
        with self._lock:
            live = [key for key, item in self._items.items() if asked(item.delivery)]
            dead = [key for key, one in self._dead.items() if asked(one.delivery)]
            for key in live:
                del self._items[key]
            for key in dead:
                del self._dead[key]
            return len(live) + len(dead)

    async def aclose(self) -> None:
        """Hold nothing open."""

    def _add(self, delivery: Delivery, due: float) -> bool:
        if delivery.key in self._items or delivery.key in self._dead:
            return False
        self._items[delivery.key] = item = _Item(delivery, due, 0)
        self._schedule(item, due)
        return True

    def _schedule(self, item: _Item, due: float) -> None:
        item.due, item.turn = due, next(self._turns)
        heapq.heappush(self._heaps.setdefault(item.delivery.lane, []), (due, item.turn, item.delivery.key))

    def _due(self, limit: int, now: float, room: Mapping[str, int]) -> Iterable[_Item]:
        """Merge the lanes by their heads: the one due longest first, each lane within its room."""
        heads = [(head, lane, room.get(lane, limit)) for lane, head in self._heads()]
        merged = [entry for entry in heads if entry[0][0] <= now and entry[2] > 0]
        heapq.heapify(merged)
        for _ in range(limit):
            if not merged:
                return
            (_, _, key), lane, left = heapq.heappop(merged)
            heap = self._heaps[lane]
            heapq.heappop(heap)
            self._drop_stale(heap)
            if heap and heap[0][0] <= now and left > 1:
                heapq.heappush(merged, (heap[0], lane, left - 1))
            yield self._items[key]

    def _heads(self) -> Iterator[tuple[str, tuple[float, int, str]]]:
        """The first live entry of each lane; lanes that are empty are forgotten."""
        for lane, heap in list(self._heaps.items()):
            self._drop_stale(heap)
            if heap:
                yield lane, heap[0]
            else:
                del self._heaps[lane]

    def _drop_stale(self, heap: list[tuple[float, int, str]]) -> None:
        while heap and not self._live(heap[0]):
            heapq.heappop(heap)

    def _live(self, entry: tuple[float, int, str]) -> bool:
        item = self._items.get(entry[2])
        return item is not None and item.turn == entry[1]

    def _lease(self, item: _Item, expires: float, token: str) -> Lease:
        item.attempts += 1
        item.losses += item.token is not None
        item.token = token
        self._schedule(item, expires)
        return Lease(item.delivery, item.attempts, token, expires, item.losses)

    def _held(self, lease: Lease) -> _Item | None:
        item = self._items.get(lease.delivery.key)
        return item if item is not None and item.token == lease.token else None
