"""What every ledger has to do, as tests that anybody's ledger can run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar

from destination_actions.protocols import AttemptEntry, Ledger, LedgerEntry, LedgerQuery, Retention, Tally
from destination_actions.testing._scenarios import expect, made, scenario
from destination_actions.testing.clock import ManualClock

EXCHANGE = {"method": "POST", "url": "https://api.test/x", "at": 1.5, "seconds": 0.25, "status": 503, "error": None}


class LedgerTrial:
    """One ledger under test on a clock that the scenario moves."""

    def __init__(self, ledger: Ledger, clock: ManualClock) -> None:
        self.ledger = ledger
        self.clock = clock

    def entry(self, key: str, state: str = "delivered", **changes: Any) -> LedgerEntry:
        """Make an entry that uses every field."""
        usual = LedgerEntry(
            key=key,
            state=state,
            reason="a_reason",
            destination="shop",
            subscription="follow-up",
            action="act",
            message_id=f"message {key}",
            at=self.clock.now(),
            accepted=self.clock.now() - 2.5,
            seconds=2.5,
            generation=0,
            attempts=3,
            pin="digest",
            people=("somebody", "else"),
            details={"data": {"text": "\u00e9\U0001f600", "none": None, "list": [1.5, True]}},
            event={"messageId": key, "properties": {"n": 2**53}} if state != "delivered" else None,
        )
        return replace(usual, **changes)

    def attempt(self, key: str, outcome: str = "failed") -> AttemptEntry:
        """Make an attempt with an exchange."""
        now = self.clock.now()
        return AttemptEntry(
            key=key, at=now, seconds=0.5, outcome=outcome, reason="why", pin="digest", exchanges=[EXCHANGE]
        )

    async def put(self, *entries: LedgerEntry) -> list[bool]:
        """Record entries in turn."""
        return [await self.ledger.record(entry) for entry in entries]

    async def keys(self, **query: Any) -> list[str]:
        """The keys of the entries that a query finds."""
        return [entry.key for entry in await self.ledger.entries(LedgerQuery(**query))]


class LedgerSuite:
    """The conformance suite for ledgers::

        class TestMyLedger(LedgerSuite):
            make = staticmethod(lambda clock: MyLedger(clock))

    `make(clock)` gives an empty `Ledger`, or an awaitable of one, on the `ManualClock` it is handed.
    """

    make: ClassVar[Callable[..., Any]]

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[LedgerTrial]:
        """Make a ledger, and close it at the end."""
        clock = ManualClock()
        ledger = await made(self.make(clock))
        try:
            yield LedgerTrial(ledger, clock)
        finally:
            await ledger.aclose()

    @scenario
    async def test_what_is_recorded_can_be_read(self) -> None:
        """An entry comes back equal, but for the number that the store gives it."""
        async with self.trial() as t:
            for entry in (t.entry("a"), t.entry("b", "unknown")):
                await t.put(entry)
                [found] = await t.ledger.entries(LedgerQuery(limit=1))
                expect(entry, replace(found, number=0))
                expect(True, found.number > 0, "a number")

    @scenario
    async def test_the_first_record_stands(self) -> None:
        """A second record of a key changes nothing, whatever it says, and says so."""
        async with self.trial() as t:
            first = t.entry("a", "rejected")
            expect([True, False, False], await t.put(first, t.entry("a"), t.entry("a", "dead", reason="other")))
            [found] = await t.ledger.entries(LedgerQuery())
            expect(first, replace(found, number=0))
            expect([Tally("shop", "follow-up", "rejected", "a_reason", 1)], await t.ledger.tallies())

    @scenario
    async def test_of_records_at_the_same_time_one_stands(self) -> None:
        """However many record a key at once, one of them is told that it was first, and it is the one that stands."""
        async with self.trial() as t:
            states = ["delivered", "rejected", "unknown", "dead"] * 5
            answers = await asyncio.gather(*(t.ledger.record(t.entry("a", state)) for state in states))
            [found] = await t.ledger.entries(LedgerQuery())
            expect([found.state], [state for state, new in zip(states, answers, strict=True) if new])

    @scenario
    async def test_attempts_are_kept_in_order(self) -> None:
        """Attempts before the end and the one that comes with the record are listed, the oldest first."""
        async with self.trial() as t:
            tries = []
            for outcome in ("failed", "failed", "delivered"):
                tries.append(t.attempt("a", outcome))
                t.clock.advance(1.0)
            await t.ledger.attempt(tries[0])
            await t.ledger.attempt(tries[1])
            await t.ledger.record(t.entry("a"), [tries[2]])
            expect(tries, list(await t.ledger.attempts("a")))
            expect([], list(await t.ledger.attempts("b")))

    @scenario
    async def test_an_attempt_after_the_end_is_kept(self) -> None:
        """A record that does not stand still brings its attempt."""
        async with self.trial() as t:
            await t.put(t.entry("a", "rejected"))
            await t.ledger.record(t.entry("a"), [t.attempt("a", "delivered")])
            expect(["delivered"], [attempt.outcome for attempt in await t.ledger.attempts("a")])

    @scenario
    async def test_tallies_count_what_ended_and_what_was_filtered(self) -> None:
        """Records are counted by subscription, state and reason; what is only counted is added."""
        async with self.trial() as t:
            await t.put(t.entry("a"), t.entry("b"), t.entry("c", "dead"))
            for _ in range(2):
                await t.ledger.count([Tally("shop", "other", "filtered", "no_match", 3)])
            expect(
                [
                    Tally("shop", "follow-up", "dead", "a_reason", 1),
                    Tally("shop", "follow-up", "delivered", "a_reason", 2),
                    Tally("shop", "other", "filtered", "no_match", 6),
                ],
                list(await t.ledger.tallies()),
            )

    @scenario
    async def test_a_query_narrows(self) -> None:
        """By time, state, reason, destination, person, beginning of the key; the newest first, at most a limit."""
        async with self.trial() as t:
            start = t.clock.now()
            for number, state in enumerate(["delivered", "dead", "unknown", "dead"]):
                people = ("jane",) if number % 2 else ("ravi", "jane-2")
                await t.put(t.entry(f"k{number}", state, reason=f"r{number}", people=people))
                t.clock.advance(10.0)
            expect(["k3", "k2", "k1", "k0"], await t.keys())
            expect(["k3", "k2"], await t.keys(limit=2))
            expect(["k3", "k1"], await t.keys(states=("dead",)))
            expect(["k3", "k2", "k1"], await t.keys(states=("dead", "unknown")))
            expect(["k2"], await t.keys(reason="r2"))
            expect(["k3", "k1"], await t.keys(person="jane"))
            expect(["k2", "k0"], await t.keys(person="jane-2"))
            expect(["k2", "k1"], await t.keys(since=start + 10.0, until=start + 30.0))
            expect((["k1"], [], []), (await t.keys(key="k1"), await t.keys(key="1"), await t.keys(destination="no")))

    @scenario
    async def test_pages_follow_each_other(self) -> None:
        """With `before`, the next entries come, none twice and none left out."""
        async with self.trial() as t:
            await t.put(*(t.entry(f"k{number}") for number in range(7)))
            found: list[LedgerEntry] = []
            while page := await t.ledger.entries(LedgerQuery(limit=3, before=found[-1].number if found else None)):
                found += page
            expect([f"k{number}" for number in range(6, -1, -1)], [entry.key for entry in found])

    @scenario
    async def test_a_replay_takes_the_place_of_earlier_generations(self) -> None:
        """Once a later generation has ended, the earlier ones are no longer open; a record that does not stand changes
        nothing."""
        async with self.trial() as t:
            await t.put(t.entry("g0", "dead"), t.entry("other", "dead"))
            await t.ledger.record(t.entry("g1", "unknown", generation=1), replaces=["g0"])
            expect(["g1", "other"], await t.keys(open_only=True))
            expect([False, False, True], [entry.replayed for entry in await t.ledger.entries(LedgerQuery())])
            await t.ledger.record(t.entry("g1", generation=1), replaces=["other"])
            expect(["g1", "other"], await t.keys(open_only=True))

    @scenario
    async def test_a_person_is_forgotten(self) -> None:
        """Entries of a person go, with event and attempts; others stay, and so do the tallies."""
        async with self.trial() as t:
            await t.ledger.record(t.entry("a", "dead", people=("jane",)), [t.attempt("a")])
            await t.ledger.attempt(t.attempt("a"))
            await t.put(t.entry("b", people=("ravi", "jane")), t.entry("c", people=("ravi",)))
            expect([2, 0], [await t.ledger.forget(["jane"]), await t.ledger.forget(["jane", "nobody"])])
            expect((["c"], []), (await t.keys(), list(await t.ledger.attempts("a"))))
            expect([], await t.keys(person="jane"))
            expect(3, sum(tally.count for tally in await t.ledger.tallies()))

    @scenario
    async def test_pruned_by_age_and_by_size(self) -> None:
        """What is older than the retention goes, and of the rest the oldest beyond its size."""
        async with self.trial() as t:
            for number in range(6):
                await t.ledger.record(t.entry(f"k{number}"), [t.attempt(f"k{number}")])
                t.clock.advance(10.0)
            expect(2, await t.ledger.prune(Retention(seconds=45.0, entries=100)))
            expect(["k5", "k4", "k3", "k2"], await t.keys())
            expect(1, await t.ledger.prune(Retention(seconds=1000.0, entries=3)))
            expect((["k5", "k4", "k3"], []), (await t.keys(), list(await t.ledger.attempts("k2"))))
            expect(0, await t.ledger.prune(Retention(seconds=1000.0, entries=3)))
            expect(6, sum(tally.count for tally in await t.ledger.tallies()))

    @scenario
    async def test_pins_are_kept(self) -> None:
        """What a digest was made of can be asked for; the first one stands."""
        async with self.trial() as t:
            document = {"plugin": "p 1.0", "mapping": {"from": "d1"}, "syncMode": None}
            await t.ledger.pin("digest", document)
            await t.ledger.pin("digest", {"plugin": "p 2.0"})
            expect((document, None), (await t.ledger.pinned("digest"), await t.ledger.pinned("other")))
