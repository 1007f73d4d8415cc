"""Plugins that misbehave: each is contained and named, and no other event is affected."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest
from destination_actions import (
    Accepted,
    Authentication,
    AuthenticationFailed,
    ConfigurationError,
    Delivered,
    Failed,
    OAuth2,
    Origin,
    Refused,
    TryAgain,
)
from destination_actions.protocols import RawResponse, Request
from destination_actions.runtime import guard
from destination_actions.runtime.watchdog import Watchdog
from notes import SUBSCRIPTION, URL, action, destination, perform


def track(message: str = "m1", user: str = "u1", **more: Any) -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "messageId": message, "userId": user, "properties": {"tags": ["a"]}, **more}


async def test_a_changed_event_reaches_nobody_else(make) -> None:
    """A plugin gets a copy: its sibling and the caller see the event as it was."""
    seen: list[Any] = []

    async def vandal(ctx: Any, note: Any) -> Accepted:
        seen.append(ctx.event["properties"]["tags"][:])
        ctx.event["properties"]["tags"].append("broken")
        return Accepted()

    event = track()
    subscriptions = [SUBSCRIPTION | {"name": name, "mapping": {"period": 0}} for name in ("one", "two")]
    await make(destination(action(perform=vandal)), subscriptions).send(event)
    assert [["a"], ["a"]] == seen
    assert track() == event


async def test_an_answer_that_nobody_awaited_is_named(make) -> None:
    """`return ctx.send(...)` without `await` is a fault with the remedy in its message."""

    async def hasty(ctx: Any, note: Any) -> Any:
        return ctx.send("POST", URL, json={})

    [outcome] = await make(destination(action(perform=hasty))).send(track())
    assert isinstance(outcome, Failed)
    assert "write `await`" in outcome.message


async def test_a_blocked_loop_is_reported_with_plugin_and_stack(make) -> None:
    """The watchdog names the action and the line that blocks."""
    reported, messages = threading.Event(), []

    class Listening(logging.Handler):
        """Keeps the report, then lets the plugin go on."""

        def emit(self, record: logging.LogRecord) -> None:
            """Take one record."""
            if "in sleeper" in record.getMessage():
                messages.append(record.getMessage())
                reported.set()

    async def sleeper(ctx: Any, note: Any) -> Accepted:
        assert reported.wait(60)
        return Accepted()

    log, handler = logging.getLogger("destination_actions"), Listening()
    log.addHandler(handler)
    try:
        [outcome] = await make(destination(action(perform=sleeper)), watchdog=0.02).send(track())
    finally:
        log.removeHandler(handler)
    assert isinstance(outcome, Delivered)
    assert messages[0].startswith("notes.note has blocked the event loop")


def test_a_loop_that_nobody_runs_is_not_reported(caplog) -> None:
    """Between two runs of a loop nothing is blocked, and the watchdog of a closed loop ends."""
    before = set(threading.enumerate())
    dog, loop = Watchdog(0.01), asyncio.new_event_loop()

    async def watched() -> None:
        dog.start()

    loop.run_until_complete(watched())
    [thread] = set(threading.enumerate()) - before
    dog._mark -= 1000  # as if the loop had last been seen long ago
    thread.join(0.1)
    loop.close()
    thread.join(60)
    assert not thread.is_alive()
    assert [] == [message for message in caplog.messages if "for 1000." in message]


async def test_swallowed_cancellation_is_left_alone_and_cannot_send(make, api, monkeypatch, caplog) -> None:
    """Code that ignores its cancellation loses its effect; others go on, and the claim is free again."""
    monkeypatch.setattr(guard, "CANCEL_GRACE", 0.01)
    release, sent = asyncio.Event(), []

    async def stubborn(ctx: Any, note: Any) -> Accepted:
        if note.person == "good":
            return await perform(ctx, note)
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        try:
            await ctx.send("POST", URL, json={})
        except Exception as error:
            sent.append(type(error).__name__)
        return Accepted()

    runtime = make(destination(action(perform=stubborn)), busy_wait=0)
    task = asyncio.ensure_future(runtime.send(track("m1", "bad")))
    await asyncio.sleep(0)
    [good] = await runtime.send(track("m2", "good"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(good, Delivered)
    assert 1 == len(guard.abandoned)
    release.set()
    await asyncio.gather(*guard.abandoned)
    assert ["ClaimLost"] == sent
    assert 1 == len(api.requests)
    assert "ignores its cancellation" in caplog.text


class FullPool:
    """An engine whose requests wait for a connection until a test says so."""

    def __init__(self) -> None:
        self.waiting, self.free = asyncio.Event(), asyncio.Event()
        self.left = 0

    async def exchange(self, request: Request, *, timeout: float, cap: int, on_sent: Any = None) -> RawResponse:  # noqa: ASYNC109
        """Wait, send, and answer yes."""
        self.waiting.set()
        await self.free.wait()
        on_sent()
        self.left += 1
        return RawResponse(201, (), b"{}")

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("word", [Refused("no"), TryAgain("later"), AuthenticationFailed("who?"), ValueError("bug")])
async def test_a_request_that_was_left_behind_may_yet_be_executed(make, word: Exception) -> None:
    """Plugin code ends, whatever it says, while a request of it waits for a connection: the claim is kept, so that
    nobody else acts in its window, and what becomes of the request is read back."""
    engine, tasks = FullPool(), []

    async def hasty(ctx: Any, note: Any) -> Accepted:
        tasks.append(asyncio.create_task(ctx.send("POST", URL, json={})))
        await engine.waiting.wait()
        raise word

    runtime = make(destination(action(perform=hasty)), http=engine, busy_wait=0)
    [first] = await runtime.send(track())
    engine.free.set()
    await asyncio.gather(*tasks)
    [second] = await runtime.send(track("m2"))
    assert ("unconfirmed", "busy", 1) == (first.reason, second.reason, engine.left)


async def test_endless_recursion_is_a_fault(make) -> None:
    """A RecursionError stays where it happened."""

    async def deep(ctx: Any, note: Any) -> Any:
        return await deep(ctx, note)

    [outcome] = await make(destination(action(perform=deep))).send(track())
    assert "plugin_fault" == outcome.reason


async def test_a_cooldown_that_fails_is_invalid(make) -> None:
    """The declaration runs before the claim: its errors are about the event."""

    def broken(settings: Any, note: Any) -> Any:
        raise ValueError("no such period")

    [outcome] = await make(destination(action(cooldown=broken))).send(track())
    assert "invalid" == outcome.outcome
    assert "no such period" in outcome.summary()


async def test_a_cooldown_with_a_bug_is_a_plugin_fault(make) -> None:
    """A KeyError in the declaration harms this event only."""

    def broken(settings: Any, note: Any) -> Any:
        raise KeyError("x")

    [outcome] = await make(destination(action(cooldown=broken))).send(track())
    assert "failed" == outcome.outcome
    assert "plugin_fault" == outcome.reason


async def test_an_observer_that_fails_harms_nobody(make, caplog) -> None:
    """Observers see outcomes; their errors are logged."""
    from destination_actions import hookimpl

    class Broken:
        @hookimpl
        def delivery_settled(self, outcome: Any, seconds: float) -> None:
            raise RuntimeError("observer")

    [outcome] = await make(plugins=[Broken()]).send(track())
    assert isinstance(outcome, Delivered)
    assert "observer" in caplog.text


async def test_a_validator_with_a_bug_is_a_plugin_fault(make) -> None:
    """An author's cross-field validator that raises harms this event only."""
    from notes import Note

    class Strict(Note):
        """A note with a broken validator."""

        validators = (lambda note: 1 / 0,)

    [outcome] = await make(destination(action(payload=Strict))).send(track())
    assert ("failed", "plugin_fault") == (outcome.outcome, outcome.reason)


class Odd(BaseException):
    """Neither an error nor an exit."""


RAISED = [ZeroDivisionError, SystemExit, GeneratorExit, StopIteration, asyncio.CancelledError, Odd]


def raising(kind: type[BaseException]) -> Any:
    """A function that raises, whatever it is called with."""

    def raises(*_: Any, **__: Any) -> Any:
        raise kind("on purpose")

    return raises


def event_time(kind: type[BaseException]) -> dict[str, tuple[Any, list[Any], dict[str, Any]]]:
    """Destination, plugins and mapping with one function that raises while an event is on its way."""
    from destination_actions import hookimpl
    from destination_actions.mapping import Directive
    from notes import Note

    class Strict(Note):
        """A note with a validator that raises."""

        validators = (raising(kind),)

    class Plugin:
        @hookimpl
        def register_directives(self) -> list[Directive]:
            return [Directive("@bad", {}, lambda context, argument: raising(kind), "Raises.", ({"@bad": 1}, {}, 1))]

    class Observer:
        @hookimpl
        def delivery_settled(self, outcome: Any) -> None:
            raising(kind)()

    async def all_of_them(ctx: Any, notes: Any) -> Any:
        return [Accepted()] * len(notes)

    batched = action(perform=None, perform_batch=all_of_them, batch_key=raising(kind))
    return {
        "cooldown": (destination(action(cooldown=raising(kind))), [], {}),
        "validator": (destination(action(payload=Strict)), [], {}),
        "directive": (destination(), [Plugin()], {"text": {"@bad": 1}}),
        "batch key": (destination(batched), [], {}),
        "observer": (destination(), [Observer()], {}),
    }


@pytest.mark.parametrize("kind", RAISED)
@pytest.mark.parametrize("place", event_time(Odd))
async def test_whatever_plugin_code_raises_stays_with_its_event(make, place: str, kind: type[BaseException]) -> None:
    """Exits and cancellations too: there is an outcome, alone and in a batch, and the next event has one as well."""
    target, plugins, mapping = event_time(kind)[place]
    runtime = make(target, [SUBSCRIPTION | {"mapping": mapping}], plugins=plugins)
    [alone] = await runtime.send(track("m1", "u1"))
    [[one], [two]] = await runtime.send_batch([track("m2", "u2"), track("m3", "u3")])
    expected = "delivered" if place in {"batch key", "observer"} else "failed"
    assert [expected] * 3 == [outcome.outcome for outcome in (alone, one, two)]
    if expected == "failed":
        assert ("plugin_fault", True) == (alone.reason, kind.__name__ in alone.message)


def of_settings(kind: type[BaseException]) -> dict[str, Any]:
    """Destinations with one function of the settings that raises."""
    oauth = OAuth2(token_url=raising(kind), client=lambda _: ("c", "s"), origins=lambda _: ["https://notes.test"])
    return {
        "notes.origins": destination(origins=raising(kind)),
        "notes.account": destination(account=raising(kind)),
        "notes.allowed_addresses": destination(allowed_addresses=raising(kind)),
        "notes.authentication.oauth": destination(authentication=Authentication(oauth=oauth)),
        "notes.note.rate": destination(action(rate=raising(kind))),
    }


@pytest.mark.parametrize("kind", RAISED)
@pytest.mark.parametrize("name", of_settings(Odd))
async def test_functions_of_settings_are_tried_when_the_runtime_is_built(
    make, name: str, kind: type[BaseException]
) -> None:
    """They run for all events of a lane, so what they raise stops the start, and not each event."""
    with pytest.raises(ConfigurationError) as caught:
        make(of_settings(kind)[name])
    assert f"{name} failed: {kind.__name__}: on purpose" == caught.value.message
    assert "/destinations/notes" == caught.value.pointer


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"origins": lambda _: [Origin("notes.test")]}, "notes.origins failed: UnsafeRequest: url: is not an absolute"),
        ({"origins": lambda _: [Origin("https://a.test", headers={"X": "a\nb"})]}, 'UnsafeRequest: header "X"'),
        ({"account": lambda _: None}, "notes.account failed: AttributeError"),
        ({"allowed_addresses": lambda _: ["10.0.0.1/8"]}, '"10.0.0.1/8" is not a network'),
        ({"origins": lambda settings: 1 / (settings.token.reveal() == "")}, "ZeroDivisionError"),
        ({"origins": lambda settings: [][settings.token.reveal()]}, "notes.origins failed: TypeError"),
    ],
)
async def test_what_cannot_be_used_is_found_when_the_runtime_is_built(make, changes: dict[str, Any], text: str) -> None:
    """An address, a header, an account or a network that is none; no secret is in the message."""
    with pytest.raises(ConfigurationError) as caught:
        make(destination(**changes))
    assert text in caught.value.message
    assert "s3cret" not in str(caught.value)


async def test_a_validator_of_settings_with_a_bug_is_named(make) -> None:
    """It stops the start like any other mistake of the plugin, not with a traceback."""
    from notes import Settings

    class Strict(Settings):
        """Settings with a validator that raises."""

        validators = (raising(SystemExit),)

    with pytest.raises(ConfigurationError, match="a validator of its settings failed: SystemExit"):
        make(destination(settings=Strict))


async def test_an_unknown_setting_is_refused(make) -> None:
    """A misspelled setting stops the start and names the nearest one."""
    from notes import SETTINGS

    with pytest.raises(ConfigurationError, match="acount"):
        make(settings=SETTINGS | {"acount": "x"})
