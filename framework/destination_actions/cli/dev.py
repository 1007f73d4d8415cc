"""`destinations dev`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import note, print_error, say
from destination_actions.cli.exits import CONFIGURATION, DELIVERIES, OK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from destination_actions.cli.dev_state import State


def dev(
    slug: Annotated[str, typer.Argument(help="Your destination, installed from its folder with `pip install -e`.")],
    once: Annotated[bool, typer.Option("--once", help="Run everything once, and end.")] = False,
) -> int:
    """Run a plugin's cases, and again whenever one of its files changes; says what a change has changed."""
    from destination_actions.cli.dev_state import folder_of
    from destination_actions.cli.watch import changes

    folder = folder_of(slug)
    return watched(slug, folder, () if once else changes([folder]))


def watched(slug: str, folder: Path, stream: Iterable[list[Path]]) -> int:
    """Run at once and after each set of changes; gives the exit code of the last run when the stream ends."""
    from destination_actions.cli.dev_state import first_run, loaded, next_run

    sys.dont_write_bytecode = True
    state = known = loaded(slug, folder)
    _told(state, first_run(state))
    if stream:
        note(f"waiting for changes in {folder}; end with Ctrl-C")
    for paths in stream:
        say("\n" + ", ".join(str(path.relative_to(folder)) for path in paths), "bold")
        state = loaded(slug, folder)
        _told(state, next_run(known, state))
        known = known if state.broken else state
    return _code(state)


def _told(state: State, lines: Iterable[tuple[str, str]]) -> None:
    for error in state.broken:
        print_error(error)
    for text, style in lines:
        say(text, style)


def _code(state: State) -> int:
    if state.broken:
        return CONFIGURATION
    return OK if all(result.ok for result in state.results.values()) else DELIVERIES
