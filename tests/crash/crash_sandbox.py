"""The sandbox as a process that may be killed: what it saw and what it executed are lines of files, and stay."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crash_points import Trap
from crash_worker import Lines
from crash_world import CHANCES
from destination_actions_twilio_studio.sandbox import Sandbox, World
from destination_actions_twilio_studio.sandbox.executions import Execution, Executions

FEW = 0.01
"""How likely a 429 is. Each pauses the lane of all workers for a second, in which whoever dies has nothing in hand."""


class LastingExecutions(Executions):
    """Executions that are written down as they are created, and read again by the next process."""

    def __init__(self, world: World, clock: Callable[[], float], path: Path, trap: Trap) -> None:
        super().__init__(world, clock)
        self._restoring = True
        for line in path.read_text().splitlines() if path.exists() else ():
            self._restore(json.loads(line))
        self._restoring = False
        self._lines = Lines(path)
        self._trap = trap

    def create(self, flow: str, to: str, from_: str, data: Mapping[str, Any]) -> Execution:
        """Create, and write down."""
        if self._restoring:
            return super().create(flow, to, from_, data)
        self._trap.at("sandbox: before it executes")
        execution = super().create(flow, to, from_, data)
        one = {"flow": flow, "to": to, "from": from_, "data": dict(data), "at": execution.created}
        self._lines.add(one)
        self._trap.at("sandbox: executed, before the answer")
        return execution

    def _restore(self, one: Mapping[str, Any]) -> None:
        execution = super().create(one["flow"], one["to"], one["from"], one["data"])
        execution.created, execution.ends = one["at"], one["at"]


class LastingSandbox(Sandbox):
    """A sandbox over a folder: `requests.ndjson` and `executions.ndjson`. A request is written down before anything."""

    def __init__(self, world: World, folder: Path, trap: Trap, ports: Sequence[int]) -> None:
        super().__init__(world, port=ports[0], profile_port=ports[1])
        self._studio.executions = LastingExecutions(world, self._clock, folder / "executions.ndjson", trap)
        self._requests = Lines(folder / "requests.ndjson")
        enter = self.ledger.enter

        def entered(at: float, call: Any, operation: str) -> Any:
            if operation == "create":
                data = json.loads(call.value("Parameters") or "{}")
                self._requests.add(
                    {"deliveryKey": data.get("deliveryKey"), "messageId": data.get("messageId"), "at": at}
                )
            return enter(at, call, operation)

        self.ledger.enter = entered  # type: ignore[method-assign]


def serve(folder: Path, served: World, seed: int, trap: Trap, ports: Sequence[int]) -> None:
    """Serve until told to end, on the same ports as the process before this one."""

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        sandbox = LastingSandbox(served, folder, trap, ports)
        sandbox.faults.by_chance(CHANCES | {"too-many": FEW}, seed=seed)
        async with sandbox:
            (folder / "settings.tmp").write_text(json.dumps(sandbox.settings))
            (folder / "settings.tmp").rename(folder / "settings.json")
            await stop.wait()

    asyncio.run(main())
