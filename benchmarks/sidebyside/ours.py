"""Our side of the benchmarks: reads a job on each line of its input, writes the result as a line of JSON."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from destination_actions.cli.loop import completed

from sidebyside.job import Job, Work
from sidebyside.measure import jsonable, measured, memory
from sidebyside.works import WORKS


class Side:
    """One case at a time, on the event loop that the command uses."""

    def __init__(self) -> None:
        self._work: Work | None = None

    @property
    def work(self) -> Work:
        assert self._work is not None
        return self._work

    async def open(self, case: str, inputs: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Make a case ready."""
        made = WORKS[case](Job(case, inputs, options))
        self._work = await made if inspect.isawaitable(made) else made
        return {"python": sys.version.split()[0]}

    async def check(self) -> dict[str, Any]:
        """Give the result of one event."""
        result = self.work.check()
        return {"result": jsonable(await result if inspect.isawaitable(result) else result)}

    async def measure(self, seconds: float, concurrency: int = 1, per: int = 1, **_: Any) -> dict[str, float]:
        """Measure."""
        return await measured(self.work, seconds, concurrency, per)

    async def memory(self, count: int, **_: Any) -> dict[str, float]:
        """Measure memory."""
        return await memory(self.work, count)

    async def close(self) -> dict[str, Any]:
        """Put everything away."""
        if self.work.close is not None:
            await self.work.close()
        return {}

    async def answered(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do one job, or say why not."""
        try:
            answer: dict[str, Any] = await getattr(self, job.pop("do"))(**job)
        except Exception:  # noqa: BLE001 - told to whoever asked
            return {"error": traceback.format_exc()}
        return answer


async def main() -> None:
    """Answer job after job."""
    side = Side()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await side.answered(json.loads(line))), flush=True)


if __name__ == "__main__":
    completed(main())
