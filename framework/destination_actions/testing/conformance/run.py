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
from destination_actions.testing.conformance.report import Level, Report, Result

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
    subject = subject_of(destination, profile)
    results = []
    for item in _items(subject):
        if item[0].level <= level:
            results.append(_result(subject, *item))
            if progress is not None:
                progress(results[-1])
    return Report(subject.destination.slug, tuple(results))


def conformance_tests(
    destination: str | Destination[Any],
    *,
    profile: ConformanceProfile | None = None,
    level: Level = Level.GOLD,
) -> Callable[..., None]:
    """A test function for pytest, with one case for each check: `test_conformance = conformance_tests("my-slug")`."""
    import pytest

    subject = subject_of(destination, profile)
    items = [item for item in _items(subject) if item[0].level <= level]
    names = [f"{check.id}[{action}]" if action else check.id for check, action in items]

    @pytest.mark.parametrize(("check", "action"), items, ids=names)
    def test_conformance(check: Check[Any], action: str) -> None:
        """The destination conforms."""
        result = _result(subject, check, action)
        if result.status in {"not_applicable", "excused"}:
            pytest.skip(result.reason)
        assert not result.complaints, "\n".join([result.fact, *result.complaints])  # noqa: S101 - a test

    return test_conformance


def subject_of(destination: str | Destination[Any], profile: ConformanceProfile | None) -> Subject:
    """A destination by slug or as it is, with its profile."""
    found = load_destination(destination) if isinstance(destination, str) else destination
    slug = destination if isinstance(destination, str) else None
    return Subject(found, profile if profile is not None else profile_of(found), slug)


def _items(subject: Subject) -> Iterator[tuple[Check[Any], str]]:
    yield from ((check, "") for check in OF_DESTINATION)
    for action in subject.destination.actions:
        yield from ((check, action.slug) for check in OF_ACTION)


def _result(subject: Subject, check: Check[Any], action: str) -> Result:
    began = time.perf_counter()
    known = {"check": check.id, "action": action, "level": check.level, "fact": check.title}
    excuse = subject.profile.excuses.get(check.id)
    if excuse is not None:
        return Result(**known, status="excused", reason=excuse)
    try:
        bench: Any = next(one for one in subject.benches() if one.action.slug == action) if action else subject
        complaints = tuple(dict.fromkeys(check.complaints(bench)))[:_SHOWN]
    except NotApplicable as why:
        return Result(**known, status="not_applicable", reason=str(why))
    except ConfigurationError as error:
        complaints = (str(error),)
    except Exception as error:  # noqa: BLE001 - a destination may break in ways that no check thought of
        complaints = (f"{type(error).__name__}: {error}",)
    seconds = time.perf_counter() - began
    return Result(**known, status="failed" if complaints else "passed", complaints=complaints, seconds=seconds)
