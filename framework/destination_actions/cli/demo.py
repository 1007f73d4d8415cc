"""`destinations demo`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from destination_actions.cli.console import cell, found_at, note, output, say, table
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.tally import Tally, reason
from destination_actions.errors import ConfigurationError
from destination_actions.events import Event
from destination_actions.outcomes import Filtered, Outcome

if TYPE_CHECKING:
    from destination_actions.config import Config
    from destination_actions.runtime import AsyncRuntime
    from destination_actions.subscriptions import Explanation


def demo(
    examples: Annotated[Path, typer.Option(help="A folder of examples.")] = Path("examples"),
) -> int:
    """Run examples against local stand-ins of their APIs, over real HTTP; nothing leaves this machine."""
    found = [Example(path.parent) for path in sorted(examples.glob("*/destinations.yaml"))]
    if not found:
        hint = "run it in a checkout of destination-actions, or name a folder with --examples"
        raise ConfigurationError(f'no example (NAME/destinations.yaml) in "{examples}"', hint=hint)
    tally, surprises = Tally(), 0
    for example in found:
        surprises += completed(_shown(example, tally))
    verdict = f"{surprises} not as expected" if surprises else "all as expected"
    say(f"\n{len(found)} examples: {tally.line()}; {verdict}", "bold red" if surprises else "bold")
    return DELIVERIES if surprises else OK


@dataclass(frozen=True, slots=True)
class Example:
    """A folder with `destinations.yaml`, `events.ndjson` and `expected.json`."""

    folder: Path

    @property
    def config(self) -> Config:
        """The configuration, with whatever it wants from the environment left blank: no real credentials come in."""
        from destination_actions.config import load_config

        return load_config(self.folder / "destinations.yaml", environ=_Anything())

    def events(self) -> Iterator[Event]:
        """The events."""
        from destination_actions.runtime.intake import BadEvent, read_events

        for event in read_events(self.folder / "events.ndjson"):
            if isinstance(event, BadEvent):
                raise ConfigurationError(str(event))
            yield event

    def expected(self) -> list[dict[str, Any]]:
        """What should become of each event and subscription in order: members of the outcome as JSON."""
        listed: list[dict[str, Any]] = orjson.loads((self.folder / "expected.json").read_bytes())
        return listed


class _Anything(dict[str, str]):
    """An environment in which every variable is set, to nothing that matters."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Give a filler; the sandbox's settings take its place."""
        return f"demo-{name.lower()}"


async def _shown(example: Example, tally: Tally) -> int:
    """Run an example and print what became of it; gives the number of outcomes that were not as expected."""
    say(f"\n{example.folder.name}", "bold")
    shown = table("Outcome", "Event", "Person", "Subscription", "Why")
    outcomes: list[dict[str, Any]] = []
    async with _runtime(example) as runtime:
        for event in example.events():
            explanations = {one.subscription: one.expression for one in runtime.explain(event)}
            person = cell(event.get("userId") or event.get("anonymousId") or "")
            for outcome in await runtime.send(event):
                why = cell(_why(outcome, explanations[outcome.subscription]), "default")
                shown.add_row(cell(outcome.outcome), cell(outcome.message_id), person, cell(outcome.subscription), why)
                outcomes.append(outcome.to_json())
                tally.add(outcome)
    output().print(shown)
    return _surprises(example.expected(), outcomes)


async def example_outcomes(example: Example) -> list[Outcome]:
    """Send the events one after the other, against sandboxes of the example's destinations."""
    async with _runtime(example) as runtime:
        return [outcome for event in example.events() for outcome in await runtime.send(event)]


def _why(outcome: Outcome, expression: Explanation) -> str:
    """The reason; for a filtered event the first clause that does not hold, with the values that it read."""
    failing = [clause for clause in expression.clauses if not clause.holds]
    if not isinstance(outcome, Filtered) or not failing:
        return reason(outcome)
    values = ", ".join(found_at(read.path, read.value) for read in failing[0].reads)
    more = f"; {len(failing) - 1} more" if len(failing) > 1 else ""
    return f"needs {failing[0].clause}, but {values}{more}"


def _surprises(expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> int:
    """Print and count the outcomes that are not as expected."""
    nothing: dict[str, Any] = {}
    wrong = 0
    for wanted, got in zip_longest(expected, actual, fillvalue=nothing):
        if not wanted or any(got.get(key) != value for key, value in wanted.items()):
            wrong += 1
            note(f"not as expected: {orjson.dumps(got).decode()}, expected {orjson.dumps(wanted).decode()}", "red")
    return wrong


@asynccontextmanager
async def _runtime(example: Example) -> AsyncIterator[AsyncRuntime]:
    """The runtime of an example, with fresh memory, against a fresh sandbox of each destination that it uses."""
    from destination_actions.runtime import AsyncRuntime

    async with AsyncExitStack() as stack:
        config = await _sandboxed(example.config, stack)
        yield await stack.enter_async_context(AsyncRuntime.from_config(config, stores="memory:"))


async def _sandboxed(config: Config, stack: AsyncExitStack) -> Config:
    """The configuration with the settings of the sandboxes laid over its own."""
    from destination_actions.plugins import load_destination

    overlays: dict[str, Mapping[str, Any]] = {}
    for slug in {one.destination for one in config.destinations}:
        sandbox = load_destination(slug).sandbox
        if sandbox is None:
            raise ConfigurationError(f'destination "{slug}" brings no sandbox, so it cannot be demonstrated')
        overlays[slug] = await stack.enter_async_context(sandbox())
    changed = [replace(one, settings={**one.settings, **overlays[one.destination]}) for one in config.destinations]
    return replace(config, destinations=tuple(changed))
