"""The conformance kit: what is right passes, what is wrong is found, and the report says so."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result as Ran
from destination_actions import Destination, PluginError, load_destination
from destination_actions.cli.app import build
from destination_actions.testing import ConformanceProfile, Harness, conformance_tests
from destination_actions.testing.conformance import Level, Report, Result, conformance
from destination_actions.testing.conformance.checks import OF_ACTION, OF_DESTINATION
from typer.testing import CliRunner

SEEDED = Path(__file__).parent / "seeded_bugs"
DOZEN = {
    "plain_token": "definition.secrets",
    "token_in_cause": "secrecy.errors",
    "effect_as_read": "effects.one",
    "exits": "safety.answers-only",
    "sleeps_blocking": "safety.does-not-block",
    "swallows_cancellation": "safety.cancelled-after",
    "cached_by_person": "isolation.settings",
    "id_half_encoded": "values.slash",
    "retries_itself": "answers.status-500",
    "retry_after_of_digits": "answers.429-date",
    "cooldown_without_account": "cooldown.names-the-account",
    "batch_of_first": "batch.all-are-sent",
    "not_found_by_exception": "reconcile.reset",
}
"""A bug of each kind, and the check that is there for it."""


@pytest.fixture(scope="module")
def seeded() -> Any:
    """The seeded bugs and their model."""
    sys.path.insert(0, str(SEEDED))
    try:
        import seeded_bugs
        import seeded_model
    finally:
        sys.path.remove(str(SEEDED))
    return seeded_bugs, seeded_model


@pytest.fixture(scope="module")
def model_report(seeded: Any) -> Report:
    """The report on the plugin with nothing wrong."""
    _, model = seeded
    return conformance(model.beacon(), profile=model.PROFILE)


def test_a_plugin_with_nothing_wrong_reaches_gold(model_report: Report) -> None:
    """No check complains of it."""
    assert ([], Level.GOLD) == (model_report.failures, model_report.reached)


def test_there_are_more_than_a_hundred_checks(model_report: Report) -> None:
    """Of the model, which has everything that a plugin can have but choices and deletion, nearly all apply."""
    passed = [result for result in model_report.results if result.status == "passed"]
    assert len(passed) > 150


def test_every_check_has_an_id_of_its_own_and_a_fact() -> None:
    """Excuses name checks by their ids; people read their facts."""
    checks: list[Any] = [*OF_DESTINATION, *OF_ACTION]
    assert len(checks) == len({check.id for check in checks})
    assert [] == [check.id for check in checks if not check.title.endswith(".")]


@pytest.mark.parametrize(("name", "check"), DOZEN.items())
def test_a_seeded_bug_is_found_by_the_check_for_it(seeded: Any, name: str, check: str) -> None:
    """A dozen of the campaign's bugs, each by its own check."""
    bugs, model = seeded
    report = _only(bugs.bugs()[name](), model.PROFILE, check)
    assert [check] == [result.check for result in report]


def _only(destination: Destination[Any], profile: ConformanceProfile, check: str) -> list[Result]:
    """The failures of one check."""
    others = {one.id: "not asked here" for one in (*OF_DESTINATION, *OF_ACTION) if one.id != check}
    excused = ConformanceProfile(samples=profile.samples, replies=profile.replies, excuses=others)
    return conformance(destination, profile=excused).failures


def test_sixty_bugs_are_seeded(seeded: Any) -> None:
    """Each has a docstring that says what is wrong."""
    bugs = seeded[0].bugs()
    assert len(bugs) >= 60
    assert [] == [name for name, bug in bugs.items() if not bug.__doc__]


def test_an_excused_check_is_left_out_and_said_so(seeded: Any) -> None:
    """The reason stands in the report."""
    _, model = seeded
    profile = ConformanceProfile(
        samples=model.PROFILE.samples, replies=model.PROFILE.replies, excuses={"answers.status-404": "404 is a yes"}
    )
    report = conformance(model.beacon(), profile=profile, level=Level.SILVER)
    assert [("answers.status-404", "404 is a yes")] == [
        (one.check, one.reason) for one in report.results if one.status == "excused"
    ]


def test_what_does_not_deliver_is_looked_at_no_further(seeded: Any) -> None:
    """One complaint says it, and what to give; the other checks of the action do not apply."""
    _, model = seeded
    report = conformance(model.beacon(), profile=ConformanceProfile(samples={"send": {"phone": None}}))
    assert ["effects.delivers[send]"] == [result.name for result in report.failures]
    assert "ConformanceProfile" in report.failures[0].complaints[-1]
    assert report.reached is None


def test_a_profile_with_an_unknown_field_is_refused_in_words(seeded: Any) -> None:
    """A typo in a profile is named."""
    _, model = seeded
    report = conformance(model.beacon(), profile=ConformanceProfile(settings={"acount": "x"}))
    assert any('no field "acount"' in one.complaints[0] for one in report.failures)


def test_an_unknown_slug_is_an_error() -> None:
    """With the nearest name."""
    with pytest.raises(PluginError, match="twilio-studio"):
        conformance("twilio-studi")


def test_a_level_that_failed_is_not_reached() -> None:
    """The level is the one below the lowest failure; without failures the highest that was checked."""
    passed = Result("a", Level.BRONZE, "A.", "passed")
    gold = Result("b", Level.GOLD, "B.", "failed", complaints=("no",))
    silver = Result("c", Level.SILVER, "C.", "passed")
    assert Level.SILVER == Report("x", (passed, silver, gold)).reached
    assert Level.SILVER == Report("x", (passed, silver)).reached
    assert None is Report("x", (Result("a", Level.BRONZE, "A.", "failed", complaints=("no",)),)).reached


def test_the_statement_of_a_test_file_makes_a_test_for_each_check() -> None:
    """Pytest gets one case a check, named after it."""
    test: Any = conformance_tests("webhook", level=Level.BRONZE)
    [mark] = test.pytestmark
    ids = mark.kwargs["ids"]
    assert "effects.delivers[send]" in ids
    assert len(ids) == len(set(ids)) > 40


def test_nothing_of_a_check_stays_behind() -> None:
    """After a report, connections of this process are its own affair again, and the event loop is as before."""
    import socket

    conformance("webhook", level=Level.BRONZE)
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    with Harness(load_destination("webhook"), settings={}) as harness:
        assert 0 == harness.effects


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def destinations() -> Callable[..., Ran]:
    """Run `destinations`."""
    return lambda *texts: CliRunner().invoke(build(texts), texts, env={"COLUMNS": "100"})


def test_the_command_prints_a_summary_and_gives_0(destinations: Callable[..., Ran]) -> None:
    """A table of the levels, and the one that is reached."""
    ran = destinations("conformance", "webhook", "--level", "bronze")
    assert 0 == ran.exit_code, ran.output
    assert "webhook: bronze" in ran.stdout


def test_the_command_prints_json(destinations: Callable[..., Ran]) -> None:
    """Every result, for programs."""
    found = json.loads(destinations("conformance", "webhook", "--level", "bronze", "--json").stdout)
    assert ("webhook", "bronze") == (found["destination"], found["level"])
    assert {"check", "action", "level", "fact", "status", "complaints", "reason"} == set(found["results"][0])


def test_the_command_does_not_know_every_slug(destinations: Callable[..., Ran]) -> None:
    """A slug that is not installed is a usage error."""
    assert 2 == destinations("conformance", "nobody").exit_code


# --- the document ----------------------------------------------------------------------------------------------------


def test_the_document_lists_every_check() -> None:
    """The table of the reference is made from the checks."""
    document = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "conformance.md").read_text()
    listed = [line for line in document.splitlines() if line.startswith("| `")]
    rows = [("destination", check) for check in OF_DESTINATION] + [("action", check) for check in OF_ACTION]
    assert [f"| `{check.id}` | {check.level} | {of} | {check.title} |" for of, check in rows] == listed
