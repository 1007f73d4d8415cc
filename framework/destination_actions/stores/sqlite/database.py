"""One file, one writer thread: operations from any loop and thread join into few transactions (group commit).

A commit waits for the disk. While it does, more operations arrive, and the next commit carries them all; so the cost of
durability is shared by however many are under way.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from destination_actions.errors import StoreError
from destination_actions.protocols import Clock
from destination_actions.stores.clock import Anchor, Instant, anchored, boot_of
from destination_actions.stores.sqlite.connection import open_file, told, transaction
from destination_actions.stores.sqlite.departed import note_departures
from destination_actions.stores.sqlite.presence import Presence, owner_of
from destination_actions.stores.sqlite.written import Written

T = TypeVar("T")
Work = Callable[[sqlite3.Connection, Instant], T]
"""One operation: reads and writes through the connection, inside a transaction that others share."""
Together = Callable[[sqlite3.Connection, Instant, list[Any]], Sequence[Any]]
"""All operations of one kind in a transaction: what each was asked, in the order of asking, to the result of each."""

BUSY: Final = 5.0
"""Seconds to wait for another process's transaction."""
_GROUP: Final = 256
_LOOK: Final = 1.0
_SEEN_EVERY: Final = 1.0


@dataclass(slots=True)
class _Job:
    """One operation under way: what to do, alone or `together` with others of its kind, and where its result goes, or
    who hears of its failure alone."""

    loop: asyncio.AbstractEventLoop
    work: Work[Any] | None
    together: Together | None = None
    ask: Any = None
    future: asyncio.Future[Any] | None = None
    failed: Callable[[BaseException], None] | None = None
    tentative: bool = False
    ready: Callable[[], object] | None = None
    result: Any = None
    error: BaseException | None = None

    @property
    def dropped(self) -> bool:
        return self.tentative and self.future is not None and self.future.cancelled()

    def deliver(self) -> None:
        if self.future is None:
            if self.error is not None and self.failed is not None:
                self.failed(self.error)
        elif not self.future.done():
            if self.error is not None:
                self.future.set_exception(self.error)
            else:
                self.future.set_result(self.result)


class Database:
    """A store's file, opened. Usable from several loops and threads, not across a fork."""

    def __init__(self, path: Path, clock: Clock, *, busy: float = BUSY) -> None:
        self.path = path
        self.clock = clock
        self._busy = busy
        self._boot = boot_of(clock)
        self._pid = os.getpid()
        self._entrance = Lock()
        self._gathered: list[_Job] = []
        self._jobs: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._connection, self.secret = open_file(path, busy)
        self._inode = path.stat().st_ino
        self._presence = Presence(path)
        self._look_at = 0.0
        self._version = self._anchored = -1
        self._full, self._binding = True, False
        self._anchor = Anchor(self._boot, 0.0, 0.0)
        self.epoch = 0
        """Changes when what the writer knows of the file may be wrong: another wrote, or a transaction was undone."""
        self.written = Written(self)
        self._thread = Thread(target=self._write, name=f"store {path.name}", daemon=True)
        self._thread.start()
        self._open = True

    async def run(self, work: Work[T], *, tentative: bool = False) -> T:
        """Run one operation and give its result once it is durable.

        Raises `StoreError` when the store is out of order; what `work` itself raises undoes this operation alone. A
        cancelled operation is still carried out, unless it is `tentative` and has not begun.

        What is `tentative` binds nobody outside until an operation that is not has followed, and whoever asked for it
        dies in a power failure; so nobody waits for the disk for its sake. It is on disk before all that follows it is.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._ask(_Job(loop, work, future=future, tentative=tentative))
        return await future

    async def run_together(
        self,
        together: Together,
        ask: object = None,
        *,
        ready: Callable[[], object] | None = None,
        tentative: bool = False,
    ) -> Any:
        """As `run`; what a transaction holds of one kind is done by one call, after its other operations.

        `ready` makes what is asked, before the file is locked, in the writer's thread.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._ask(_Job(loop, None, together, ask, future, tentative=tentative, ready=ready))
        return await future

    def run_soon(self, together: Together, ask: object, failed: Callable[[BaseException], None]) -> None:
        """As `run_together`, but nobody waits: it is committed before, or with, whatever is asked for later. `failed`
        hears why it could not be done."""
        self._ask(_Job(asyncio.get_running_loop(), None, together, ask, failed=failed))

    def _ask(self, job: _Job) -> None:
        self._same_process()
        with self._entrance:
            if not self._open:
                raise StoreError(f"{self.path} is closed")
            self._gather(job)

    def _gather(self, job: _Job) -> None:
        """Keep a job until its loop has turned, so that what is asked for in one turn goes into one commit."""
        if self._gathered and self._gathered[0].loop is not job.loop:
            self._send()  # no loop waits for the turn of another, which may have ended
        self._gathered.append(job)
        if len(self._gathered) == 1:
            job.loop.call_soon(self._turned)

    def _turned(self) -> None:
        with self._entrance:
            self._send()

    def _send(self) -> None:
        """Hand over what was gathered; in the order in which it was asked for, whichever loop asked."""
        if self._gathered:
            self._jobs.put(self._gathered)
            self._gathered = []

    def token(self) -> str:
        """Give a token that no record has ever held, and that this opening is known by."""
        return self._presence.token()

    def made(self, token: str) -> bool:
        """Whether a token was made by this opening."""
        return owner_of(token) == self._presence.owner

    async def aclose(self) -> None:
        """Finish what is under way and close the file. Closing twice does nothing."""
        if os.getpid() == self._pid:
            await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Close from a thread that may wait."""
        with self._entrance:
            if self._open:
                self._open = False
                self._send()
                self._jobs.put(None)  # the last one: nobody gets in any more
        self._thread.join()

    def _same_process(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError(f"{self.path} was opened before this process was forked: open the stores after the fork")

    # --- the writer thread ---

    def _write(self) -> None:
        try:
            while jobs := self._next():
                if ready := _made_ready(jobs):
                    self._carry_out(ready)
                _deliver(jobs)
        finally:
            self._presence.close()
            self._connection.close()

    def _next(self) -> list[_Job]:
        """Wait for a job, then take what else is there; nothing when the file is to be closed."""
        more = self._jobs.get()
        jobs: list[_Job] = []
        while more is not None:
            jobs += more
            if len(jobs) >= _GROUP:
                return jobs
            try:
                more = self._jobs.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._jobs.put(None)
        return jobs

    def _carry_out(self, jobs: list[_Job]) -> None:
        """Run jobs in one transaction. When one of them fails, run each in its own, so that it fails alone."""
        try:
            with told(self.path):
                self._transact(jobs)
        except StoreError as error:
            for job in jobs:
                job.error = StoreError(str(error))
                job.error.__cause__ = error.__cause__
        except BaseException as error:  # noqa: BLE001 - whatever an operation raises belongs to its caller
            if len(jobs) == 1:
                jobs[0].error = error
                return
            for job in jobs:
                self._carry_out([job])

    def _transact(self, jobs: list[_Job]) -> None:
        self._still_there()
        tentative, self._binding = all(job.tentative for job in jobs), False
        try:
            self._sync(not tentative)
            with transaction(self._connection, self._busy):
                self._look_for_writers()
                self._run_all(jobs)
            if tentative and self._binding:
                self._sync(True)
                with transaction(self._connection, self._busy):
                    self._connection.execute("UPDATE clock SET seen = seen")
        except BaseException:
            self.epoch += 1
            raise

    def binding(self) -> None:
        """Have the transaction under way on disk before its results are given, although all of it was tentative."""
        self._binding = True

    def _sync(self, full: bool) -> None:
        """Have commits wait for the disk, or not. As a script, since a statement that is kept says it only once."""
        if full is not self._full:
            self._connection.executescript(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            self._full = full

    def _run_all(self, jobs: list[_Job]) -> None:
        connection, before = self._connection, self._connection.total_changes
        anchor = self._anchor_now()
        self._look_for_the_dead(anchor)
        at = anchor.instant(self.clock)  # later than all that was asked, earlier than what anybody else will write
        for job in jobs:
            if job.work is not None and not job.dropped:
                job.result = job.work(connection, at)
        for together, asked in _kinds(jobs).items():
            for job, result in zip(asked, together(connection, at, [job.ask for job in asked]), strict=True):
                job.result = result
        if connection.total_changes != before and at.now >= anchor.seen + _SEEN_EVERY:
            connection.execute("UPDATE clock SET seen = ?", (at.now,))
            self._anchor = Anchor(anchor.boot, anchor.base, at.now)

    def _look_for_writers(self) -> None:
        """Begin a new epoch when another connection, of whatever process, has written since our last transaction."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self.epoch += 1

    def _still_there(self) -> None:
        """Refuse to go on in a file that was removed or exchanged: another worker would open a different one."""
        try:
            same = self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            same = False
        if not same:
            raise StoreError(f"{self.path} was removed or exchanged while it was in use: stop all workers, put it back")

    def _look_for_the_dead(self, anchor: Anchor) -> None:
        now = self.clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK
            note_departures(self._connection, self._presence, anchor.instant(self.clock))

    def _anchor_now(self) -> Anchor:
        """The anchor of store time, read once an epoch."""
        if self._anchored != self.epoch:
            self._anchor, self._anchored = self._read_anchor(), self.epoch
        return self._anchor

    def _read_anchor(self) -> Anchor:
        """Read the anchor; set it anew after a reboot."""
        row = self._connection.execute("SELECT boot, base, seen FROM clock").fetchone()
        if row is not None and row[0] == self._boot:
            return Anchor(*row)
        anchor = anchored(self.clock, self._boot, row[2] if row else 0.0)
        self._connection.execute(
            "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)", (anchor.boot, anchor.base, anchor.seen)
        )
        return anchor


def _made_ready(jobs: list[_Job]) -> list[_Job]:
    """Have made what is to be made, one right after the other, while the code is near; what cannot be has failed."""
    for job in jobs:
        if job.ready is not None:
            try:
                job.ask = job.ready()
            except BaseException as error:  # noqa: BLE001 - as what an operation raises
                job.error = error
    return [job for job in jobs if job.error is None]


def _kinds(jobs: list[_Job]) -> dict[Together, list[_Job]]:
    """What can be done together."""
    kinds: dict[Together, list[_Job]] = {}
    for job in jobs:
        if job.together is not None and not job.dropped:
            kinds.setdefault(job.together, []).append(job)
    return kinds


def _deliver(jobs: list[_Job]) -> None:
    """Hand results over, with one call for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, group in by_loop.items():
        try:
            loop.call_soon_threadsafe(_deliver_all, group)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _deliver_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.deliver()
