"""Plugin code under guard: it begins at once, in a task of its own, and nothing that it does reaches its caller."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest
from destination_actions import Accepted
from destination_actions.runtime import guard
from destination_actions.runtime.classify import PluginFault
from destination_actions.runtime.eager import begun, gathered
from destination_actions.runtime.guard import guarded
from notes import action, destination

VAR: ContextVar[str] = ContextVar("var", default="nothing")


async def run(call: Callable[[], Any], limit: float = 60.0) -> object:
    """Guard a call."""
    return await guarded(call, limit=limit, name="notes.note")


async def never() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


async def finished() -> None:
    """Wait for nothing."""


def steps_of(call: Callable[[], Awaitable[Any]]) -> Any:
    """Do what takes no turn of the loop, and give the result."""
    turned: list[bool] = []
    asyncio.get_running_loop().call_soon(turned.append, True)
    awaiting = call().__await__()
    with pytest.raises(StopIteration) as end:
        awaiting.send(None)
    assert [] == turned
    return end.value.value


async def test_code_that_never_waits_takes_no_turn_of_the_loop() -> None:
    """Its result is there at once, and no timer was set."""

    async def quick() -> str:
        return "done"

    assert "done" == steps_of(lambda: run(quick))


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError])
async def test_whatever_is_raised_becomes_a_value(kind: type[BaseException], waits: bool) -> None:
    """In the first step and after it; a `StopIteration` is what Python makes of one in a coroutine."""

    async def raising() -> None:
        if waits:
            await asyncio.sleep(0)
        raise kind("on purpose")

    expected = RuntimeError if kind is StopIteration else kind
    assert expected is type(await run(raising))


async def test_what_is_raised_before_there_is_a_coroutine_becomes_a_value() -> None:
    """So does something that cannot be awaited."""

    def broken() -> Any:
        raise SystemExit(3)

    assert isinstance(await run(broken), SystemExit)
    assert isinstance(await run(lambda: 3), PluginFault)


async def test_the_current_task_is_the_same_before_and_after_the_first_wait() -> None:
    """And it is not the caller's, which is the current one again afterwards."""

    async def looking() -> list[Any]:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        return [before, asyncio.current_task()]

    caller = asyncio.current_task()
    first, second = await run(looking)
    assert first is second is not caller
    assert "notes.note" == first.get_name()
    assert caller is asyncio.current_task()


async def test_the_caller_stays_the_current_task_when_the_code_raises_at_once() -> None:
    """Also where nothing was waited for."""

    async def raising() -> None:
        raise ValueError

    caller = asyncio.current_task()
    await run(raising)
    assert caller is asyncio.current_task()


async def test_a_time_limit_of_the_codes_own_works_across_its_first_wait() -> None:
    """`asyncio.timeout` remembers the task in which it began; a limit that was left before does nothing later."""

    async def limited() -> str:
        async with asyncio.timeout(60):
            await finished()
        try:
            async with asyncio.timeout(0.01):
                await never()
        except TimeoutError:
            return "late"
        return "never"

    assert "late" == await run(limited)


async def test_a_task_group_of_the_codes_own_works_across_its_first_wait() -> None:
    """A member that fails ends the others and the code, and not its caller."""

    async def failing() -> None:
        raise ValueError

    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(never())
            group.create_task(failing())

    assert isinstance(await run(grouped), ExceptionGroup)


async def test_a_context_variable_stays_with_the_code_that_set_it() -> None:
    """It lives on across a wait, where it can be put back, and reaches neither the caller nor the next call."""

    async def setting() -> list[str]:
        seen = [VAR.get()]
        token = VAR.set("mine")
        await asyncio.sleep(0)
        seen.append(VAR.get())
        VAR.reset(token)
        return [*seen, VAR.get()]

    async def leaving() -> str:
        seen = VAR.get()
        VAR.set("left")
        return seen

    VAR.set("caller")
    assert ["caller", "mine", "caller"] == await run(setting)
    assert ["caller", "caller"] == [await run(leaving), await run(leaving)]
    assert "caller" == VAR.get()


async def test_calls_at_once_share_a_task_only_with_their_own_kind() -> None:
    """One that cancels its task later reaches no other plugin's code."""

    async def looking() -> Any:
        return asyncio.current_task()

    def of(name: str) -> Any:
        return guarded(looking, limit=60, name=name)

    first, second, other = await of("a.a"), await of("a.a"), await of("b.b")
    assert first is second is not other
    await asyncio.sleep(0)
    assert first.done()
    assert other.done()
    assert await of("a.a") is not first


async def test_no_task_is_left_behind() -> None:
    """One turn of the loop after the code has ended, and also where it had to wait."""

    async def quick() -> None:
        pass

    before = asyncio.all_tasks()
    await run(quick)
    await run(lambda: asyncio.sleep(0))
    await asyncio.sleep(0)
    assert before == asyncio.all_tasks()


async def test_code_that_takes_too_long_is_a_fault() -> None:
    """It is cancelled, and may clean up."""
    cleaned: list[str] = []

    async def slow() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    fault = await run(slow, limit=0.01)
    assert "notes.note did not finish within 0.01 s" == str(fault)
    assert ["up"] == cleaned


async def test_the_limit_counts_from_the_beginning_of_the_first_step() -> None:
    """Time that the code blocked the loop before its first wait is part of it."""
    loop = asyncio.get_running_loop()

    async def blocking() -> str:
        end = loop.time() + 0.02
        while loop.time() < end:
            pass
        await asyncio.sleep(0.001)
        return "done"

    assert isinstance(await run(blocking, limit=0.01), PluginFault)


@pytest.mark.parametrize("nested", [False, True])
async def test_code_that_swallows_its_cancellation_holds_up_nobody(monkeypatch, caplog, nested: bool) -> None:
    """Whether it does so itself, or waits for a task that does; it is told of, and left alone."""
    monkeypatch.setattr(guard, "CANCEL_GRACE", 0.01)
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def waiting() -> None:
        await asyncio.ensure_future(stubborn())

    assert isinstance(await run(waiting if nested else stubborn, limit=0.01), PluginFault)
    assert "notes.note ignores its cancellation" in caplog.text
    [left] = guard.abandoned
    release.set()
    await asyncio.wait({left})


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancelled_caller_cancels_the_code_and_waits_for_it(turns: int) -> None:
    """Whenever it comes, and the cancellation goes on when the code has cleaned up."""
    seen: list[str] = []

    async def waiting() -> None:
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            await never()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            seen.append("cancelled")
            raise

    task = asyncio.ensure_future(run(waiting))
    for _ in range(turns + 1):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["cancelled"] == seen


@pytest.mark.parametrize("waits_for", [lambda: asyncio.sleep(0), never, lambda: asyncio.ensure_future(never())])
async def test_a_task_that_is_cancelled_before_it_goes_on_tells_the_code(waits_for: Callable[[], Any]) -> None:
    """As happens to all tasks when a loop is shut down: the cancellation comes where the code waits."""
    seen: list[str] = []

    async def waiting() -> str:
        try:
            await waits_for()
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            raise
        return "not cancelled"

    task = begun(iter([waiting()]), [], "notes.note")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["cancelled"] == seen


async def test_what_the_code_waits_for_is_cancelled_before_the_code_is() -> None:
    """As a task does it: a cancellation comes from the inside, whenever it is asked for."""
    seen: list[str] = []

    async def inner() -> None:
        try:
            await never()
        finally:
            seen.append("inner")

    async def waiting() -> None:
        work = asyncio.ensure_future(inner())
        await asyncio.sleep(0)
        try:
            await work
        finally:
            seen.append("outer")

    task = begun(iter([waiting()]), [], "notes.note")
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def directly() -> None:
        await future

    other = begun(iter([directly()]), [], "notes.other")
    other.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task, other})
    assert ["inner", "outer"] == seen
    assert future.cancelled()


async def test_a_carrying_task_that_is_cancelled_before_it_carries_anything_ends() -> None:
    """What began on it had ended already."""

    async def quick() -> Any:
        return asyncio.current_task()

    task = await run(quick)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await run(quick) is not task


async def test_a_carrying_task_that_is_cancelled_while_it_is_free_is_not_used_again() -> None:
    """The code that would come after on it has done nothing wrong."""

    async def rude() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async def waiting() -> str:
        await asyncio.sleep(0)
        return "done"

    await run(rude)
    assert "done" == await run(waiting)


async def test_a_task_shows_the_code_that_it_carries() -> None:
    """Whoever looks for what hangs sees where."""
    task = begun(iter([never()]), [], "notes.note")
    await asyncio.sleep(0)
    assert "never" in repr(task)
    assert "never" == task.get_stack()[0].f_code.co_name
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("waits", [False, True])
async def test_a_task_that_has_ended_is_no_work_for_the_garbage_collector(waits: bool) -> None:
    """Nothing refers back to it."""

    async def looking() -> Any:
        if waits:
            await asyncio.sleep(0)
        return weakref.ref(asyncio.current_task())

    gc.collect()
    gc.disable()
    try:
        task: Any = await run(looking)
        await asyncio.sleep(0)
        assert task() is None
    finally:
        gc.enable()


async def test_a_task_factory_of_the_embedders_changes_nothing() -> None:
    """The first step is taken once, whoever makes the tasks of the loop."""
    loop = asyncio.get_running_loop()
    made: list[Any] = []

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    async def waiting() -> str:
        await asyncio.sleep(0)
        return "done"

    loop.set_task_factory(factory)
    try:
        assert "done" == await run(waiting)
    finally:
        loop.set_task_factory(None)
    assert [] == made


def test_there_may_be_no_task_at_all() -> None:
    """A loop's callback may drive the coroutine by hand."""

    async def quick() -> Any:
        return asyncio.current_task() is not None

    async def main() -> Any:
        done = asyncio.get_running_loop().create_future()

        def by_hand() -> None:
            try:
                run(quick).send(None)
            except StopIteration as end:
                done.set_result([end.value, asyncio.current_task()])

        asyncio.get_running_loop().call_soon(by_hand)
        return await done

    assert [True, None] == asyncio.run(main())


def test_each_loop_has_tasks_of_its_own() -> None:
    """A task that was free on a loop which has ended is not used on the next."""

    async def waiting() -> str:
        await asyncio.sleep(0)
        return "done"

    async def quick() -> str:
        return "quick"

    async def main() -> list[object]:
        return [await run(waiting), await run(quick)]

    assert [["done", "quick"]] * 2 == [asyncio.run(main()) for _ in range(2)]


async def test_what_is_gathered_comes_in_its_order_and_at_the_same_time() -> None:
    """Whether it ends at once or has to wait, and also when one gathers others."""
    met = asyncio.Barrier(2)

    async def quick(number: int) -> int:
        return number

    async def meeting(number: int) -> int:
        async with met:
            return number

    async def nested() -> list[int]:
        return await gathered([quick(3), meeting(4), quick(5)])

    assert [1, 2, [3, 4, 5], 6] == await gathered([quick(1), meeting(2), nested(), quick(6)])
    assert [1, [3, 4, 5], 2] == await gathered([quick(1), nested(), meeting(2)])
    assert [] == await gathered([])


async def test_gathering_that_fails_leaves_nothing_running() -> None:
    """What has begun is cancelled, and what has not is never begun."""
    seen: list[str] = []

    async def waiting() -> None:
        try:
            await never()
        finally:
            seen.append("ended")

    async def failing() -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await gathered([waiting(), failing(), waiting()])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ["ended"] == seen


async def test_gathering_that_is_cancelled_cancels_what_it_gathers() -> None:
    """And goes on when all of it has ended."""
    seen: list[str] = []

    async def waiting() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(0)
            seen.append("ended")

    task = asyncio.ensure_future(gathered([waiting(), waiting()]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["ended"] * 2 == seen


async def test_the_loop_turns_although_no_delivery_has_to_wait(make, clock) -> None:
    """Every hundredth of a second, so that code which never waits keeps nothing else of the process waiting."""
    turned: list[int] = []

    async def quick(ctx: Any, note: Any) -> Accepted:
        clock.advance(0.003)
        return Accepted()

    runtime = make(destination(action(perform=quick, cooldown=None)))
    await runtime.send({"type": "track", "userId": "u"})
    asyncio.get_running_loop().call_soon(turned.append, 1)
    for number in range(4):
        await runtime.send({"type": "track", "userId": "u"})
        turned.append(-number)
    assert 1 == turned[-2]


def test_a_loop_that_ended_before_it_turned_leaves_nothing_to_the_next() -> None:
    """A task of the first loop, which is closed, would never go on."""

    async def quick() -> str:
        return "quick"

    async def waiting() -> str:
        await asyncio.sleep(0)
        return "done"

    first = asyncio.new_event_loop()

    def by_hand() -> None:
        with pytest.raises(StopIteration):
            run(quick).send(None)
        first.stop()

    first.call_soon(by_hand)
    first.run_forever()
    first.close()
    assert "done" == asyncio.run(run(waiting, limit=0.1))
