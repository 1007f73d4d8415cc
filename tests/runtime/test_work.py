"""The worker on virtual time: lanes that do not meet, pauses, breakers, poison, batches, and how it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from destination_actions import Accepted, AsyncRuntime, BatchContext, Failed, Outcome, Refused, hookimpl
from destination_actions.config import Config, config_from_python
from destination_actions.errors import StoreError
from destination_actions.protocols import ClaimTimes, Delivery, Stores
from destination_actions.runtime.idle import Idle
from destination_actions.runtime.lanes import lane_key
from destination_actions.runtime.notices import NoticeBoard, open_breakers
from destination_actions.stores import open_stores
from destination_actions.testing.virtual import VirtualClock, VirtualLoop
from notes import SETTINGS, SUBSCRIPTION, Note, Settings, action, destination

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass
class Scene:
    """One worker, its stores, and what it told; on virtual time."""

    clock: VirtualClock
    stores: Stores
    answer: Answer
    requests: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, Outcome]] = field(default_factory=list)
    runtimes: list[AsyncRuntime] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """The other side; each host is a destination."""
        self.requests.append((self.seconds, request.url.host))
        return await self.answer(request)

    @property
    def seconds(self) -> float:
        """Virtual seconds since the beginning."""
        return round(self.clock.now() - 1_000_000, 3)

    def runtime(self, target: Any = None, *, subscriptions: Any = (SUBSCRIPTION,), **options: Any) -> AsyncRuntime:
        """A runtime on the scene's stores."""
        equipment = {"http": httpx.MockTransport(self), "stores": self.stores, "clock": self.clock, "watchdog": None}
        target = target or destination(action(cooldown=None))
        made = AsyncRuntime(target, settings=SETTINGS, subscriptions=list(subscriptions), **equipment | options)
        self.runtimes.append(made)
        return made

    async def lost(self, times: int) -> None:
        """Have all that waits lost so many times, as by workers that died with it in hand."""
        for _ in range(times):
            await self.stores.queue.take(10_000, lease=1.0)
            await self.clock.sleep(1.0)

    async def work(self, *runtimes: AsyncRuntime, ends: int, **options: Any) -> list[Outcome]:
        """Work, with one worker after the other, until so many deliveries have ended; their last outcomes."""
        stop = asyncio.Event()

        def told(outcome: Outcome) -> None:
            self.told.append((self.seconds, outcome))
            if len(self.told) >= ends:
                stop.set()

        async def one(at: int, runtime: AsyncRuntime) -> None:
            await self.clock.sleep(at)
            await runtime.work(stop, told=told, **options)

        await asyncio.wait_for(asyncio.gather(*map(one, range(len(runtimes)), runtimes)), 10 * 3600)
        return [outcome for _, outcome in self.told]


async def created(request: httpx.Request) -> httpx.Response:
    """An API that works, and takes a tenth of a second."""
    await asyncio.sleep(0.1)
    return httpx.Response(201, json={})


@asynccontextmanager
async def scene(answer: Answer = created, times: ClaimTimes | None = None) -> AsyncIterator[Scene]:
    """A scene that is closed at its end."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = VirtualClock(loop, 1_000_000.0)
    made = Scene(clock, open_stores("memory:", clock=clock, times=times), answer)
    try:
        yield made
    finally:
        for runtime in made.runtimes:
            await runtime.aclose()


def on_virtual_time(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test on a loop that skips the waiting."""

    def run(**fixtures: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(**fixtures))

    run.__doc__ = test.__doc__
    run.__name__ = test.__name__
    run.__signature__ = __import__("inspect").signature(test)
    return run


def tracks(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Events of as many people."""
    return [{"type": "track", "messageId": f"m{n}", "userId": f"u{n}"} for n in range(first, first + count)]


def kinds(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many of each kind."""
    names = [outcome.outcome for outcome in outcomes]
    return {name: names.count(name) for name in sorted(set(names))}


# --- lanes -----------------------------------------------------------------------------------------------------------


async def quick_but_for_one(request: httpx.Request) -> httpx.Response:
    """An API that never answers what is for one person."""
    if b'"to":"dead"' in request.content:
        await asyncio.sleep(3600)
    return await created(request)


def two_lanes(s: Scene) -> AsyncRuntime:
    """A runtime with a destination that never answers, and one that works."""

    class Plugin:
        """Registers the notes destination."""

        @hookimpl
        def register_destinations(self) -> list[Any]:
            """One."""
            return [destination(action(cooldown=None))]

    mappings = {"dead": {"person": "dead"}, "quick": {"person": {"@path": "$.userId"}}}
    parts = [
        config_from_python("notes", SETTINGS, [SUBSCRIPTION | {"mapping": mapping}], name=name).destinations
        for name, mapping in mappings.items()
    ]
    equipment = {"http": httpx.MockTransport(s), "stores": s.stores, "clock": s.clock, "watchdog": None}
    config = Config(destinations=tuple(part for [part] in parts))
    s.runtimes.append(AsyncRuntime.from_config(config, plugins=[Plugin()], **equipment))
    return s.runtimes[-1]


@on_virtual_time
async def test_a_black_hole_holds_nobody_up() -> None:
    """With one destination that never answers, the other's deliveries arrive as if it were alone."""
    async with scene(quick_but_for_one) as s:
        runtime = two_lanes(s)
        await runtime.enqueue(tracks(2000), destinations=["dead"])
        await runtime.enqueue(tracks(200))
        outcomes = await s.work(runtime, ends=200, drain=0.0)
        assert {"delivered": 200} == kinds(outcomes)
        assert {"quick"} == {outcome.destination for outcome in outcomes}
        assert s.told[-1][0] < 3.0


@on_virtual_time
async def test_what_comes_to_an_idle_worker_goes_at_once() -> None:
    """A worker that has nothing to do begins when its own process accepts something, not at its next look."""
    async with scene() as s:
        runtime = s.runtime()

        async def later() -> None:
            for number in range(5):
                await s.clock.sleep(10.3)
                await runtime.enqueue(tracks(1, first=number))

        await asyncio.gather(s.work(runtime, ends=5), later())
        assert [10.4, 20.7, 31.0, 41.3, 51.6] == [at for at, _ in s.told]


@on_virtual_time
async def test_a_limit_pauses_the_lane_for_all_workers() -> None:
    """After a Retry-After nobody asks before its time, another worker included, and no attempt is used up."""
    first = [httpx.Response(429, headers={"retry-after": "60"})]

    async def answer(request: httpx.Request) -> httpx.Response:
        return first.pop() if first else await created(request)

    async with scene(answer) as s:
        one, other = s.runtime(), s.runtime()
        await one.enqueue(tracks(50))
        outcomes = await s.work(one, other, ends=50)
        early = [at for at, _ in s.requests if at < 60]
        assert max(early) < 0.5
        assert len(early) <= 8
        assert len(s.requests) == 51
        assert {"delivered": 50} == kinds(outcomes)


async def _set(stop: asyncio.Event, clock: VirtualClock, seconds: float) -> None:
    await clock.sleep(seconds)
    stop.set()


# --- the breaker -----------------------------------------------------------------------------------------------------


@on_virtual_time
async def test_refused_credentials_stop_the_lane(caplog: pytest.LogCaptureFixture) -> None:
    """While they are refused one delivery is tried each half minute, with one line in the log; then all arrive."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401) if s.seconds < 600 else await created(request)

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(500))
        with caplog.at_level(logging.WARNING, "destination_actions"):
            outcomes = await s.work(runtime, ends=500)
        assert {"delivered": 500} == kinds(outcomes)
        refused = [at for at, _ in s.requests if at < 600]
        assert len(refused) <= 4 + 600 / 30
        errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert ["the API answered 401" in record.getMessage() for record in errors] == [True]


@on_virtual_time
async def test_a_closed_lane_ends_its_deliveries_at_the_horizon() -> None:
    """They die when their time is over, and not before, without having been tried all that time."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403)

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(300))
        outcomes = await s.work(runtime, ends=300)
        assert {"failed": 300} == kinds(outcomes)
        assert 4 * 3600 - 60 <= min(at for at, _ in s.told)
        assert max(at for at, _ in s.told) <= 4 * 3600 + 120
        assert len(s.requests) <= 4 + 4 * 3600 / 30 + 10
        assert 290 <= sum(isinstance(outcome, Failed) and outcome.reason == "expired" for outcome in outcomes)


@on_virtual_time
async def test_an_api_that_is_out_of_order_is_left_in_peace() -> None:
    """Once half of twenty requests failed, one is tried every five seconds until one succeeds."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if s.seconds < 300:
            raise httpx.ConnectError("refused")
        return await created(request)

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(400))
        assert {"delivered": 400} == kinds(await s.work(runtime, ends=400))
        failed = [at for at, _ in s.requests if at < 300]
        assert len(failed) <= 20 + 16 + 300 / 5
        assert s.told[-1][0] < 330


# --- deliveries that kill their worker -------------------------------------------------------------------------------


@on_virtual_time
async def test_a_delivery_that_was_lost_five_times_is_set_aside() -> None:
    """It is dead before it is tried again, with the reason; another that was lost four times is tried."""
    async with scene() as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(1))
        for _ in range(6):
            await s.stores.queue.take(1, lease=1.0)
            await s.clock.sleep(1.0)
        await runtime.enqueue(tracks(1, first=1))
        for _ in range(4):
            await s.stores.queue.take(5, lease=1.0, room={"": 0})
            await s.clock.sleep(1.0)
        outcomes = await s.work(runtime, ends=2)
        [poison] = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        assert ("m0", "poison") == (poison.message_id, poison.reason)
        assert 1 == len(s.requests)
        dead = await s.stores.queue.list_dead()
        assert ["m0"] == [one.delivery.event["messageId"] for one in dead]


@on_virtual_time
async def test_suspects_are_tried_one_by_one() -> None:
    """Of deliveries that were lost together no two are in hand at once, so the innocent are not lost again."""
    together: list[int] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        together.append(1)
        await asyncio.sleep(0.05)
        assert [1] == together
        together.pop()
        return httpx.Response(201)

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(20))
        await s.lost(times=3)
        assert {"delivered": 20} == kinds(await s.work(runtime, ends=20))


@on_virtual_time
async def test_a_suspect_that_is_slow_does_not_hold_up_other_lanes() -> None:
    """Suspects of one lane wait for each other; those of other lanes wait two seconds for one that does not answer."""
    async with scene(quick_but_for_one) as s:
        runtime = two_lanes(s)
        await runtime.enqueue(tracks(5), destinations=["dead"])
        await runtime.enqueue(tracks(10))
        await s.lost(times=3)
        outcomes = await s.work(runtime, ends=10, drain=0.0)
        assert {"quick"} == {outcome.destination for outcome in outcomes}
        assert s.told[-1][0] < 3.0 + 2.0 + 10 * 0.3


@on_virtual_time
async def test_a_suspect_whose_call_came_to_its_end_is_innocent() -> None:
    """It is tried again beside others, however the call ended."""
    known: set[bytes] = set()
    begun: list[float] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.content not in known:
            known.add(request.content)
            raise httpx.ConnectError("refused")
        begun.append(s.seconds)
        await asyncio.sleep(9.0)
        return httpx.Response(201)

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(4))
        await s.lost(times=3)
        assert {"delivered": 4} == kinds(await s.work(runtime, ends=4))
        assert max(begun) - min(begun) < 9.0


@on_virtual_time
async def test_what_is_no_longer_configured_is_set_aside() -> None:
    """A delivery whose subscription is gone is dead, and told."""
    async with scene() as s:
        await s.runtime(name="old").enqueue(tracks(1))
        [outcome] = await s.work(s.runtime(name="new"), ends=1)
        assert isinstance(outcome, Failed)
        assert ("old", "not_configured") == (outcome.destination, outcome.reason)


# --- subscriptions that are switched off -----------------------------------------------------------------------------

OTHER = {**SUBSCRIPTION, "name": "Others"}
OFF = {**SUBSCRIPTION, "enabled": False}


@on_virtual_time
async def test_what_is_switched_off_waits() -> None:
    """Its deliveries stay while others of the same account are delivered, and go once it is switched on."""
    async with scene() as s:
        account = destination(action(cooldown=None), account=lambda settings: settings.account)
        both = s.runtime(account, subscriptions=[SUBSCRIPTION, OTHER])
        await both.enqueue(tracks(300))
        first = await s.work(s.runtime(account, subscriptions=[OFF, OTHER]), ends=300)
        assert {("others", "delivered")} == {(outcome.subscription, outcome.outcome) for outcome in first}
        last = await s.work(s.runtime(account, subscriptions=[SUBSCRIPTION, OTHER]), ends=600)
        assert {"delivered": 600} == kinds(last)
        assert 600 == len(s.requests)


def test_what_is_switched_off_is_looked_at_seldom() -> None:
    """In a lane that others use: after a minute at first, then after a tenth of the time waited, at its end at once."""
    idle, delivery = Idle({}, {"lane"}), Delivery("key", "d", "s", {}, 0.0, lane="lane")
    waits = [idle.put_back(delivery, 4 * 3600.0, age) for age in (0.0, 300.0, 3600.0, 7200.0, 14_300.0)]
    assert [60.0, 60.0, 360.0, 600.0, 101.0] == waits


def half_off(horizon: float = 3600.0) -> tuple[Config, Config]:
    """Two destinations, and the same with the first switched off."""
    rule = {"retry": {"horizon": horizon}}
    [one] = config_from_python("notes", SETTINGS, [SUBSCRIPTION], name="one").destinations
    [two] = config_from_python("notes", SETTINGS, [SUBSCRIPTION], name="two").destinations
    one = replace(one, **rule)
    return Config(destinations=(one, two)), Config(destinations=(replace(one, enabled=False), two))


class NotesPlugin:
    """Registers the notes destination."""

    @hookimpl
    def register_destinations(self) -> list[Any]:
        """One."""
        return [destination(action(cooldown=None))]


def configured(s: Scene, config: Config) -> AsyncRuntime:
    """A runtime of a configuration, on the scene's stores."""
    equipment = {"http": httpx.MockTransport(s), "stores": s.stores, "clock": s.clock, "watchdog": None}
    made = AsyncRuntime.from_config(config, plugins=[NotesPlugin()], **equipment)
    s.runtimes.append(made)
    return made


@on_virtual_time
async def test_a_destination_that_is_switched_off_keeps_its_queue() -> None:
    """Its lane is left alone, by `run` too, which ends when the rest is done; switched on, everything arrives."""
    on, off = half_off()
    async with scene() as s:
        await configured(s, on).enqueue(tracks(1000))
        outcomes = [outcome async for outcome in configured(s, off).run(())]
        assert ({"delivered": 1000}, {"two"}) == (kinds(outcomes), {outcome.destination for outcome in outcomes})
        assert s.seconds < 60
        assert {"delivered": 1000} == kinds([outcome async for outcome in configured(s, on).run(())])


@on_virtual_time
async def test_what_is_switched_off_has_an_end() -> None:
    """At its destination's horizon it expires, and can be replayed; not a second earlier."""
    on, off = half_off(horizon=600)
    async with scene() as s:
        await configured(s, on).enqueue(tracks(3))
        outcomes = await s.work(configured(s, off), ends=6)
        late = [(at, outcome) for at, outcome in s.told if outcome.destination == "one"]
        assert {"delivered": 3, "failed": 3} == kinds(outcomes)
        assert {"disabled"} == {outcome.reason for _, outcome in late if isinstance(outcome, Failed)}
        assert 600 <= min(at for at, _ in late)
        assert max(at for at, _ in late) < 700
        tallies = await s.stores.ledger.tallies()
        assert [("expired", "disabled", 3)] == [(one.state, one.reason, one.count) for one in tallies[:1]]


@on_virtual_time
async def test_a_run_leaves_the_deliveries_of_others_their_time() -> None:
    """A run that retries for a minute ends its own deliveries then, not those that a service had accepted before."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403 if s.seconds < 3000 else 201, json={})

    async with scene(answer) as s:
        await s.runtime().enqueue(tracks(3))
        await s.clock.sleep(120)
        outcomes = [outcome async for outcome in s.runtime().run(tracks(3, first=3), retry_for=60)]
        assert {"delivered": 3, "failed": 3} == kinds(outcomes)
        assert {"m3", "m4", "m5"} == {outcome.message_id for outcome in outcomes if isinstance(outcome, Failed)}


# --- what people see of breakers, and deadlines ----------------------------------------------------------------------


@on_virtual_time
async def test_open_breakers_are_shown() -> None:
    """While a breaker is open everybody who looks is told why, since when and when the next probe is; then no more."""
    seen = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(await open_breakers(s.stores.tokens, [key], s.clock.now()))
        return httpx.Response(401) if s.seconds < 100 else await created(request)

    async with scene(answer) as s:
        runtime = s.runtime()
        key = lane_key(runtime.plan.lanes[0])
        await runtime.enqueue(tracks(20))
        await s.work(runtime, ends=20)
        shown = [board[key] for board in seen if board]
        assert {"authentication"} == {notice.why for notice in shown}
        assert {round(shown[0].since)} == {round(notice.since) for notice in shown}
        assert all("401" in notice.message for notice in shown)
        assert shown[-1].since + 90 <= shown[-1].probe <= s.clock.now() + 30
        assert {} == await open_breakers(s.stores.tokens, [key], s.clock.now())
        await NoticeBoard(s.stores.tokens, s.clock, key).put_up("failures", "", 5.0)
        await s.clock.sleep(36)
        assert {} == await open_breakers(s.stores.tokens, [key], s.clock.now())


@pytest.mark.parametrize(("timeout", "arrives"), [(0.5, False), (45.0, True), (None, False)])
def test_a_destination_has_a_deadline(timeout: float | None, arrives: bool) -> None:
    """A request may take as long as its destination says, ten seconds if it says nothing, and no longer."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(201, json={})

    @on_virtual_time
    async def through() -> None:
        times = ClaimTimes(send=45.0) if timeout == 45 else ClaimTimes()
        async with scene(answer, times) as s:
            on, _ = half_off(horizon=0)
            runtime = configured(s, Config(destinations=(replace(on.destinations[0], timeout=timeout),), times=times))
            await runtime.enqueue(tracks(1))
            [outcome] = await s.work(runtime, ends=1)
            assert arrives == (outcome.outcome == "delivered")
            assert s.told[0][0] == pytest.approx(30 if arrives else (timeout or 10), abs=0.2)

    through()


@pytest.mark.parametrize("step", ["mark_sent", "take_rate"])
def test_a_store_that_stood_still_lets_no_burst_go(step: str) -> None:
    """What was kept waiting does not leave together: whoever has missed a turn takes another."""

    @on_virtual_time
    async def through() -> None:
        async with scene() as s:
            part: Any = s.stores.claims if step == "mark_sent" else s.stores.rates
            real = getattr(part, step)

            async def slow(*arguments: Any, **options: Any) -> Any:
                """Nothing that is asked for between 1 and 3 s is answered before 3 s, like commits of one disk."""
                began = s.seconds
                answer = await real(*arguments, **options)
                if 1 <= began < 3:
                    await s.clock.sleep(3 - began)
                return answer if step == "mark_sent" else answer - (s.seconds - began)

            setattr(part, step, slow)
            await s.runtime(destination(action(cooldown=None, rate=10.0))).enqueue(tracks(40))
            await s.work(s.runtimes[0], ends=40)
            left = [at for at, _ in s.requests]
            assert (40, True) == (len(left), max(left) < 8)
            assert max(sum(at <= other < at + 1 for other in left) for at in left) <= 11

    through()


# --- batches ---------------------------------------------------------------------------------------------------------


def batching(calls: list[list[str]], **limits: Any) -> Any:
    """A destination that notes its batches; the person `bad` is refused."""

    async def perform_batch(ctx: BatchContext[Settings], notes: Sequence[Note]) -> Sequence[Accepted | BaseException]:
        calls.append([note.person for note in notes])
        await ctx.send("POST", "https://notes.test/v1/notes", json={"n": len(notes)})
        return [Refused("no") if note.person == "bad" else Accepted() for note in notes]

    return destination(action(perform=None, perform_batch=perform_batch, cooldown=None, **limits))


@on_virtual_time
async def test_deliveries_wait_for_company() -> None:
    """A batch goes when it is full; the rest when it has waited; each item has its own outcome."""
    calls: list[list[str]] = []
    async with scene() as s:
        runtime = s.runtime(batching(calls, batch_size=100, batch_linger=2.0))
        await runtime.enqueue([*tracks(249), {"type": "track", "messageId": "b", "userId": "bad"}])
        assert {"delivered": 249, "rejected": 1} == kinds(await s.work(runtime, ends=250))
        assert [100, 100, 50] == [len(call) for call in calls]
        assert [0.0, 0.0, 2.0] == [round(at) for at, _ in s.requests]


@on_virtual_time
async def test_a_batch_has_a_size_in_bytes() -> None:
    """A payload that would make it too large begins the next one."""
    calls: list[list[str]] = []
    async with scene() as s:
        text = {"person": {"@path": "$.userId"}, "text": "x" * 1000}
        target = batching(calls, batch_bytes=4000, batch_linger=1.0)
        runtime = s.runtime(target, subscriptions=[SUBSCRIPTION | {"mapping": text}])
        await runtime.enqueue(tracks(10))
        await s.work(runtime, ends=10)
        assert [3, 3, 3, 1] == [len(call) for call in calls]


@on_virtual_time
async def test_only_equals_go_together() -> None:
    """Payloads with different keys wait in different batches, one without a key does not wait."""
    calls: list[list[str]] = []
    async with scene() as s:
        keyed = batching(calls, batch_key=lambda _, note: None if note.person == "u4" else int(note.person[1:]) % 2)
        runtime = s.runtime(keyed)
        await runtime.enqueue(tracks(6))
        await s.work(runtime, ends=6)
        assert [["u4"], ["u0", "u2"], ["u1", "u3", "u5"]] == calls


@on_virtual_time
async def test_run_batches_too() -> None:
    """Events that arrive together go together, and the run ends when all are done."""
    calls: list[list[str]] = []
    async with scene() as s:
        runtime = s.runtime(batching(calls, batch_size=10))
        outcomes = [outcome async for outcome in runtime.run(tracks(25))]
        assert {"delivered": 25} == kinds(outcomes)
        assert [10, 10, 5] == sorted((len(call) for call in calls), reverse=True)


@on_virtual_time
async def test_a_failed_batch_comes_again_item_by_item() -> None:
    """A batch that could not be sent is retried; every item keeps its own place in the queue."""
    calls: list[list[str]] = []
    broken = [httpx.ConnectError("refused")]

    async def answer(request: httpx.Request) -> httpx.Response:
        if broken:
            raise broken.pop()
        return await created(request)

    async with scene(answer) as s:
        runtime = s.runtime(batching(calls))
        await runtime.enqueue(tracks(5))
        assert {"delivered": 5} == kinds(await s.work(runtime, ends=5))
        assert 10 == sum(map(len, calls))


# --- the end ---------------------------------------------------------------------------------------------------------


@on_virtual_time
async def test_stopping_lets_what_is_under_way_end() -> None:
    """Calls under way are finished and settled, nothing new begins, and what was gathered goes at once."""
    calls: list[list[str]] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(8.0)
        return httpx.Response(201)

    async with scene(answer) as s:
        runtime = s.runtime(batching(calls, batch_linger=10.0))
        await runtime.enqueue(tracks(3))
        stop = asyncio.Event()
        await asyncio.gather(runtime.work(stop), _set(stop, s.clock, 1.0))
        assert [["u0", "u1", "u2"]] == calls
        assert None is await s.stores.queue.next_due()
        assert 9.0 == pytest.approx(s.seconds)


@on_virtual_time
async def test_what_does_not_end_is_given_back() -> None:
    """After the drain time it is due again at once, and counts neither as an attempt nor as a loss."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600.0)
        raise AssertionError("nobody waits so long")

    async with scene(answer) as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(10))
        stop = asyncio.Event()
        await asyncio.gather(runtime.work(stop, drain=3.0), _set(stop, s.clock, 1.0))
        assert s.seconds == pytest.approx(4.0, abs=0.1)
        leases = await s.stores.queue.take(20, lease=1.0)
        assert [(1, 0)] * 10 == [(lease.attempts, lease.losses) for lease in leases]


@on_virtual_time
async def test_a_worker_waits_for_its_store(caplog: pytest.LogCaptureFixture) -> None:
    """A store that fails for a while stops nothing for good."""
    async with scene() as s:
        runtime = s.runtime()
        await runtime.enqueue(tracks(3))
        take, failures = s.stores.queue.take, [1, 1, 1]

        async def failing(*args: Any, **options: Any) -> Any:
            if failures:
                failures.pop()
                raise StoreError("the disk is full")
            return await take(*args, **options)

        s.stores.queue.take = failing  # type: ignore[method-assign]
        assert {"delivered": 3} == kinds(await s.work(runtime, ends=3))
        assert 3 == sum("the disk is full" in record.getMessage() for record in caplog.records)
