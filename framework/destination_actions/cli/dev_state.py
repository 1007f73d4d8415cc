"""What a plugin is and does at one moment, and what is different between two."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias

from destination_actions.changes import changes_between
from destination_actions.describe import describe
from destination_actions.errors import ConfigurationError, DestinationActionsError, PluginError, nearest
from destination_actions.plugins import load_destination
from destination_actions.testing.cases import Result, load_cases, report_of, run_case
from destination_actions.testing.cases.discover import case_files

Lines: TypeAlias = Iterator[tuple[str, str]]
"""Lines to print, each with its style."""

_REPORTS: Final = 2
"""Reports that are shown; one slip often breaks many cases."""

_STYLES: Final = {"breaking": "red", "risky": "yellow", "compatible": "green"}


@dataclass(slots=True)
class State:
    """The definition as data, the results of all cases by their names, and what could not be read."""

    folder: Path
    description: dict[str, Any] | None = None
    results: dict[str, Result] = field(default_factory=dict)
    broken: list[DestinationActionsError] = field(default_factory=list)


def folder_of(slug: str) -> Path:
    """The folder that a plugin is installed from. Raises `PluginError` when it is none, or is not installed so."""
    points = {point.name: point for point in entry_points(group="destination_actions")}
    if slug not in points:
        hint = nearest(slug, points) or "install yours with: pip install -e FOLDER"
        raise PluginError(f'no destination "{slug}" is installed', hint=hint)
    spec = find_spec(points[slug].value.partition(":")[0].partition(".")[0])
    start = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    found = next((one for one in start.parents if (one / "pyproject.toml").is_file()), None) if start else None
    if found is None:
        hint = "install it from its folder: pip install -e FOLDER"
        raise PluginError(f'destination "{slug}" is installed without its source', hint=hint)
    return found


def loaded(slug: str, folder: Path) -> State:
    """Import the plugin anew and run its cases. What goes wrong is kept; nothing is raised."""
    _forget(folder)
    state = State(folder)
    try:
        state.description = describe(load_destination(slug))
        shown = _shown(folder)
        files = case_files([shown])
    except ConfigurationError as error:
        state.broken.append(error)
        return state
    for file in files:
        try:
            cases = load_cases(file)
        except ConfigurationError as error:
            state.broken.append(error)
            continue
        state.results |= {f"{file.relative_to(shown)}: {case.name}": run_case(case) for case in cases}
    return state


def _shown(folder: Path) -> Path:
    """The folder as people see it from where they are."""
    here = Path.cwd().resolve()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def first_run(state: State) -> Lines:
    """What fails, and the sum."""
    yield from _failing(state, list(state.results))
    yield _sum(state)


def next_run(before: State, after: State) -> Lines:
    """What is different in the definition and in the cases, and the sum."""
    if before.description is not None and after.description is not None:
        for change in changes_between(before.description, after.description):
            yield f"  {change.severity:10} {change.where}: {change.message}", _STYLES[change.severity]
    if not after.broken:
        yield from _changed_cases(before, after)
    yield from _failing(after, [name for name in after.results if _text(before, name) != _text(after, name)])
    yield _sum(after)


def _changed_cases(before: State, after: State) -> Lines:
    for name in dict.fromkeys([*before.results, *after.results]):
        old, new = before.results.get(name), after.results.get(name)
        if new is None:
            yield f"  gone       {name}", "yellow"
        elif old is None and before.results:
            yield f"  new        {name}", "green" if new.ok else "red"
        elif old is not None and old.ok != new.ok:
            yield (f"  passes     {name}", "green") if new.ok else (f"  fails      {name}", "red")


def _failing(state: State, names: list[str]) -> Lines:
    """The reports of the first cases that fail; what several say alike, once."""
    reports = [report_of(state.results[name]) for name in names if not state.results[name].ok]
    different = list(dict.fromkeys(reports))
    for report in different[:_REPORTS]:
        yield f"\n{report}", "red"
    if len(different) > _REPORTS:
        yield (
            f"\n{len(different) - _REPORTS} more fail; for all of them: destinations test {_shown(state.folder)}",
            "red",
        )


def _sum(state: State) -> tuple[str, str]:
    passed = sum(result.ok for result in state.results.values())
    failed = len(state.results) - passed
    seconds = sum(result.seconds for result in state.results.values())
    broken = f", {len(state.broken)} broken" if state.broken else ""
    text = f"{passed} passed, {failed} failed{broken}, {seconds:.2f} s"
    return text, "bold red" if failed or state.broken else "bold green"


def _text(state: State, name: str) -> str:
    """What a case's report says, to tell whether it says something new."""
    result = state.results.get(name)
    return "" if result is None or result.ok else report_of(result)


def _forget(folder: Path) -> None:
    """Have everything below a folder imported anew."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).resolve().is_relative_to(folder):
            del sys.modules[name]
    importlib.invalidate_caches()
