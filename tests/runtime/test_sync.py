"""The synchronous runtime where programs keep it: in loops, threads and forked processes."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from destination_actions import Runtime
from notes import SETTINGS, SUBSCRIPTION, Api, destination


def built(api: Api | None = None, **options: Any) -> Runtime:
    """A runtime over the scripted API, on the real clock."""
    transport = httpx.MockTransport(api or Api())
    return Runtime(destination(), settings=SETTINGS, subscriptions=[SUBSCRIPTION], http=transport, **options)


def track(message: str, user: str = "u1") -> dict[str, Any]:
    """A track event."""
    return {"type": "track", "event": "Order Completed", "messageId": message, "userId": user}


def in_child(work: Any) -> Any:
    """What `work` gives, or raises, in a forked process."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            answer = work()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def test_in_threads() -> None:
    """Of many threads with one person's events one delivers."""
    api, found = Api(), Counter[str]()
    with built(api) as runtime:

        def send(number: int) -> None:
            found.update(outcome.outcome for outcome in runtime.send(track(f"m{number}")))

        threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ({"delivered": 1, "suppressed": 19}, 1) == (found, len(api.requests))


def test_inside_a_running_loop() -> None:
    """It has a loop of its own, so it can be used (and blocks) inside another."""

    async def main() -> list[str]:
        with built() as runtime:
            return [outcome.outcome for outcome in runtime.send(track("m1"))]

    assert ["delivered"] == asyncio.run(main())


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_before_use(tmp_path: Path) -> None:
    """Processes forked from one that built the runtime share its store and window."""
    runtime = built(stores=f"sqlite:{tmp_path}/state.db")
    sent = [in_child(lambda n=n: [one.outcome for one in runtime.send(track(f"m{n}"))]) for n in range(3)]
    assert [["delivered"], ["suppressed"], ["suppressed"]] == sent
    assert ["suppressed"] == [one.outcome for one in runtime.send(track("m9"))]
    runtime.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_after_use() -> None:
    """A used runtime says what to do in a forked process, instead of waiting for a thread that is not there."""
    runtime = built()
    runtime.send(track("m1"))
    answer = in_child(lambda: runtime.send(track("m2")))
    assert "RuntimeError: this runtime was used before the process was forked; build one in each process" == answer
    assert "closed" == in_child(lambda: runtime.close() or "closed")
    assert ["suppressed"] == [one.outcome for one in runtime.send(track("m3"))]
    runtime.close()


def test_closed() -> None:
    """Closing twice, or unused, does nothing; sending afterwards is an error that says so."""
    runtime = built()
    runtime.close()
    runtime.close()
    with pytest.raises(RuntimeError, match="this runtime is closed"):
        runtime.send(track("m1"))


@pytest.mark.parametrize("key", ["userId", "messageId", "anonymousId", "event"])
def test_half_a_character(key: str) -> None:
    """Text that no UTF-8 can hold never raises."""
    with built() as runtime:
        [outcome] = runtime.send(track("m1") | {key: "\ud800"})
    assert outcome.outcome in {"invalid", "filtered", "delivered"}
