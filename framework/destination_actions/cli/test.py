"""`destinations test`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from destination_actions.cli.console import note, notes, print_error, say
from destination_actions.cli.exits import CONFIGURATION, DELIVERIES, OK
from destination_actions.cli.mutation import DEFAULT_SCORE, mutated
from destination_actions.errors import ConfigurationError

if TYPE_CHECKING:
    from destination_actions.testing.cases import Case, Result

_MAIN: Final = "from destination_actions.cli import main; main()"


def run_cases(  # noqa: PLR0913 - the options of the command
    paths: Annotated[list[Path] | None, typer.Argument(help="Case files, or folders to search; else this one.")] = None,
    *,
    only: Annotated[str, typer.Option("--only", "-k", help="Run the cases whose name holds this text.")] = "",
    update: Annotated[bool, typer.Option("--update", help="Accept what came: rewrite expected values.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file changes.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write the results as JUnit XML too.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every case.")] = False,
    mutate: Annotated[bool, typer.Option("--mutate", help="Change mappings and triggers: is it noticed?")] = False,
    at_least: Annotated[
        float | None, typer.Option(min=0, max=100, help="With --mutate: the percentage to notice; 95 if left out.")
    ] = None,
) -> int:
    """Run case files (*.cases.yaml, *.cases.json): exit 0 when all pass, 1 when some fail, 2 when a file is wrong."""
    wanted = paths or [Path()]
    _refuse_contradictions(update=update, watch=watch, mutate=mutate, at_least=at_least)
    threshold = (DEFAULT_SCORE if at_least is None else at_least) if mutate else None
    session = _Session(wanted, only, update, junit, verbose, threshold)
    return _watched(session) if watch else session.once()


def _refuse_contradictions(*, update: bool, watch: bool, mutate: bool, at_least: float | None) -> None:
    if watch and update:
        raise ConfigurationError("--watch and --update exclude one another", hint="accept changes one at a time")
    if mutate and update:
        raise ConfigurationError("--mutate and --update exclude one another", hint="accept changes first, then mutate")
    if at_least is not None and not mutate:
        raise ConfigurationError("--at-least is the percentage of --mutate", hint="add --mutate")


@dataclass(slots=True)
class _Session:
    """One run of case files, as its options say."""

    paths: Sequence[Path]
    only: str
    update: bool
    junit: Path | None
    verbose: bool
    at_least: float | None = None
    broken: list[tuple[Path, ConfigurationError]] = field(default_factory=list)

    def once(self) -> int:
        """Run everything and say what came of it; gives the exit code."""
        from destination_actions.testing.cases.discover import case_files

        self.broken = []
        files = case_files(self.paths)
        cases = [case for file in files for case in self._loaded(file)]
        chosen = [case for case in cases if self.only in case.name]
        if not chosen and not self.broken:
            raise ConfigurationError(f'no case has "{self.only}" in its name', hint=f"there are {len(cases)} cases")
        started = time.perf_counter()
        results = self._ran(chosen)
        if self.update:
            results = self._updated(results)
        self._report(results, len(files), time.perf_counter() - started)
        code = self._code(results)
        return code if self.at_least is None else mutated(results, code, self.at_least)

    def arguments(self) -> list[str]:
        """The command line that runs this once."""
        options = [*(["--only", self.only] if self.only else []), *(["--verbose"] if self.verbose else [])]
        options += ["--junit", str(self.junit)] if self.junit else []
        options += ["--mutate", "--at-least", str(self.at_least)] if self.at_least is not None else []
        return ["test", *options, "--", *map(str, self.paths)]

    def _loaded(self, file: Path) -> list[Case]:
        from destination_actions.testing.cases import load_cases

        try:
            return load_cases(file)
        except ConfigurationError as error:
            self.broken.append((file, error))
            return []

    def _ran(self, cases: Sequence[Case]) -> list[Result]:
        from destination_actions.testing.cases import run_case

        results: list[Result] = []
        with _progress(len(cases)) as advance:
            for case in cases:
                results.append(run_case(case))
                advance(results[-1])
                if self.verbose:
                    _named(results[-1])
        return results

    def _updated(self, results: Sequence[Result]) -> list[Result]:
        """Rewrite the files, and run again what was rewritten. With --only, what other cases share is not touched."""
        from destination_actions.testing.cases.update import updates_of

        changed = [one for one in updates_of(self._with_unchosen(results)) if one.changed]
        for one in changed:
            one.write()
            for line in one.changed:
                say(f"updated {line}", "yellow")
        files = {one.file for one in changed}
        kept = [result for result in results if result.case.file not in files]
        again = [case for file in files for case in self._loaded(file) if self.only in case.name]
        return kept + self._ran(again)

    def _with_unchosen(self, results: Sequence[Result]) -> list[Result]:
        """The results, and those of the other cases of the same files, which may share what would change."""
        files = dict.fromkeys(result.case.file for result in results if result.failures)
        chosen = {(result.case.file, result.case.name) for result in results}
        others = [case for file in files for case in self._loaded(file) if (file, case.name) not in chosen]
        return [*results, *(result for result in self._ran(others) if result.ok)] if others else list(results)

    def _report(self, results: Sequence[Result], files: int, seconds: float) -> None:
        from destination_actions.testing.cases import report_of
        from destination_actions.testing.cases.junit import write_junit

        for _, error in self.broken:
            print_error(error)
        for result in results:
            if not result.ok:
                say(f"\n{report_of(result)}", "red")
        if self.junit is not None:
            write_junit(self.junit, results, self.broken)
        failed = sum(bool(result.failures) for result in results)
        wrong = len(self.broken) + sum(result.broken is not None for result in results)
        passed = sum(result.ok for result in results)
        text = f"{passed} passed, {failed} failed, {wrong} broken in {files} file{'s' * (files != 1)}, {seconds:.2f} s"
        say(text, "bold green" if not failed + wrong else "bold red")

    def _code(self, results: Sequence[Result]) -> int:
        if self.broken or any(result.broken is not None for result in results):
            return CONFIGURATION
        return OK if all(result.ok for result in results) else DELIVERIES


def _named(result: Result) -> None:
    word, style = ("ok", "green") if result.ok else ("failed" if result.broken is None else "broken", "red")
    say(f"{word:7} {result.case.file}: {result.case.name}", style)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Result], None]]:
    """A bar on standard error, on a terminal only; gives the function to call after each case."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("", total=total)
        failed = 0

        def advance(result: Result) -> None:
            nonlocal failed
            failed += not result.ok
            bar.update(task, advance=1, description=f"{failed} failed" if failed else "")

        yield advance


def _watched(session: _Session) -> int:
    """Run now, and again whenever something below the folders of the cases changes; ends by an interrupt.

    Each run is a process of its own, so that changed Python code is seen too.
    """
    from destination_actions.cli.watch import changes

    folders = {path if path.is_dir() else path.parent for path in session.paths}
    for _ in chain([()], changes(folders)):
        subprocess.run([sys.executable, "-c", _MAIN, *session.arguments()], check=False)  # noqa: S603 - ourselves
        note("waiting for changes; end with Ctrl-C")
    return OK
