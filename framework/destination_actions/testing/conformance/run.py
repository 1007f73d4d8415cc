"""Running the checks: all of them for a report, or each as a test of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from destination_actions.definitions import Destination
from destination_actions.errors import ConfigurationError
from destination_actions.plugins import load_destination
from destination_actions.testing.conformance.bench import Subject
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks import OF_ACTION, OF_DESTINATION
from destination_actions.testing.conformance.profile import ConformanceProfile, profile_of
from destination_actions.testing.conformance.report import Level, Report, Result, Status

_SHOWN = 5
"""Complaints of one check that are kept."""


def conformance(
    destination: str | Destination[Any],
    *,
    profile: ConformanceProfile | None = None,
    level: Level = Level.GOLD,
    progress: Callable[[Result], None] | None = None,
) -> Report:
    """Run every check up to `level`. Raises `ConfigurationError` for a slug that is not installed.

    A profile that is not given is looked for in the module `conformance` of the destination's package. `progress` is
    told each result as it comes. It has event loops of its own, so it is not for `async def` functions.
    """
    runner = _Runner(subject_of(destination, profile))
    results = []
    for check, action in runner.items(level):
        results.append(runner.result(check, action))
        if progress is not None:
            progress(results[-1])
    return Report(runner.subject.destination.slug, tuple(results))


def conformance_tests(
    destination: str | Destination[Any],
    *,
    profile: ConformanceProfile | None = None,
    level: Level = Level.GOLD,
) -> Callable[..., None]:
    """A test function for pytest, with one case for each check: `test_conformance = conformance_tests("my-slug")`."""
    import pytest

    runner = _Runner(subject_of(destination, profile))
    items = list(runner.items(level))
    names = [f"{check.id}[{action}]" if action else check.id for check, action in items]

    @pytest.mark.parametrize(("check", "action"), items, ids=names)
    def test_conformance(check: Check[Any], action: str) -> None:
        """The destination conforms."""
        result = runner.result(check, action)
        if result.status in {"not_applicable", "excused"}:
            pytest.skip(result.reason)
        assert not result.complaints, "\n".join([result.fact, *result.complaints])  # noqa: S101 - a test

    made: Callable[..., None] = test_conformance
    return made


def subject_of(destination: str | Destination[Any], profile: ConformanceProfile | None) -> Subject:
    """A destination by slug or as it is, with its profile."""
    found = load_destination(destination) if isinstance(destination, str) else destination
    slug = destination if isinstance(destination, str) else None
    return Subject(found, profile if profile is not None else profile_of(found), slug)


class _Runner:
    """Runs checks of one destination; what does not deliver is not looked at any further."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._benches = {bench.action.slug: bench for bench in subject.benches()}
        self._first: dict[str, Result] = {}

    def items(self, level: Level) -> Iterator[tuple[Check[Any], str]]:
        """Every check up to a level, with the action that it is of."""
        yield from ((check, "") for check in OF_DESTINATION if check.level <= level)
        for action in self._benches:
            yield from ((check, action) for check in OF_ACTION if check.level <= level)

    def result(self, check: Check[Any], action: str) -> Result:
        """Run one check."""
        if not action:
            return self._run(check, self.subject, "")
        first = self._first.get(action)
        if first is None:
            first = self._first[action] = self._run(OF_ACTION[0], self._benches[action], action)
        if check is OF_ACTION[0]:
            return first
        if first.status == "failed":
            why = f"{first.check} fails"
            return Result(check.id, check.level, check.title, "not_applicable", action, reason=why)
        return self._run(check, self._benches[action], action)

    def _run(self, check: Check[Any], on: Any, action: str) -> Result:
        began = time.perf_counter()
        complaints: tuple[str, ...] = ()
        status: Status = "passed"
        reason = self.subject.profile.excuses.get(check.id, "")
        try:
            if reason:
                status = "excused"
            else:
                complaints = tuple(dict.fromkeys(check.complaints(on)))[:_SHOWN]
        except NotApplicable as why:
            status, reason = "not_applicable", str(why)
        except ConfigurationError as error:
            complaints = (str(error),)
        except Exception as error:  # noqa: BLE001 - a destination may break in ways that no check thought of
            complaints = (f"{type(error).__name__}: {error}",)
        seconds = time.perf_counter() - began
        status = "failed" if complaints else status
        return Result(check.id, check.level, check.title, status, action, complaints, reason, seconds)
