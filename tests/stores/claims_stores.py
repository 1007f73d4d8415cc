"""Worlds over each of our own stores. A file serves many worlds: each has names of its own."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cas_claims import Bucket, CasClaims
from claims_policies import Suppressing
from claims_world import TIMES, Worker, World, memory_world
from destination_actions.stores import Database, SqliteClaims
from destination_actions.stores.claims_memory import new_token
from destination_actions.stores.sqlite.presence import owner_of
from destination_actions.testing.clock import ManualClock


@contextmanager
def memory_worlds(worker: type[Worker] = Worker) -> Iterator[Callable[[], World]]:
    """Give a maker of worlds over claims in memory."""

    yield lambda: memory_world(worker=worker)


@contextmanager
def suppressing_worlds() -> Iterator[Callable[[], World]]:
    """The same, with workers that never send again what may have been executed."""
    with memory_worlds(Suppressing) as make:
        yield make


@contextmanager
def cas_worlds() -> Iterator[Callable[[], World]]:
    """Give a maker of worlds over claims with nothing but compare-and-set, where others are first now and then."""
    with asyncio.Runner() as runner:

        def make() -> World:
            clock = ManualClock()
            return World(CasClaims(clock, TIMES, bucket=Bucket(contention=0.1)), clock, runner.run)

        yield make


@contextmanager
def sqlite_worlds() -> Iterator[Callable[[], World]]:
    """Give a maker of worlds over claims in one SQLite file, in memory-backed storage where the system has it."""
    shm = Path("/dev/shm")
    clock = ManualClock()
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder, asyncio.Runner() as runner:
        database = Database(Path(folder) / "store.db", clock)
        claims = SqliteClaims(database, TIMES, tokens=lambda: f"{new_token()}.{new_token()}")

        def mourn(token: str) -> None:
            """What the store writes down when it finds the maker of a token dead; here, each made one."""
            statement = "INSERT INTO departed VALUES (?, ?)"
            row = owner_of(token)
            runner.run(database.run(lambda connection, at: connection.execute(statement, (row, at.now))))

        yield lambda: World(claims, clock, runner.run, mourn=mourn)
        database.close()


WORLDS = {
    "memory": memory_worlds,
    "sqlite": sqlite_worlds,
    "compare-and-set": cas_worlds,
    "memory, suppress": suppressing_worlds,
}
