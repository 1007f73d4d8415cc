"""Mutation: every change is one, cases that assert something notice it, and those that do not are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from destination_actions import compile_subscription
from destination_actions.errors import MappingError
from destination_actions.mapping import compile_mapping
from destination_actions.testing.mutation.changes import edited, mapping_edits, other_constant
from destination_actions.testing.mutation.clauses import expression_variants

ROOT = Path(__file__).resolve().parents[2]

MAPPING = {
    "id": {"@path": "$.userId"},
    "text": {"@template": "{{event}}: {{properties.total}}"},
    "who": {"@if": {"exists": {"@path": "$.traits.name"}, "then": "you", "else": "nobody"}},
    "price": {"@coalesce": [{"@path": "$.properties.total"}, 0]},
    "tags": ["a", {"@case": {"operator": "upper", "value": {"@path": "$.event"}}}],
    "deep": {"x/y": True},
}


def test_what_changes_in_a_mapping() -> None:
    """Fields and members are dropped, paths swapped, constants changed, branches turned, directives undone."""
    paths = compile_mapping(MAPPING).paths()
    edits = [f"{edit.pointer}: {edit.what}" for edit in mapping_edits(MAPPING, paths)]
    assert {
        '/id: drop it, which is {"@path": "$.userId"}',
        "/id/@path: $.userId becomes $.event",
        "/text/@template: {{event}} becomes {{properties.total}}",
        "/text/@template: {{properties.total}} becomes {{traits.name}}",
        '/who/@if: "then" and "else" change places',
        '/who/@if/then: "you" becomes "yov"',
        "/price/@coalesce: leave out 0",
        "/price/@coalesce/1: 0 becomes 1",
        '/tags: leave out item 1, which is "a"',
        "/tags/1: without @case",
        "/deep/x~1y: drop it, which is true",
        "/deep/x~1y: true becomes false",
    } <= set(edits)


def test_every_edit_changes_the_mapping_and_nothing_else() -> None:
    """Each gives another mapping, the original stays, and what differs stands below its pointer."""
    before = repr(MAPPING)
    found = [edited(MAPPING, edit) for edit in mapping_edits(MAPPING, compile_mapping(MAPPING).paths())]
    assert [] == [changed for changed in found if changed == MAPPING]
    assert all(sum(changed.get(key) != value for key, value in MAPPING.items()) == 1 for changed in found)
    assert before == repr(MAPPING)


def test_most_edits_are_mappings_too() -> None:
    """Nearly all of them compile; the others are left out."""
    edits = list(mapping_edits(MAPPING, compile_mapping(MAPPING).paths()))
    wrong = 0
    for edit in edits:
        try:
            compile_mapping(edited(MAPPING, edit))
        except MappingError:
            wrong += 1
    assert wrong * 10 < len(edits)


@pytest.mark.parametrize(
    ("value", "other"),
    [("FW05", "FW06"), ("9", "0"), ("f.", "e."), ("", "~"), (True, False), (1, 2), (1.5, 2.5), (None, "mutant")],
)
def test_constants_get_a_neighbour_of_their_kind(value: Any, other: Any) -> None:
    """A hexadecimal text stays one, so that a pattern still holds and only the value is wrong."""
    assert other == other_constant(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'type = "track" and properties.total >= 50',
            {
                'type = "track" or properties.total >= 50',
                'type = "track"',
                "properties.total >= 50",
                'type != "track" and properties.total >= 50',
                'type = "tracl" and properties.total >= 50',
                'type = "track" and !(properties.total >= 50)',
                'type = "track" and properties.total > 50',
                'type = "track" and properties.total >= 51',
            },
        ),
        (
            'event != "a"',
            {'event = "a"', 'event != "b"'},
        ),
        (
            'any(properties.items, $.id = "x")',
            {'!any(properties.items, $.id = "x")', 'all(properties.items, $.id = "x")'},
        ),
        ('event in ["a", "b"]', {'event not in ["a", "b"]', 'event in ["b"]', 'event in ["a"]'}),
    ],
)
def test_what_changes_in_an_expression(text: str, expected: set[str]) -> None:
    """Clauses are negated and left out, `and` becomes `or`, bounds move, constants change; each reads back."""
    expression = compile_subscription(text)
    found = [variant for variant, _ in expression_variants(expression)]
    assert {str(compile_subscription(one)) for one in expected} <= {str(variant) for variant in found}
    assert expression not in found
    assert found == [compile_subscription(str(variant)) for variant in found]


# --- cases -----------------------------------------------------------------------------------------------------------

HEAD = """\
given:
  destination: notes:destination
  settings: {account: acme, token: s3cret-token}
  subscription:
    subscribe: type = "track"
    action: note
    mapping: {person: {"@path": $.userId}, text: {"@template": "{{event}}!"}, period: 30}
  event: {type: track, event: Hello, userId: jane}
  api: [{on: POST https://notes.test/v1/notes, status: 201, json: {id: 7}}]
cases:
"""

WEAK = "- {name: goes, expect: {outcome: delivered}}\n"
STRONG = """\
- name: goes
  steps:
    - expect: {payload: {period: 30}, requests: [{json: {to: jane, text: "Hello!"}}]}
    - event: {type: page}
      expect: {outcome: filtered}
"""


def test_strong_cases_notice_everything(case_file: Callable[..., Path], destinations) -> None:
    """All mutants are noticed: exit 0."""
    result = destinations("test", "--mutate", case_file(STRONG, head=HEAD))
    assert (0, True) == (result.exit_code, "(100.0%)" in result.stdout), result.output


def test_weak_cases_are_told_what_they_miss(case_file: Callable[..., Path], destinations) -> None:
    """Survivors with their place and why, and fields that no case asserts; below the percentage it exits with 1."""
    path = case_file(WEAK, head=HEAD)
    result = destinations("test", "--mutate", path)
    lines = result.stdout.splitlines()
    assert 1 == result.exit_code
    assert "survived  notes/note mapping/period: 30 becomes 31 (it is not asserted)" in lines
    unasserted = [line for line in lines if line.startswith("no case asserts")]
    assert ["no case asserts text of notes/note", "no case asserts period of notes/note"] == unasserted
    assert lines[-1].endswith("below 95%")
    assert 0 == destinations("test", "--mutate", "--at-least", "10", path).exit_code


def test_what_no_event_reaches_is_said(case_file: Callable[..., Path], destinations) -> None:
    """A clause that makes no difference to any event of the cases is not tested by them."""
    head = HEAD.replace('type = "track"', 'type = "track" and properties.total >= 50').replace(
        "userId: jane}", "userId: jane, properties: {total: 60}}"
    )
    result = destinations("test", "--mutate", case_file(WEAK, head=head))
    assert "properties.total >= 50 becomes properties.total > 50 (no event of a case tells the difference)" in (
        result.stdout
    )


def test_a_case_that_asserts_nothing_fails(case_file: Callable[..., Path], destinations) -> None:
    """It passes whatever happens to its subscriptions; that is said with its place, however high the score is."""
    path = case_file(STRONG + "- {name: idle, expect: {outcome: {outcome: {$any: true}}}}\n", head=HEAD)
    result = destinations("test", "--mutate", path)
    assert (1, True) == (result.exit_code, "(100.0%)" in result.stdout)
    assert f"{path}:16:12: idle: passes whatever happens to its subscriptions: it asserts nothing" in (
        result.stdout.splitlines()
    )


def test_what_a_case_lays_over_the_file_is_not_mutated(case_file: Callable[..., Path], destinations) -> None:
    """It is the input of the test: to change it would test nothing."""
    own = "- {name: own, given: {subscription: {mapping: {text: 12345}}}, expect: {outcome: delivered}}\n"
    result = destinations("test", "--mutate", case_file(STRONG + own, head=HEAD))
    assert (0, False) == (result.exit_code, "12345" in result.stdout), result.output


def test_defaults_of_fields_are_mutated(case_file: Callable[..., Path], destinations) -> None:
    """A default value that the mapping leaves to the field."""
    result = destinations("test", "--mutate", case_file(WEAK, head=HEAD.replace(", period: 30", "")))
    assert "default of period: the default 60 becomes 61 (it is not asserted)" in result.stdout


def test_cases_that_fail_are_mended_first(case_file: Callable[..., Path], destinations) -> None:
    """Nothing is mutated, and the exit code is that of the failure."""
    result = destinations("test", "--mutate", case_file("- {name: bad, expect: {outcome: filtered}}", head=HEAD))
    assert (1, True) == (result.exit_code, "nothing was mutated" in result.stderr)


@pytest.mark.parametrize("options", [["--mutate", "--update"], ["--at-least", "90"]])
def test_options_that_contradict(case_file: Callable[..., Path], destinations, options: list[str]) -> None:
    """A usage error, before anything runs."""
    assert 2 == destinations("test", *options, case_file(WEAK)).exit_code


@pytest.mark.parametrize("folder", ["destinations/twilio_studio", "destinations/webhook", "examples/greeter"])
def test_the_cases_of_this_repository(destinations, folder: str) -> None:
    """They notice at least 95 in a hundred mutants."""
    result = destinations("test", "--mutate", "--at-least", "95", ROOT / folder)
    assert 0 == result.exit_code, result.output
