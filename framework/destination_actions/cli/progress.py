"""A live line of counts on standard error; on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destination_actions.cli.source import Events
    from destination_actions.cli.tally import Tally


@contextmanager
def progress(source: Events, tally: Tally) -> Iterator[Callable[[], None]]:
    """Show what has been read and done; gives the function to call after each outcome."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from destination_actions.cli.console import notes

    columns = (TimeElapsedColumn(), BarColumn(bar_width=20), TextColumn("{task.description}"))
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("starting", total=source.size)

        def advance() -> None:
            bar.update(task, completed=source.position, description=tally.line())

        yield advance
