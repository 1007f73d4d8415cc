"""Taking the time of work: events, wall-clock seconds, and seconds of processor time of this process."""

from __future__ import annotations

import asyncio
import gc
import inspect
import time
from pathlib import Path
from typing import Any

from sidebyside.job import Work

BLOCK = 64


async def measured(work: Work, seconds: float, concurrency: int = 1, per: int = 1) -> dict[str, float]:
    """Do the work for so many seconds."""
    cpu, start = time.process_time(), time.perf_counter()
    if work.stream is not None:
        events = await work.stream(seconds)
    elif inspect.iscoroutinefunction(work.once):
        events = await _together(work, start + seconds, concurrency, per)
    else:
        events = _one_by_one(work, start + seconds)
    return {"events": events, "wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def _one_by_one(work: Work, end: float) -> int:
    events, once = 0, work.once
    arguments = () if work.fresh is None else (work.fresh(),)
    while time.perf_counter() < end:
        for _ in range(BLOCK):
            once(*arguments)
        events += BLOCK
    return events


async def _together(work: Work, end: float, concurrency: int, per: int) -> int:
    events = 0

    async def worker() -> None:
        nonlocal events
        while time.perf_counter() < end:
            await work.once()
            events += per

    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return events


async def memory(work: Work, count: int) -> dict[str, float]:
    """Bytes of resident memory that each of so many pending events adds."""
    assert work.begin is not None
    await work.begin(200)
    gc.collect()
    before = _resident()
    await work.begin(count)
    gc.collect()
    return {"bytes": (_resident() - before) / count}


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def jsonable(value: Any) -> Any:
    """What a check gives, as the other side writes it."""
    return value.to_json() if hasattr(value, "to_json") else value
