"""`destinations demo`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from destination_actions.cli.console import cell, note, output, say, table
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed
from destination_actions.cli.tally import Tally
from destination_actions.errors import ConfigurationError
from destination_actions.events import Event
from destination_actions.outcomes import Outcome

if TYPE_CHECKING:
    from destination_actions.config import Config


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

    def expected(self) -> dict[tuple[str, str], str]:
        """The kind of outcome by messageId and subscription."""
        listed = orjson.loads((self.folder / "expected.json").read_bytes())
        return {(one["messageId"], one["subscription"]): one["outcome"] for one in listed}


class _Anything(dict[str, str]):
    """An environment in which every variable is set, to nothing that matters."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Give a filler; the sandbox's settings take its place."""
        return f"demo-{name.lower()}"


async def _shown(example: Example, tally: Tally) -> int:
    """Run an example and print what became of it; gives the number of outcomes that were not as expected."""
    outcomes = await outcomes_of(example)
    expected = example.expected()
    say(f"\n{example.folder.name}", "bold")
    shown = table("Outcome", "Event", "User", "Subscription", "Why", fold="Why")
    users = {event["messageId"]: event.get("userId") or event.get("anonymousId") or "" for event in example.events()}
    for outcome in outcomes:
        tally.add(outcome)
        user = cell(users.get(outcome.message_id, ""))
        why = cell(outcome.summary())
        shown.add_row(cell(outcome.outcome), cell(outcome.message_id), user, cell(outcome.subscription), why)
    output().print(shown)
    actual = {(outcome.message_id, outcome.subscription): outcome.outcome for outcome in outcomes}
    return _differences(expected, actual)


def _differences(expected: Mapping[tuple[str, str], str], actual: Mapping[tuple[str, str], str]) -> int:
    wrong = [key for key in {**expected, **actual} if expected.get(key) != actual.get(key)]
    for key in wrong:
        note(f"{' '.join(key)}: expected {expected.get(key, 'nothing')}, got {actual.get(key, 'nothing')}", "red")
    return len(wrong)


async def outcomes_of(example: Example) -> list[Outcome]:
    """Send an example's events one after the other through its configuration, against sandboxes of its destinations."""
    from destination_actions.runtime import AsyncRuntime

    async with AsyncExitStack() as stack:
        config = await _sandboxed(example.config, stack)
        runtime = await stack.enter_async_context(AsyncRuntime.from_config(config, stores="memory:"))
        return [outcome for event in example.events() for outcome in await runtime.send(event)]


async def _sandboxed(config: Config, stack: AsyncExitStack) -> Config:
    """The configuration with the settings of a fresh sandbox for each destination that it uses."""
    from destination_actions.plugins import load_destination

    overlays: dict[str, Mapping[str, Any]] = {}
    for slug in {one.destination for one in config.destinations}:
        sandbox = load_destination(slug).sandbox
        if sandbox is None:
            raise ConfigurationError(f'destination "{slug}" brings no sandbox, so it cannot be demonstrated')
        overlays[slug] = await stack.enter_async_context(sandbox())
    changed = [replace(one, settings={**one.settings, **overlays[one.destination]}) for one in config.destinations]
    return replace(config, destinations=tuple(changed))
