"""`destinations run --durable`: events are kept on disk first, and a run goes on where an earlier one ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from destination_actions.cli.console import note
from destination_actions.cli.records import records_of
from destination_actions.cli.signals import Stops
from destination_actions.cli.source import Events
from destination_actions.outcomes import Outcome

if TYPE_CHECKING:
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.runtime.reading import Block, FileReading

    Blocks: TypeAlias = AsyncGenerator[Block, None]


@dataclass(frozen=True, slots=True)
class Durable:
    """A durable run. `retry_for` None leaves it to each destination how long a delivery is retried."""

    config: Path
    source: Events
    store: str | None
    retry_for: float | None
    concurrency: int
    restart: bool = False

    async def run(self, each: Callable[[Outcome], None]) -> None:
        """Deliver until all is done. Raises `KeyboardInterrupt` when it was stopped before."""
        with closing(self.source):
            async with records_of(self.config, self.store) as runtime:
                stops = Stops()
                blocks, reading = await self._blocks(runtime, stops)
                whole = await stops.finished(self._delivered(runtime, blocks, stops, each))
        if not whole or stops.stop.is_set():
            note(_how_to_go_on(reading))
            raise KeyboardInterrupt

    async def _delivered(
        self, runtime: AsyncRuntime, blocks: Blocks, stops: Stops, each: Callable[[Outcome], None]
    ) -> None:
        run = runtime.run_blocks(blocks, stops.stop, retry_for=self.retry_for, concurrency=self.concurrency)
        async with aclosing(run) as outcomes:
            async for outcome in outcomes:
                each(outcome)

    async def _blocks(self, runtime: AsyncRuntime, stops: Stops) -> tuple[Blocks, FileReading | None]:
        from destination_actions.runtime.reading import FileReading

        if self.source.size is None:
            return self.source.blocks(stops.stop), None
        reading = FileReading(self.source.reader, Path(self.source.path), runtime.stores, self.source.refused)
        before = await reading.found(restart=self.restart)
        if before.position.number:
            unit = "items" if before.position.listed else "lines"
            note(f"going on after {before.position.number:,} {unit}, which an earlier run has kept")
        return self._counted(reading.blocks(stops.stop)), reading

    async def _counted(self, blocks: Blocks) -> Blocks:
        async with aclosing(blocks):
            async for block in blocks:
                self.source.read += len(block.events)
                yield block


def _how_to_go_on(reading: FileReading | None) -> str:
    if reading is None:
        return "stopped; what was read is kept. Run the same command again to deliver it"
    return f"stopped after line {reading.mark.position.number:,}. Run the same command again to go on there"
