"""`destinations test --mutate`: whether the cases would notice a mistake."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from destination_actions.cli.console import note, notes, say
from destination_actions.cli.exits import DELIVERIES, OK

if TYPE_CHECKING:
    from destination_actions.testing.cases import Result
    from destination_actions.testing.mutation import MutationReport

DEFAULT_SCORE: Final = 95.0
"""Per cent of the mutants that the cases have to notice unless the command says otherwise."""


def mutated(results: Sequence[Result], code: int, at_least: float) -> int:
    """Mutate what the cases test and say what they miss; gives the exit code. Cases that fail are mended first."""
    from destination_actions.testing.mutation import mutation_of

    if code != OK:
        note("nothing was mutated: the cases have to pass first", "yellow")
        return code
    started = time.perf_counter()
    with _progress() as advance:
        report = mutation_of([result.case for result in results], advance)
    _show(report)
    score = (
        f"{report.killed} of {report.total} mutants noticed ({report.score:.1%}), {time.perf_counter() - started:.2f} s"
    )
    enough = report.score * 100 >= at_least
    say(score if enough else f"{score}: below {at_least:g}%", "bold green" if enough else "bold red")
    return OK if enough and not report.toothless else DELIVERIES


def _show(report: MutationReport) -> None:
    for survivor in report.survivors:
        mutant = survivor.mutant
        why = "it is not asserted" if survivor.reached else "no event of a case tells the difference"
        say(f"survived  {mutant.destination}/{mutant.action} {mutant.where}: {mutant.what} ({why})", "yellow")
    for destination, action, field in report.unasserted:
        say(f"no case asserts {field} of {destination}/{action}", "yellow")
    for case in report.toothless:
        say(f"{case.place}: {case.name}: passes whatever happens to its subscriptions: it asserts nothing", "red")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, on a terminal only; gives the function to call after each mutant."""
    from destination_actions.testing.mutation.run import unheard

    if not sys.stderr.isatty():
        yield unheard
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("mutants"))
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
