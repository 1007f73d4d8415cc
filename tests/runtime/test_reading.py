"""A file read for a store: whatever ends a run, the next goes on, each event is performed once and no line is lost."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from destination_actions import AsyncRuntime, ConfigurationError
from destination_actions.errors import StoreError
from destination_actions.protocols import Stores
from destination_actions.runtime import flight, reading
from destination_actions.runtime.intake import BadEvent, Position, open_events
from destination_actions.runtime.reading import Bookmark, FileReading
from destination_actions.stores import open_stores
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import SETTINGS, SUBSCRIPTION, action, destination


class Host:
    """A machine with one store and one API: runs come and go on it."""

    def __init__(self, folder: Path, stores: Stores | None = None) -> None:
        self.store = f"sqlite:{folder / 'state.db'}"
        self.stores = stores
        self.file = folder / "events.ndjson"
        self.performed: Counter[str] = Counter()
        self.bad: list[BadEvent] = []
        self.refuse: set[str] = set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Perform, or refuse for ever."""
        person = json.loads(request.content)["to"]
        self.performed[person] += 1
        return httpx.Response(400 if person in self.refuse else 201, json={})

    def runtime(self, stores: Stores) -> AsyncRuntime:
        """A runtime of a run."""
        http = httpx.MockTransport(self.answer)
        target = destination(action(cooldown=None))
        equipment: dict[str, Any] = {"http": http, "stores": stores, "watchdog": None}
        return AsyncRuntime(target, settings=SETTINGS, subscriptions=[SUBSCRIPTION], **equipment)

    async def run(self, *, dies_after: int | None = None, fail: Any = None, **options: Any) -> tuple[Bookmark, int]:
        """Run until all is done, or die after so many outcomes; where it began, and how many outcomes there were."""
        stores = self.stores or open_stores(self.store)
        if fail is not None:
            fail(stores)
        runtime = self.runtime(stores)
        file = FileReading(open_events(self.file), self.file, stores, self.bad.append)
        outcomes = 0
        try:
            before = await file.found(**options)
            stop = asyncio.Event()
            async with aclosing(runtime.run_blocks(file.blocks(stop), stop)) as found:
                async for _ in found:
                    outcomes += 1
                    if outcomes == dies_after:
                        break
            return before, outcomes
        finally:
            file.close()
            await runtime.aclose()
            if self.stores is None:
                await stores.close()


def event(person: str, **more: Any) -> str:
    """An event as a line; without a messageId, which it gets from its place."""
    return json.dumps({"type": "track", "userId": person, **more}) + "\n"


def written(host: Host, *lines: str) -> None:
    """Append to the file."""
    with host.file.open("a", encoding="utf-8") as file:
        file.writelines(lines)


LINES = st.lists(st.sampled_from(["event", "page", "bad", "blank"]), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(LINES, st.lists(st.integers(1, 12), max_size=5), st.integers(1, 8), st.booleans())
def test_every_line_once(kinds: list[str], deaths: list[int], block: int, listed: bool) -> None:
    """However often runs die, and wherever, every event is performed once and every bad one is told of."""
    forms = {"page": '{"type":"page","userId":"p"}\n', "bad": "nope\n", "blank": "\n"}
    lines = [event(f"u{at}") if kind == "event" else forms[kind] for at, kind in enumerate(kinds)]
    expected = Counter(f"u{at}" for at, kind in enumerate(kinds) if kind == "event")

    async def through() -> None:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "BLOCK", block)
            host = Host(Path(folder), open_stores("memory:"))
            if listed:
                host.file.write_text(json.dumps([json.loads(line) for line in lines if line[0] == "{"]))
            else:
                written(host, *lines)
            for death in deaths:
                await host.run(dies_after=death)
            await host.run()
            assert expected == host.performed
            bad = {one.number for one in host.bad}
            assert bad == set() if listed else {at for at, kind in enumerate(kinds, 1) if kind == "bad"} == bad
            assert (await host.run())[1] == 0

    asyncio.run(through())


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A machine."""
    return Host(tmp_path)


def lost_place(stores: Stores) -> None:
    """Die between keeping a block and noting its place."""

    async def put(*_: Any, **__: Any) -> bool:
        raise StoreError("out of order")

    stores.tokens.put = put  # type: ignore[method-assign]


@pytest.mark.parametrize("refused", [False, True])
async def test_a_place_that_was_not_noted(host: Host, refused: bool) -> None:
    """A block that was kept, and even delivered, before its place could be noted is read again and not repeated, also
    where it was refused."""
    host.refuse = {"a", "b"} if refused else set()
    written(host, event("a"), event("b"))
    with pytest.raises(StoreError):
        await host.run(fail=lost_place)
    stores = open_stores(host.store)
    async with host.runtime(stores) as runtime:
        assert all([True async for _ in runtime.run(())])
    await stores.close()
    assert Counter("ab") == host.performed
    assert (Position(), 0) == ((await host.run())[0].position, (await host.run())[1])
    assert Counter("ab") == host.performed


def lost_block(stores: Stores) -> None:
    """Have no room for a block."""

    async def enqueue(*_: Any, **__: Any) -> int:
        raise StoreError("full")

    stores.queue.enqueue = enqueue  # type: ignore[method-assign]


async def test_a_block_that_was_not_kept(host: Host) -> None:
    """Its place is not noted, and the next run reads it."""
    written(host, event("a"), event("b"))
    with pytest.raises(StoreError):
        await host.run(fail=lost_block)
    assert (Position(), 2) == ((await host.run())[0].position, host.performed.total())


async def test_stopped_while_there_is_no_room(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for room in its queue ends when it is told to; the block in hand is kept, and no more read."""
    monkeypatch.setattr(flight, "MOST", 5)
    monkeypatch.setattr(reading, "BLOCK", 4)
    written(host, *(event(f"u{number}") for number in range(40)))
    stores = open_stores(host.store)
    stop, asked = asyncio.Event(), asyncio.Event()

    async def silent(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.sleep(3600)
        raise AssertionError

    host.answer = silent  # type: ignore[method-assign]
    runtime = host.runtime(stores)
    file = FileReading(open_events(host.file), host.file, stores, host.bad.append)
    await file.found()
    run = runtime.run_blocks(file.blocks(stop), stop, concurrency=1, drain=0.0)
    running = asyncio.ensure_future(anext(run, None))
    await asked.wait()
    for _ in range(2000):
        if file.mark.position.number:
            break
        await asyncio.sleep(0.01)
    stop.set()
    assert await asyncio.wait_for(running, 20) is None
    kept = await stores.queue.take(100, lease=60.0)
    assert (8, 8) == (len(kept), file.mark.position.number)
    file.close()
    await runtime.aclose()
    await stores.close()


async def test_a_file_that_grows(host: Host) -> None:
    """What is appended later is read by the next run, from where the last one ended."""
    written(host, event("a"), "nope\n", event("b"))
    assert 2 == (await host.run())[1]
    written(host, event("c"))
    before, outcomes = await host.run()
    assert (3, 2, 1, 1) == (before.position.number, before.events, before.bad, outcomes)
    assert Counter("abc") == host.performed


async def test_a_line_that_is_being_written(host: Host) -> None:
    """The beginning of a line is told of and left; once the line is whole, it is an event."""
    line = event("b")
    written(host, event("a"), line[:20])
    await host.run()
    assert ([2], Counter("a")) == ([one.number for one in host.bad], host.performed)
    written(host, line[20:])
    await host.run()
    assert Counter("ab") == host.performed


async def test_another_file_under_the_name(host: Host) -> None:
    """A file whose beginning, or whose part before the place, has changed is refused, and read when that is wanted."""
    written(host, event("a"), *(event(f"x{number}") for number in range(300)), event("b"))
    await host.run()
    whole = host.file.read_text()
    for changed in (whole.replace('"a"', '"z"'), whole.replace('"b"', '"z"'), event("a")):
        host.file.write_text(changed)
        with pytest.raises(ConfigurationError, match="not the file that was being read"):
            await host.run()
    host.performed.clear()
    before, _ = await host.run(restart=True)
    assert (Position(), Counter()) == (before.position, host.performed)


async def test_a_list_that_has_changed(host: Host) -> None:
    """A JSON list is one piece: with another length it is another one."""
    host.file.write_text(json.dumps([{"type": "track", "userId": "a"}]))
    await host.run()
    host.file.write_text(json.dumps([{"type": "track", "userId": "a"}, {"type": "track", "userId": "b"}]))
    with pytest.raises(ConfigurationError, match="not the file"):
        await host.run()


async def test_two_at_a_time(host: Host) -> None:
    """Who finds that somebody else has moved the place stops; nothing is performed twice."""
    written(host, *(event(f"u{number}") for number in range(600)))
    results = await asyncio.gather(host.run(), host.run(), return_exceptions=True)
    errors = [one for one in results if isinstance(one, BaseException)]
    assert all("by another process" in str(one) for one in errors)
    await host.run()
    assert {1} == set(host.performed.values())
    assert 600 == len(host.performed)
