"""What every claim store has to do, as tests that anybody's store can run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, ClassVar, Final
from uuid import uuid4

from destination_actions.protocols import Claim, ClaimAnswer, ClaimRequest, ClaimStore, ClaimTimes, Verdict
from destination_actions.testing._scenarios import expect, expect_near, made, scenario
from destination_actions.testing.clock import ManualClock

TIMES: Final = ClaimTimes(lease=10.0, send=10.0, grace=5.0, journal=24 * 3600.0)
"""The times that the suite's stores are made with."""

DAY: Final = 24 * 3600.0


class Trial:
    """One store under test on a clock that the scenario moves. Events `a`, `b`, ... compete for one key."""

    def __init__(self, store: ClaimStore, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self._run = uuid4().hex

    def request(
        self, event: str = "a", seconds: float = 60.0, *, key: str = "key", checked: bool = False
    ) -> ClaimRequest:
        """Name a delivery; names are new in each trial, so that a lasting store may serve many trials."""
        return ClaimRequest(f"{key}-{self._run}", f"{event}-{self._run}", seconds, f"message {event}", checked)

    async def claim(self, event: str = "a", seconds: float = 60.0, **how: Any) -> ClaimAnswer:
        """Claim for an event."""
        return await self.store.claim(self.request(event, seconds, **how))

    async def verdict(self, event: str = "a", seconds: float = 60.0, **how: Any) -> Verdict:
        """Claim for an event and give the verdict alone."""
        return (await self.claim(event, seconds, **how)).verdict

    async def held(self, event: str = "a", seconds: float = 60.0, **how: Any) -> Claim:
        """Claim for an event that must get the key."""
        answer = await self.claim(event, seconds, **how)
        if answer.claim is None:
            raise AssertionError(f"event {event} should hold the key, but the answer is {answer!r}")
        return answer.claim

    async def sent(self, event: str = "a", seconds: float = 60.0, **how: Any) -> Claim:
        """Claim and mark as sent."""
        claim = await self.held(event, seconds, **how)
        expect(True, await self.store.mark_sent(claim), f"mark_sent of event {event}")
        return claim

    async def done(self, event: str = "a", seconds: float = 60.0, data: Any = None, **how: Any) -> Claim:
        """Claim, send and confirm."""
        claim = await self.sent(event, seconds, **how)
        await self.store.confirm(claim, data)
        return claim


class ClaimSuiteBase:
    """How the suites make their stores."""

    make: ClassVar[Callable[..., Any]]
    """`make(clock, times)` gives a new `ClaimStore` on that clock, or an awaitable of one."""

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[Trial]:
        """Make a store, and close it at the end."""
        clock = ManualClock()
        store = await made(self.make(clock, TIMES))
        try:
            yield Trial(store, clock)
        finally:
            await store.aclose()


class ClaimScenarios(ClaimSuiteBase):
    """The claim protocol from outside: each test proves its docstring."""

    @scenario
    async def test_one_delivery_goes_through(self) -> None:
        """A free key is granted, marked, confirmed; the same delivery is then done and returns what was recorded."""
        async with self.trial() as t:
            answer = await t.claim("a")
            expect(Verdict.GRANTED, answer.verdict)
            assert answer.claim is not None  # noqa: S101 - tells the type checker what GRANTED means
            expect(t.request("a").key, answer.claim.key)
            expect(True, await t.store.mark_sent(answer.claim))
            await t.store.confirm(answer.claim, {"sid": "FN1", "n": [1, None]})
            again = await t.claim("a")
            expect((Verdict.ALREADY_DONE, {"sid": "FN1", "n": [1, None]}), (again.verdict, again.data))

    @scenario
    async def test_what_was_recorded_is_a_copy(self) -> None:
        """Changing what was recorded, or what was answered, changes nothing in the store."""
        async with self.trial() as t:
            data = {"list": [1]}
            await t.done("a", data=data)
            data["list"].append(2)
            answer = await t.claim("a")
            expect({"list": [1]}, answer.data)
            answer.data["list"].append(3)  # type: ignore[index,call-overload,union-attr]
            expect({"list": [1]}, (await t.claim("a")).data)

    @scenario
    async def test_another_event_cools(self) -> None:
        """Within the window another event is suppressed, and is told until when and by which message."""
        async with self.trial() as t:
            await t.done("a", 60.0)
            confirmed = t.clock.now()
            t.clock.advance(59.0)
            answer = await t.claim("b")
            expect((Verdict.COOLING, "message a"), (answer.verdict, answer.by))
            expect_near(confirmed + 60.0, answer.until)

    @scenario
    async def test_a_suppression_is_final(self) -> None:
        """A suppressed delivery stays suppressed after the window, and is told the same things."""
        async with self.trial() as t:
            await t.done("a", 60.0)
            confirmed = t.clock.now()
            await t.claim("b")
            t.clock.advance(61.0)
            answer = await t.claim("b")
            expect((Verdict.ALREADY_SUPPRESSED, "message a"), (answer.verdict, answer.by))
            expect_near(confirmed + 60.0, answer.until)

    @scenario
    async def test_the_window_ends(self) -> None:
        """From the end of the window on the key is free; it counts from the confirmation, not from the claim."""
        async with self.trial() as t:
            claim = await t.sent("a", 60.0)
            t.clock.advance(9.0)
            await t.store.confirm(claim)
            t.clock.advance(59.5)
            expect(Verdict.COOLING, await t.verdict("b"))
            t.clock.advance(0.5)
            expect(Verdict.GRANTED, await t.verdict("c"))

    @scenario
    async def test_keys_do_not_meet(self) -> None:
        """A window on one key says nothing about another key."""
        async with self.trial() as t:
            await t.done("a", key="one")
            expect(Verdict.GRANTED, await t.verdict("b", key="two"))

    @scenario
    async def test_a_live_claim_keeps_others_busy(self) -> None:
        """While a claim lives, others and the same delivery elsewhere are busy, and are told for how long at most."""
        async with self.trial() as t:
            await t.held("a")
            t.clock.advance(4.0)
            for event in ("a", "b"):
                answer = await t.claim(event)
                expect(Verdict.BUSY, answer.verdict, f"event {event}")
                expect_near(TIMES.lease - 4.0, answer.retry_in, "retry_in")

    @scenario
    async def test_a_claim_that_sent_nothing_lapses(self) -> None:
        """When a holder dies before sending, the key is free after the lease: nothing was sent, nothing is lost."""
        async with self.trial() as t:
            claim = await t.held("a")
            t.clock.advance(TIMES.lease)
            expect(False, await t.store.mark_sent(claim), "mark_sent after the lease")
            expect(Verdict.GRANTED, await t.verdict("b"))

    @scenario
    async def test_release_frees_at_once(self) -> None:
        """A definite failure gives the key back as if nothing had happened, to the same event and to others."""
        async with self.trial() as t:
            await t.store.release(await t.sent("a"))
            claim = await t.held("b")
            await t.store.release(claim)
            expect(Verdict.GRANTED, await t.verdict("a"))

    @scenario
    async def test_release_before_sending_frees_at_once(self) -> None:
        """A claim can be given back before anything was sent."""
        async with self.trial() as t:
            await t.store.release(await t.held("a"))
            expect(Verdict.GRANTED, await t.verdict("b"))

    @scenario
    async def test_release_after_confirm_does_nothing(self) -> None:
        """A confirmed window cannot be given back."""
        async with self.trial() as t:
            await t.store.release(await t.done("a"))
            expect(Verdict.COOLING, await t.verdict("b"))
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))

    @scenario
    async def test_an_unknown_outcome_keeps_the_key(self) -> None:
        """After an unknown outcome others are busy until the window is over; the same delivery resumes earlier."""
        async with self.trial() as t:
            attempted = t.clock.now()
            await t.store.ambiguous(await t.sent("a", 300.0))
            expect((Verdict.BUSY, Verdict.BUSY), (await t.verdict("a"), await t.verdict("b")))
            t.clock.advance(TIMES.send + TIMES.grace)
            expect(Verdict.BUSY, await t.verdict("b"))
            answer = await t.claim("a", 300.0)
            expect(Verdict.RESUME, answer.verdict)
            expect_near(attempted, answer.attempted, "attempted")

    @scenario
    async def test_an_unknown_outcome_frees_after_its_window(self) -> None:
        """An outcome that nobody resolves blocks others no longer than lease and window."""
        async with self.trial() as t:
            await t.store.ambiguous(await t.sent("a", 300.0))
            t.clock.advance(TIMES.send + TIMES.grace + 300.0)
            expect(Verdict.GRANTED, await t.verdict("b"))
            answer = await t.claim("a")
            expect(Verdict.BUSY, answer.verdict)

    @scenario
    async def test_busy_says_when_to_ask_again(self) -> None:
        """While another's outcome is unresolved, retry_in is above zero and never the whole of a long window."""
        async with self.trial() as t:
            await t.store.ambiguous(await t.sent("a", 3600.0))
            t.clock.advance(TIMES.send + TIMES.grace)
            answer = await t.claim("b")
            expect_near(TIMES.send + TIMES.grace, answer.retry_in, "retry_in")

    @scenario
    async def test_ambiguous_lengthens_the_window(self) -> None:
        """A window of an unknown outcome lasts at least a period from the moment at which it became unknown."""
        async with self.trial() as t:
            claim = await t.sent("a", 100.0)
            t.clock.advance(14.0)
            await t.store.ambiguous(claim)
            t.clock.advance(100.0)
            expect(Verdict.BUSY, await t.verdict("b"))
            t.clock.advance(1.0)
            expect(Verdict.GRANTED, await t.verdict("c"))

    @scenario
    async def test_a_resumed_delivery_confirms(self) -> None:
        """A delivery that resumes and finds itself executed confirms with its new token."""
        async with self.trial() as t:
            await t.sent("a")
            t.clock.advance(TIMES.send + TIMES.grace)
            await t.store.confirm(await t.held("a"), "found")
            answer = await t.claim("a")
            expect((Verdict.ALREADY_DONE, "found"), (answer.verdict, answer.data))
            expect(Verdict.COOLING, await t.verdict("b"))

    @scenario
    async def test_a_resumed_delivery_may_send_again(self) -> None:
        """A delivery that resumes and finds nothing marks, sends and keeps the time of its first attempt."""
        async with self.trial() as t:
            first = t.clock.now()
            await t.sent("a")
            t.clock.advance(TIMES.send + TIMES.grace)
            await t.sent("a")
            t.clock.advance(TIMES.send + TIMES.grace)
            answer = await t.claim("a")
            expect(Verdict.RESUME, answer.verdict)
            expect_near(first, answer.attempted, "attempted")

    @scenario
    async def test_a_stale_token_changes_nothing(self) -> None:
        """After a resume the old token neither marks, nor releases, nor keeps the key."""
        async with self.trial() as t:
            old = await t.sent("a")
            t.clock.advance(TIMES.send + TIMES.grace)
            new = await t.held("a")
            expect(False, await t.store.mark_sent(old), "mark_sent by a stale token")
            await t.store.release(old)
            await t.store.ambiguous(old)
            expect(Verdict.BUSY, await t.verdict("b"))
            expect(True, await t.store.mark_sent(new), "mark_sent by the live token")

    @scenario
    async def test_a_stale_confirmation_is_still_true(self) -> None:
        """A confirmation by a stale token records the delivery as done and only lengthens another's window."""
        async with self.trial() as t:
            late = await t.sent("a", 10.0)
            t.clock.advance(TIMES.send + TIMES.grace + 10.0)
            await t.done("b", 5.0)
            await t.store.confirm(late, "late")
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))
            t.clock.advance(9.0)
            answer = await t.claim("c")
            expect((Verdict.COOLING, "message b"), (answer.verdict, answer.by))
            t.clock.advance(1.0)
            expect(Verdict.GRANTED, await t.verdict("d"))

    @scenario
    async def test_a_repeated_confirmation_changes_no_window(self) -> None:
        """Confirming again with the same claim, after an answer of the store was lost, does not lengthen the window."""
        async with self.trial() as t:
            claim = await t.done("a", 10.0)
            t.clock.advance(5.0)
            await t.store.confirm(claim)
            t.clock.advance(5.0)
            expect(Verdict.GRANTED, await t.verdict("b"))

    @scenario
    async def test_settle_records_what_a_read_back_found(self) -> None:
        """A delivery settled while another's window is open is done, and the window stays as it is."""
        async with self.trial() as t:
            await t.sent("a", 1.0)
            t.clock.advance(TIMES.send + TIMES.grace + 1.0)
            await t.done("b", 60.0)
            expect(Verdict.COOLING_CHECK, await t.verdict("a"))
            await t.store.settle(t.request("a"), {"sid": "FN2"})
            answer = await t.claim("a")
            expect((Verdict.ALREADY_DONE, {"sid": "FN2"}), (answer.verdict, answer.data))
            expect(Verdict.COOLING, await t.verdict("c"))

    @scenario
    async def test_tokens_never_repeat(self) -> None:
        """Every claim of a key has a token of its own, over releases, lapses and windows."""
        async with self.trial() as t:
            tokens = []
            for event in map(str, range(30)):
                claim = await t.held(event, 0.0)
                tokens.append(claim.token)
                await t.store.release(claim)
            expect(30, len(set(tokens)))

    @scenario
    async def test_periods_that_are_none_are_refused(self) -> None:
        """A period is a finite number from 0 to a year; anything else is a `ValueError` and changes nothing."""
        async with self.trial() as t:
            wrong: list[Any] = [-1, -0.001, float("nan"), float("inf"), 367 * DAY, True, "60", None]
            for seconds in wrong:
                try:
                    await t.claim("a", seconds)
                except ValueError:
                    continue
                raise AssertionError(f"the period {seconds!r} was not refused")
            expect(Verdict.GRANTED, await t.verdict("a", 365 * DAY))

    @scenario
    async def test_the_journal_forgets_after_its_time(self) -> None:
        """A finished delivery is known for the journal's time, and unknown after it."""
        async with self.trial() as t:
            await t.done("a", 1.0)
            t.clock.advance(TIMES.journal - 1.0)
            expect(Verdict.ALREADY_DONE, await t.verdict("a"))
            t.clock.advance(1.0)
            expect(Verdict.GRANTED, await t.verdict("a"))

    @scenario
    async def test_a_long_window_outlives_the_journal(self) -> None:
        """A window longer than the journal's time is kept to its end, for its own delivery too."""
        async with self.trial() as t:
            await t.done("a", 30 * DAY)
            t.clock.advance(29 * DAY)
            expect((Verdict.COOLING, Verdict.ALREADY_DONE), (await t.verdict("b"), await t.verdict("a")))

    @scenario
    async def test_many_at_once_give_one_winner(self) -> None:
        """Of many deliveries that claim one key together exactly one gets it."""
        async with self.trial() as t:
            names = map(str, count())
            verdicts = await asyncio.gather(*(t.verdict(next(names)) for _ in range(50)))
            expect({Verdict.GRANTED: 1, Verdict.BUSY: 49}, {v: verdicts.count(v) for v in set(verdicts)})
