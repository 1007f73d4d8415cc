"""Records that are made when somebody looks: they say what records say that are made at once."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from destination_actions import AsyncRuntime, Delivered, Invalid, Rejected, Suppressed
from destination_actions.config import LedgerConfig
from destination_actions.outcomes import Outcome, Problem
from destination_actions.protocols import AttemptEntry, Delivery, Lease, LedgerEntry, LedgerQuery
from destination_actions.runtime.ledger import Recorder
from destination_actions.runtime.tries import Try
from destination_actions.runtime.worker import Settled
from destination_actions.stores import open_stores
from destination_actions.testing import ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import SETTINGS, SUBSCRIPTION, destination

SECRET, PERSON, PHONE = SETTINGS["token"], "jane.doe@example.com", "+15551234567"
PLAN = AsyncRuntime(destination(), settings=SETTINGS, subscriptions=[SUBSCRIPTION]).plan

TEXTS = st.sampled_from(["fine", SECRET, f"for {PERSON}", PHONE, f"{SECRET} {PHONE}", ""])
DATA = st.dictionaries(TEXTS, TEXTS | st.integers() | st.lists(TEXTS, max_size=2) | st.none(), max_size=3)
EVENTS = st.fixed_dictionaries(
    {}, optional={"userId": st.sampled_from([PERSON, "user-2", 17, "", None]), "anonymousId": st.just(PERSON)}
)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """Some terminal outcome of one of a few deliveries; one in three of a subscription that is not configured."""
    name = draw(st.sampled_from(["Notes", "Notes", "Gone"]))
    head = {"destination": "notes", "subscription": name, "action": "note", "message_id": draw(st.sampled_from("abc"))}
    return draw(
        st.one_of(
            st.builds(
                lambda data, repeated, unclaimed: Delivered(**head, data=data, repeated=repeated, unclaimed=unclaimed),
                DATA,
                st.booleans(),
                st.booleans(),
            ),
            st.builds(lambda by: Suppressed(**head, until=1_700_000_000.0, by=by), TEXTS),
            st.builds(lambda text: Rejected(**head, reason="refused", message=text), TEXTS),
            st.builds(lambda text: Invalid(**head, problems=[Problem("/x", "type", "X", text)]), TEXTS),
        )
    )


def lease_of(outcome: Outcome, event: dict[str, Any], generation: int) -> Lease:
    """As the queue hands a delivery out."""
    key = f"key {outcome.message_id} {generation}"
    delivery = Delivery(key, outcome.destination, outcome.subscription, event, accepted=5.0, generation=generation)
    return Lease(delivery, attempts=3, token="t", expires=99.0, losses=1)


STEPS = st.lists(st.tuples(outcomes(), EVENTS, st.sampled_from([None, 0, 1]), st.booleans()), max_size=8)


def recorded(steps: list[tuple[Outcome, dict[str, Any], int | None, bool]], *, late: bool) -> tuple[Any, ...]:
    """All that a ledger in memory shows after these ends of deliveries, each of which may have been tried before."""
    clock = ManualClock()
    stores = dataclasses.replace(open_stores("memory:", clock=clock), secret=bytes(32))
    recorder = Recorder(PLAN, stores, clock, lambda slug: f"{slug} 1", LedgerConfig())
    assert recorder._late is stores.ledger
    recorder._late = recorder._late if late else None

    async def record() -> tuple[Any, ...]:
        for number, (outcome, event, generation, tried) in enumerate(steps):
            lease = None if generation is None else lease_of(outcome, event, generation)
            settled = Settled(outcome, lease, 0.123456, None if lease else event)
            if tried:
                await recorder.attempted(try_of(settled, number))
            await recorder.settled(settled)
            clock.advance(1.0)
        ledger = stores.ledger
        entries = await ledger.entries(LedgerQuery())
        tries = [await ledger.attempts(entry.key) for entry in entries]
        by_person = await ledger.entries(LedgerQuery(person=next((p for e in entries for p in e.people), "nobody")))
        gone = await ledger.forget([person for entry in entries[:1] for person in entry.people])
        return entries, tries, by_person, gone, await ledger.tallies(), await ledger.entries(LedgerQuery())

    return asyncio.run(record())


def try_of(settled: Settled, number: int) -> Try:
    """The last try before an end."""
    from destination_actions.runtime.ledger import _key

    redactor = PLAN.lanes[0].redactor
    event = settled.event or {}
    return Try(
        key=_key(settled), event=event, outcome=settled.outcome, exchanges=(), redactor=redactor, at=number, seconds=0.5
    )


@given(STEPS)
@settings(max_examples=80, deadline=None, database=None)
def test_late_and_early_records_are_the_same(steps: Any) -> None:
    """Entries, attempts, tallies, lookup by person, and what is forgotten."""
    assert recorded(steps, late=False) == recorded(steps, late=True)


async def test_a_record_is_not_made_until_somebody_looks(make) -> None:
    """The ledger then holds neither digest nor details; a look makes the entry once."""
    runtime = make()
    await runtime.send({"type": "track", "messageId": "m1", "userId": PERSON})
    ledger = runtime.stores.ledger
    [(_, kept)] = ledger._entries.values()
    assert not isinstance(kept, LedgerEntry)
    [first] = await ledger.entries(LedgerQuery())
    [second] = await ledger.entries(LedgerQuery())
    assert first.details is second.details
    [attempt] = await ledger.attempts(first.key)
    assert isinstance(attempt, AttemptEntry)


async def test_what_is_done_to_an_outcome_reaches_no_record(make) -> None:
    """The caller may change the data that it was given, before anybody looks."""
    runtime = make()
    [outcome] = await runtime.send({"type": "track", "messageId": "m1", "userId": PERSON})
    before = dict(outcome.data)
    outcome.data["token"] = SECRET
    [entry] = await runtime.stores.ledger.entries(LedgerQuery())
    assert before == entry.details["data"]
    assert SECRET not in repr(entry)


async def test_a_ledger_that_lasts_is_given_entries(make, tmp_path) -> None:
    """What is stored is clean whoever reads the file."""
    runtime = make(stores=f"sqlite:{tmp_path}/state.db")
    await runtime.send({"type": "track", "messageId": "m1", "userId": PERSON})
    assert not runtime._recorder._late
    [entry] = await runtime.stores.ledger.entries(LedgerQuery())
    assert "delivered" == entry.state
