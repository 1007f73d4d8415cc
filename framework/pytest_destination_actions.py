"""The pytest plugin of destination-actions: case files become tests, and fixtures give a harness on virtual time.

Every `*.cases.yaml`, `*.cases.yml` and `*.cases.json` below the collected paths is collected, each case as one test.
Nothing of the framework is imported before the first such file or the first use of a fixture, so that other test runs
are not slowed down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from destination_actions.testing import Harness, ManualClock, ScriptedApi
    from destination_actions.testing.cases import Case

_ENDINGS = (".cases.yaml", ".cases.yml", ".cases.json")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect case files."""
    if not file_path.name.endswith(_ENDINGS):
        return None
    collector: pytest.Collector = CaseFile.from_parent(parent, path=file_path)
    return collector


class CaseFile(pytest.File):
    """A case file. One that is wrong is an error of collection, with everything that is wrong with it."""

    def collect(self) -> Iterable[pytest.Item]:
        """Give a test for each case."""
        from destination_actions.errors import ConfigurationError
        from destination_actions.testing.cases import load_cases

        try:
            cases = load_cases(self.path)
        except ConfigurationError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield CaseItem.from_parent(self, name=case.name, case=case)


class CaseFailed(Exception):  # noqa: N818 - what happened
    """A case did not come out as expected; the message is the report."""


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def runtest(self) -> None:
        """Run the case."""
        from destination_actions.testing.cases import report_of, run_case

        result = run_case(self.case)
        if not result.ok:
            raise CaseFailed(report_of(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report of a failed case, without a traceback through the runner."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the case stands, and its name."""
        line = self.case.place.line
        return self.path, None if line is None else line - 1, self.name


@pytest.fixture
def destination_harness() -> Iterator[Callable[..., Harness]]:
    """Make harnesses: `destination_harness("twilio-studio", settings=..., subscriptions=[...])`; closed at the end."""
    from destination_actions.testing import Harness

    with ExitStack() as stack:

        def make(*arguments: Any, **options: Any) -> Harness:
            return stack.enter_context(Harness(*arguments, **options))

        yield make


@pytest.fixture
def virtual_clock() -> ManualClock:
    """A clock for runtimes of one's own: a sleep lets time pass and returns at once."""
    from destination_actions.testing import ManualClock

    return ManualClock(auto=True)


@pytest.fixture
def scripted_api(virtual_clock: ManualClock) -> Iterator[ScriptedApi]:
    """A scripted API for runtimes of one's own (`http=scripted_api`), on the virtual clock.

    After the test, a request that no reply was for is an error.
    """
    from destination_actions.testing import ScriptedApi

    api = ScriptedApi(sleep=virtual_clock.sleep, now=virtual_clock.now)
    yield api
    api.check()
