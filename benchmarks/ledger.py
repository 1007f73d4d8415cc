"""What the ledger costs: the recorder for each delivery, records a second in a SQLite file, and what people ask of it.

    python benchmarks/ledger.py [FOLDER] [--entries N] [--json]

The recorder's figure is processor time for one delivery with one attempt: cleaning, digests, entry. FOLDER is where the
file is made (the system's temporary folder by default); a record is durable before it returns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from destination_actions import Action, AsyncRuntime, Delivered, Destination, FieldSet
from destination_actions import field as declare
from destination_actions.protocols import AttemptEntry, Delivery, LedgerEntry, LedgerQuery
from destination_actions.runtime.tries import Exchange, Try
from destination_actions.runtime.worker import Settled
from destination_actions.stores import open_stores


class Settings(FieldSet):
    """No settings but a secret that has to be looked for."""

    token: str = declare("Token", "A token.")


class Note(FieldSet):
    """A note."""

    person: str = declare("Person", "Whom it is for.", mapping="userId")


NOTES = Destination(
    slug="notes",
    name="Notes",
    settings=Settings,
    actions=(Action(slug="note", title="Note", payload=Note, perform=print),),
)
SUBSCRIPTION = {"name": "Notes", "subscribe": 'type = "track"', "action": "note", "mapping": {}}
EXCHANGE = {
    "method": "POST",
    "url": "https://api.test/x",
    "status": 201,
    "requestBody": "x" * 300,
    "responseBody": "y" * 300,
}


class Answer:
    """An answer of 300 bytes."""

    status_code = 201
    headers: dict[str, str] = {"content-type": "application/json"}  # noqa: RUF012
    content = b'{"sid":"' + b"y" * 290 + b'"}'
    url = "https://api.test/x"


async def recorder(stores: Any, deliveries: int) -> float:
    """Microseconds of processor time that the recorder takes for one delivery."""
    runtime = AsyncRuntime(
        NOTES, settings={"token": "s3cret-token"}, subscriptions=[SUBSCRIPTION], stores=stores, watchdog=None
    )
    records, lane = runtime._records(), runtime.plan.lanes[0]
    options = {"json": {"to": "+15551234567", "text": "x" * 250}}
    began = time.process_time()
    for number in range(deliveries):
        event = {"type": "track", "messageId": f"r{number}", "userId": f"user-{number}"}
        head = {"destination": "notes", "subscription": "notes", "action": "note", "message_id": f"r{number}"}
        outcome = Delivered(**head, data={"sid": "FN1"})
        exchange = Exchange("POST", "https://api.test/x", options, 0.0, 0.01, Answer())  # type: ignore[arg-type]
        tried = {"event": event, "outcome": outcome, "exchanges": [exchange], "redactor": lane.redactor}
        await records.attempted(Try(key=f"r{number}", at=0.0, seconds=0.01, **tried))
        await records.settled(Settled(outcome, None, 0.02, event))
    took = time.process_time() - began
    await runtime.aclose()
    return took / deliveries * 1e6


def entry(number: int) -> tuple[LedgerEntry, Sequence[AttemptEntry]]:
    """A terminal record with its last attempt; one in ten failed and keeps its event."""
    failed, now = number % 10 == 0, time.time()
    made = LedgerEntry(
        key=f"{number:064x}", state="rejected" if failed else "delivered", reason="refused", destination="shop",
        subscription="follow-up", action="act", message_id=f"m{number}", at=now, accepted=now, attempts=1, pin="p" * 32,
        people=(f"{number % 1000:032x}",), details={"data": {"sid": "FN1"}},
        event={"type": "track", "text": "x" * 1000} if failed else None,
    )  # fmt: skip
    attempt = AttemptEntry(
        key=made.key, at=now, seconds=0.1, outcome="delivered", reason="confirmed", pin="p", exchanges=[EXCHANGE]
    )
    return made, [attempt]


async def figures(folder: str, entries: int) -> AsyncIterator[tuple[str, float]]:
    """Measure everything."""
    yield "recorder, in memory: us a delivery", await recorder("memory:", 5000)
    stores = open_stores(f"sqlite:{folder}/ledger.db")
    numbers = iter(range(entries))

    async def fill() -> None:
        for number in numbers:
            await stores.ledger.record(*entry(number))

    began = time.perf_counter()
    await asyncio.gather(*(fill() for _ in range(64)))
    yield "SQLite, records/s, 64 at a time", entries / (time.perf_counter() - began)
    queued = [
        Delivery(f"q{n}", "shop", "s", {"userId": f"u{n % 1000}", "text": "x" * 500}, 0.0) for n in range(entries)
    ]
    await stores.queue.enqueue(queued)
    asked = {
        "tallies (status)": stores.ledger.tallies,
        "what waits (status)": stores.desk.waiting,
        "newest 100 (log)": lambda: stores.ledger.entries(LedgerQuery()),
        "100 failed (dead list)": lambda: stores.ledger.entries(LedgerQuery(states=("rejected",), open_only=True)),
        "of a person (log --user)": lambda: stores.ledger.entries(LedgerQuery(person=f"{7:032x}")),
        "forget in the ledger": lambda: stores.ledger.forget([f"{7:032x}"]),
        "forget in the queue": lambda: stores.desk.forget("u7"),
    }
    for name, ask in asked.items():
        began = time.perf_counter()
        await ask()
        yield f"{name}: ms of {entries:,}", (time.perf_counter() - began) * 1e3
    await stores.close()
    yield "bytes of the file for each", size_of(folder) / entries


def size_of(folder: str) -> int:
    """Bytes of the file."""
    return Path(folder, "ledger.db").stat().st_size


async def main(folder: str, entries: int, as_json: bool) -> None:
    """Print the figures."""
    found = {}
    async for name, figure in figures(folder, entries):
        found[name] = round(figure, 1)
        if not as_json:
            print(f"{name:48} {figure:12,.1f}", flush=True)
    if as_json:
        print(json.dumps(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where the SQLite file is made")
    parser.add_argument("--entries", type=int, default=100_000, help="entries and queued deliveries (100,000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        asyncio.run(main(place, options.entries, options.json))
