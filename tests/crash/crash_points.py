"""Named points at which a process of the crash harness dies, put in at seams that the product has anyway.

Nothing of this is in the product: stores and engines are protocols, so the harness hands in ones that pass a trap on
their way, and SQLite tells of each statement through its own trace callback. A trap kills its process with SIGKILL at
one pass of one point.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crash_worker import Lines, rule_over
from destination_actions import hookimpl
from destination_actions.http import AiohttpEngine
from destination_actions.protocols import Claim, ClaimAnswer, Clock, RawResponse, Request, Stores
from destination_actions.stores import Database, SqliteClaims, SqliteDesk, SqliteLedger, SqliteQueue
from destination_actions.stores.sqlite.shared import SqliteRates, SqliteTokens

INGEST = (
    "ingest: read, before the commit",
    "ingest: within the commit",
    "ingest: after the commit",
    "ingest: before the answer",
)
WORKER = (
    "worker: taken from the queue",
    "worker: matched, before the claim",
    "worker: claimed",
    "worker: marked as sent",
    "worker: in the middle of the request",
    "worker: answered, before the confirmation",
    "worker: between window and journal",
    "worker: before a commit",
    "worker: within a commit",
    "worker: confirmed, before the record",
    "worker: recorded, before the acknowledgement",
    "worker: acknowledged",
    "worker: released, before it is put back",
    "worker: unknown, before it is put back",
    "worker: read back",
    "worker: while the journal is pruned",
    "worker: while the ledger is pruned",
)
SANDBOX = ("sandbox: before it executes", "sandbox: executed, before the answer")
POINTS = {"ingest": INGEST, "worker": WORKER, "sandbox": SANDBOX}

STATEMENTS = {
    "INSERT INTO journal": "worker: between window and journal",
    "DELETE FROM journal WHERE rowid IN": "worker: while the journal is pruned",
    "DELETE FROM ledger": "worker: while the ledger is pruned",
    "COMMIT": "worker: before a commit",
}
"""Points that the beginning of a statement passes."""


@dataclass(eq=False)
class Trap:
    """Kills this process at the `passes`-th pass of the point of that name, and writes down that it did."""

    lines: Lines
    name: str = ""
    passes: int = 1

    def at(self, name: str) -> None:
        """Pass a point."""
        if name == self.name:
            self.passes -= 1
            if self.passes == 0:
                self.spring()

    def spring(self) -> None:
        """Die."""
        self.lines.add({"point": self.name})
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # the signal ends the process; no thread of it may go on

    def soon(self, name: str) -> None:
        """Die within the next few milliseconds, at a pass of this point: in the middle of what begins now."""
        if name == self.name:
            self.passes -= 1
            if self.passes == 0:
                threading.Timer(random.uniform(0, 0.004), self.spring).start()


class _Passing:
    """A store on whose operations a trap lies; everything else is the store's own."""

    def __init__(self, inner: Any, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class TrappedQueue(_Passing):
    """The queue."""

    async def enqueue(self, *arguments: Any, **options: Any) -> int:
        """Keep deliveries."""
        self._trap.at("ingest: read, before the commit")
        new: int = await self._inner.enqueue(*arguments, **options)
        self._trap.at("ingest: after the commit")
        return new

    async def take(self, *arguments: Any, **options: Any) -> Any:
        """Lease."""
        leases = await self._inner.take(*arguments, **options)
        if leases:
            self._trap.at("worker: taken from the queue")
        return leases

    async def ack(self, lease: Any) -> bool:
        """Acknowledge."""
        self._trap.at("worker: recorded, before the acknowledgement")
        done: bool = await self._inner.ack(lease)
        self._trap.at("worker: acknowledged")
        return done


class TrappedClaims(_Passing):
    """The claims."""

    async def claim(self, request: Any) -> ClaimAnswer:
        """Claim."""
        self._trap.at("worker: matched, before the claim")
        answer: ClaimAnswer = await self._inner.claim(request)
        if answer.claim is not None:
            self._trap.at("worker: claimed")
        return answer

    async def mark_sent(self, claim: Claim) -> bool:
        """Mark."""
        ok: bool = await self._inner.mark_sent(claim)
        if ok:
            self._trap.at("worker: marked as sent")
        return ok

    async def confirm(self, claim: Claim, data: Any = None) -> None:
        """Confirm."""
        await self._inner.confirm(claim, data)
        self._trap.at("worker: confirmed, before the record")

    @property
    def confirm_soon(self) -> Any:
        """The store's own; a process that is to die after a confirmation has to wait for it."""
        waits = self._trap.name == "worker: confirmed, before the record"
        return None if waits else getattr(self._inner, "confirm_soon", None)

    async def release(self, claim: Claim) -> None:
        """Release."""
        await self._inner.release(claim)
        self._trap.at("worker: released, before it is put back")

    async def ambiguous(self, claim: Claim) -> None:
        """Keep."""
        await self._inner.ambiguous(claim)
        self._trap.at("worker: unknown, before it is put back")


QUEUE = ("taken from the queue", "recorded, before the acknowledgement", "acknowledged")
"""Points of the queue. Processes with another one have the store's own, which records and acknowledges at once."""


class TrappedEngine:
    """The HTTP engine that every worker has, with a trap in the middle of requests and after their answers."""

    def __init__(self, trap: Trap) -> None:
        self._inner = AiohttpEngine()
        self._trap = trap

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the port's word
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Send."""

        def sent() -> None:
            if on_sent is not None:
                on_sent()
            if request.method == "POST":
                self._trap.at("worker: in the middle of the request")

        answer = await self._inner.exchange(request, timeout=timeout, cap=cap, on_sent=sent)
        if request.method == "POST":
            self._trap.at("worker: answered, before the confirmation")
        elif "Executions" in request.url:
            self._trap.at("worker: read back")
        return answer

    async def aclose(self) -> None:
        """Close."""
        await self._inner.aclose()


class AckFirst(TrappedQueue):
    """Wrong on purpose: what was taken is acknowledged at once, as a queue without acknowledgements does it."""

    async def take(self, *arguments: Any, **options: Any) -> Any:
        """Lease, and forget."""
        leases = await super().take(*arguments, **options)
        for lease in leases:
            await self._inner.ack(lease)
        return leases

    async def ack(self, lease: Any) -> bool:
        """It was before."""
        self._trap.at("worker: recorded, before the acknowledgement")
        return True


class AnswerFirst(TrappedQueue):
    """Wrong on purpose: the caller hears that its events are kept before they are."""

    async def enqueue(self, *arguments: Any, **options: Any) -> int:
        """Keep them a little later."""

        async def later() -> None:
            await asyncio.sleep(0.05)
            await super(AnswerFirst, self).enqueue(*arguments, **options)

        self._later = asyncio.ensure_future(later())
        return 0


QUEUES: Mapping[str, type[TrappedQueue]] = {"ack-first": AckFirst, "answer-first": AnswerFirst}


@dataclass(eq=False)
class Trapping:
    """A plugin whose stores, `trapped:PATH`, are those of `sqlite:PATH` with a trap. `rule` may be a wrong one."""

    trap: Trap
    rule: str = "protocol"

    @hookimpl
    def register_stores(self) -> Mapping[str, Any]:
        """By scheme."""
        return {"trapped": self.opened}

    def opened(self, url: str, clock: Clock, times: Any) -> Stores:
        """Open the file."""
        database = Database(Path(url.removeprefix("trapped:")), clock, busy=30.0)
        self._watch(database)
        queue, ours = SqliteQueue(database, clock), self.trap.name.removeprefix("worker: ")
        trapped = self.rule != "protocol" or ours in QUEUE or self.trap.name in INGEST
        stores = Stores(
            claims=TrappedClaims(SqliteClaims(database, times), self.trap),
            queue=QUEUES.get(self.rule, TrappedQueue)(queue, self.trap) if trapped else queue,
            rates=SqliteRates(database),
            tokens=SqliteTokens(database),
            ledger=SqliteLedger(database),
            secret=database.secret,
            close=database.aclose,
            desk=SqliteDesk(database),
        )
        return replace(stores, claims=rule_over(self.rule, stores, clock))

    def _watch(self, database: Database) -> None:
        """Have SQLite tell of its statements, those that matter to this trap."""
        if not any(self.trap.name == name for name in (*STATEMENTS.values(), *WITHIN.values())):
            return
        database._connection.set_trace_callback(self._told)

    def _told(self, statement: str) -> None:
        statement = statement.lstrip()
        for beginning, name in STATEMENTS.items():
            if statement.startswith(beginning):
                self.trap.at(name)
        for beginning, name in WITHIN.items():
            if statement.startswith(beginning):
                self.trap.soon(name)


WITHIN = {"COMMIT": "worker: within a commit", "INSERT INTO queue": "ingest: within the commit"}
"""Points in the middle of what a statement begins."""


def chosen(role: str, hits: Mapping[str, int], dice: random.Random) -> str:
    """A point of a role's, one of those that were hit least."""
    points: Sequence[str] = POINTS[role]
    least = min(hits.get(point, 0) for point in points)
    return dice.choice([point for point in points if hits.get(point, 0) <= least + 1])
