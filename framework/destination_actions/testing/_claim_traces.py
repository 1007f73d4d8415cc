"""Directed traces: courses of events that broke earlier protocols, kept for every store."""

from __future__ import annotations

import asyncio
from typing import Final

from destination_actions.protocols import ClaimAnswer, Verdict
from destination_actions.testing._claim_suite import DAY, TIMES, ClaimSuiteBase, Trial
from destination_actions.testing._scenarios import expect, expect_near, scenario

_UNRESOLVED: Final = TIMES.send + TIMES.grace
"""Seconds after mark_sent until the same delivery may resume."""


async def _overtaken(t: Trial) -> ClaimAnswer:
    """A sends and dies; its window passes; B is confirmed; A is delivered again."""
    await t.sent("a", 20.0)
    t.clock.advance(_UNRESOLVED + 20.0)
    await t.done("b", 60.0)
    return await t.claim("a")


class ClaimTraces(ClaimSuiteBase):
    """Each trace is named for what happens; its docstring says what must come of it."""

    @scenario
    async def test_trace_01_two_workers_one_event(self) -> None:
        """One is granted, the other busy; after the confirmation the other learns that it is done."""
        async with self.trial() as t:
            first, second = await asyncio.gather(t.claim("a"), t.claim("a"))
            expect({Verdict.GRANTED, Verdict.BUSY}, {first.verdict, second.verdict})
            claim = first.claim or second.claim
            assert claim is not None  # noqa: S101 - one of them was granted
            expect(True, await t.store.mark_sent(claim))
            await t.store.confirm(claim)
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))

    @scenario
    async def test_trace_02_overtaken_and_executed(self) -> None:
        """An overtaken delivery is read back; found executed, it is settled as done and never called suppressed."""
        async with self.trial() as t:
            attempted = t.clock.now()
            answer = await _overtaken(t)
            expect((Verdict.COOLING_CHECK, "message b"), (answer.verdict, answer.by))
            expect_near(attempted, answer.attempted, "attempted")
            await t.store.settle(t.request("a"))
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))
            t.clock.advance(100.0)
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))

    @scenario
    async def test_trace_03_overtaken_and_not_executed(self) -> None:
        """An overtaken delivery that the read-back does not find is suppressed, then and for good."""
        async with self.trial() as t:
            expect(Verdict.COOLING_CHECK, (await _overtaken(t)).verdict)
            expect(Verdict.COOLING_CHECK, await t.verdict("a"))
            expect(Verdict.COOLING, await t.verdict("a", checked=True))
            t.clock.advance(100.0)
            expect(Verdict.ALREADY_SUPPRESSED, await t.verdict("a"))
            expect(Verdict.ALREADY_SUPPRESSED, await t.verdict("a", checked=True))

    @scenario
    async def test_trace_04_a_frozen_holder_wakes(self) -> None:
        """A holder that froze through another's claim and release finds its token worthless, whatever came after."""
        async with self.trial() as t:
            frozen = await t.held("a")
            t.clock.advance(TIMES.lease)
            await t.store.release(await t.sent("b"))
            live = await t.held("c")
            expect(False, await t.store.mark_sent(frozen), "mark_sent of the frozen holder")
            await t.store.release(frozen)
            expect(True, await t.store.mark_sent(live), "mark_sent of the live holder")

    @scenario
    async def test_trace_05_a_slow_suppression(self) -> None:
        """A worker that was told COOLING may dawdle: the same delivery cannot be sent by another afterwards."""
        async with self.trial() as t:
            await t.done("a", 10.0)
            expect(Verdict.COOLING, await t.verdict("b", 10.0))
            t.clock.advance(11.0)
            expect(Verdict.ALREADY_SUPPRESSED, await t.verdict("b", 10.0))

    @scenario
    async def test_trace_06_two_redeliveries_of_an_unknown_outcome(self) -> None:
        """One resumes and reads back, the other is busy; after the confirmation both know."""
        async with self.trial() as t:
            await t.store.ambiguous(await t.sent("a"))
            t.clock.advance(_UNRESOLVED)
            first, second = await asyncio.gather(t.claim("a"), t.claim("a"))
            expect({Verdict.RESUME, Verdict.BUSY}, {first.verdict, second.verdict})
            claim = first.claim or second.claim
            assert claim is not None  # noqa: S101 - one of them resumed
            await t.store.confirm(claim)
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))

    @scenario
    async def test_trace_07_no_window_but_one_send(self) -> None:
        """With period 0, and a key of its own, one event delivered twice at once is granted once."""
        async with self.trial() as t:
            first, second = await asyncio.gather(t.claim("a", 0.0), t.claim("a", 0.0))
            expect({Verdict.GRANTED, Verdict.BUSY}, {first.verdict, second.verdict})
            claim = first.claim or second.claim
            assert claim is not None  # noqa: S101 - one of them was granted
            expect(True, await t.store.mark_sent(claim))
            await t.store.confirm(claim)
            expect(Verdict.ALREADY_DONE, await t.verdict("a", 0.0))
            t.clock.advance(3600.0)
            expect(Verdict.ALREADY_DONE, await t.verdict("a", 0.0))

    @scenario
    async def test_trace_08_different_periods_on_one_key(self) -> None:
        """The window belongs to the confirmed trigger with its own period, whatever a newcomer's period is."""
        async with self.trial() as t:
            await t.done("a", 10.0)
            t.clock.advance(9.0)
            expect(Verdict.COOLING, await t.verdict("b", 3600.0))
            t.clock.advance(1.0)
            await t.done("c", 3600.0)
            t.clock.advance(3599.0)
            expect(Verdict.COOLING, await t.verdict("d", 10.0))

    @scenario
    async def test_trace_09_the_confirmation_is_lost(self) -> None:
        """When confirm never reaches the store the window still stands, and the delivery resumes and confirms."""
        async with self.trial() as t:
            await t.sent("a", 60.0)
            t.clock.advance(_UNRESOLVED)
            expect(Verdict.BUSY, await t.verdict("b"))
            await t.store.confirm(await t.held("a", 60.0))
            expect((Verdict.COOLING, Verdict.ALREADY_DONE), (await t.verdict("b"), await t.verdict("a")))

    @scenario
    async def test_trace_10_too_many_requests(self) -> None:
        """A first try that was definitely refused leaves the key free for another event at once."""
        async with self.trial() as t:
            await t.store.release(await t.sent("a"))
            expect(Verdict.GRANTED, await t.verdict("b"))

    @scenario
    async def test_trace_11_refused_after_an_unknown_outcome(self) -> None:
        """A delivery whose resend is refused as already active is unknown again: it resumes, and is not forgotten."""
        async with self.trial() as t:
            first = t.clock.now()
            await t.store.ambiguous(await t.sent("a", 600.0))
            t.clock.advance(_UNRESOLVED)
            await t.store.ambiguous(await t.sent("a", 600.0))
            expect(Verdict.BUSY, await t.verdict("b"))
            t.clock.advance(_UNRESOLVED)
            answer = await t.claim("a", 600.0)
            expect(Verdict.RESUME, answer.verdict)
            expect_near(first, answer.attempted, "attempted")

    @scenario
    async def test_trace_12_frozen_after_mark_sent(self) -> None:
        """A holder that slept past its deadline may not mark again, and the delivery has gone to another worker."""
        async with self.trial() as t:
            frozen = await t.sent("a", 600.0)
            t.clock.advance(60.0)
            expect(False, await t.store.mark_sent(frozen), "mark_sent after the lease")
            expect(Verdict.RESUME, await t.verdict("a", 600.0))

    @scenario
    async def test_trace_13_the_wall_clock_is_set(self) -> None:
        """A wall clock set by a day, either way, ends no lease and no window early and keeps none longer."""
        for jump in (DAY, -DAY):
            async with self.trial() as t:
                await _through_jumps(t, jump)


async def _through_jumps(t: Trial, jump: float) -> None:
    held = await t.held("a", 600.0)
    t.clock.jump(jump)
    expect(Verdict.BUSY, await t.verdict("b", 600.0), "while held")
    expect(True, await t.store.mark_sent(held), "mark_sent after a jump")
    t.clock.jump(jump)
    t.clock.advance(_UNRESOLVED)
    expect(Verdict.BUSY, await t.verdict("b", 600.0), "while sent")
    await t.store.confirm(await t.held("a", 600.0))
    t.clock.jump(jump)
    answer = await t.claim("b", 600.0)
    expect(Verdict.COOLING, answer.verdict, "while done")
    expect_near(t.clock.now() + 600.0, answer.until, "until, on the present wall clock")
    t.clock.advance(600.0)
    expect(Verdict.GRANTED, await t.verdict("c", 600.0), "after the window")
