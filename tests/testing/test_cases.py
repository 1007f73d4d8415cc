"""Case files: what they compare, what they refuse, and that a case which could not fail is no case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import ConfigurationError
from destination_actions.testing.cases import Result, load_cases, report_of, run_case

Write = Callable[..., Path]


def results(path: Path) -> list[Result]:
    """Run every case of a file."""
    return [run_case(case) for case in load_cases(path)]


def only(path: Path) -> Result:
    """The result of the one case."""
    [result] = results(path)
    return result


@pytest.mark.parametrize(
    "expect",
    [
        "{outcome: delivered}",
        "{outcome: {data: {id: 7}}}",
        (
            "{outcome: {$exactly: {outcome: delivered, destination: notes, subscription: test, action: note,"
            " messageId: event-1, data: {id: 7}, repeated: false}}}"
        ),
        "{stopsAt: nowhere}",
        "{payload: {person: jane, period: 60}}",
        "{payload: {$exactly: {person: jane, text: hello, period: 60}}}",
        "{document: {person: jane}}",
        "{fires: true}",
        "{requests: [{method: POST}]}",
        "{requests: [{url: 'https://notes.test/*/notes', json: {to: jane}}]}",
        "{requests: [{headers: {content-type: application/json, X-Other: {$absent: true}}}]}",
        "{requests: [{json: {key: {$length: 64}}}]}",
        "{requests: [{body: {$contains: jane}, form: {$absent: true}}]}",
        "{subscriptions: {test: {outcome: delivered}}}",
        "{outcome: {data: {id: {$oneOf: [6, 7]}}, messageId: {$matches: 'event-[0-9]+'}, by: {$absent: true}}}",
        "{outcome: {data: {id: {$type: number}}, outcome: {$not: failed}, message: {$not: {$any: true}}}}",
    ],
)
def test_what_an_expectation_says_is_compared(case_file: Write, expect: str) -> None:
    """Partial objects, exact ones, and matchers; each of these is met."""
    result = only(case_file(f"- name: it\n  expect: {expect}\n"))
    assert result.ok, report_of(result)


@pytest.mark.parametrize(
    ("expect", "where", "expected", "actual"),
    [
        ("{outcome: rejected}", "/outcome", "rejected", "delivered"),
        ("{outcome: {data: {id: '7'}}}", "/outcome/data/id", "7", 7),
        ("{outcome: {data: {id: true}}}", "/outcome/data/id", True, 7),
        ("{outcome: {repeated: 0}}", "/outcome/repeated", 0, False),
        ("{payload: {period: 61}}", "/payload/period", 61, 60),
        ("{payload: null}", "/payload", None, {"person": "jane", "text": "hello", "period": 60}),
        ("{payload: {$exactly: {person: jane}}}", "/payload/$exactly", {"person": "jane"}, None),
        ("{stopsAt: match}", "/stopsAt", "match", "nowhere"),
        ("{fires: false}", "/fires", False, True),
        ("{requests: []}", "/requests", [], None),
        ("{requests: [{method: GET}]}", "/requests/0/method", "GET", "POST"),
        ("{requests: [{url: 'https://notes.test/v2/*'}]}", "/requests/0/url", "https://notes.test/v2/*", None),
        ("{requests: [{query: {a: '1'}}]}", "/requests/0/query/a", "1", None),
        ("{requests: [{json: {to: ravi}}]}", "/requests/0/json/to", "ravi", "jane"),
        ("{requests: [{headers: {Content-Type: text/plain}}]}", "/requests/0/headers/Content-Type", "text/plain", None),
    ],
)
def test_what_differs_is_seen_where_it_stands(
    case_file: Write, expect: str, where: str, expected: Any, actual: Any
) -> None:
    """One failure, with pointer, both values, and line and column of the expectation."""
    result = only(case_file(f"- name: it\n  expect: {expect}\n"))
    [failure] = result.failures
    assert (where, expected) == (failure.difference.pointer, failure.difference.expected)
    assert actual is None or actual == failure.difference.actual
    assert 9 == failure.place.line
    assert f"notes.cases.yaml:9:{failure.place.column}: it" in report_of(result)


BROKEN = [
    ("- name: it", "the case asserts nothing", 8),
    ("- {name: it, expect: {}}", "the case asserts nothing", 8),
    ("- {name: it, expect: {payload: {}, outcome: {data: {}}}}", "the case asserts nothing", 8),
    ("- {name: it, expect: {outcome: deliverd}}", 'did you mean "delivered"', 8),
    ("- {name: it, expct: {outcome: delivered}}", 'unknown key "expct"\n  hint: did you mean "expect"', 8),
    ("- {name: it, expect: {outcom: delivered}}", 'did you mean "outcome"', 8),
    ("- {name: it, expect: {outcome: {dta: 1}}}", 'did you mean "data"', 8),
    ("- {name: it, expect: {requests: [{methd: GET}]}}", 'did you mean "method"', 8),
    ("- {name: it, expect: {payload: {person: {$exacty: 1}}}}", 'did you mean "\\$exactly"', 8),
    ("- {name: it, expect: {payload: {person: {$matches: '('}}}}", "takes a regular expression", 8),
    ("- {name: it, expect: {payload: {person: {$absent: true, a: 1}}}}", "stands beside other keys", 8),
    ("- {name: it, api: [{fault: rest}], expect: {outcome: failed}}", 'did you mean "reset"', 8),
    ("- {name: it, api: [{json: 1, body: a}], expect: {outcome: failed}}", "stand side by side", 8),
    ("- {name: it, steps: [{wait: soon, expect: {outcome: failed}}]}", "is no duration", 8),
    ("- {name: it, without: [usrId], expect: {outcome: failed}}", 'did you mean "userId"', 8),
    ("- {name: it, extends: nothing, expect: {outcome: failed}}", 'there is no part "nothing"', 8),
    ("- {name: it, steps: [{expect: {fires: true}}], expect: {outcome: failed}}", 'stands beside "steps"', 8),
    ("- {name: it, event: {type: '${kind}'}, expect: {outcome: failed}}", 'there is no column "kind"', 8),
    ("- {name: it, table: [{a: 1}], expect: {outcome: failed}}", 'uses the column "a"', 8),
    ("- {name: it, table: [{a: 1}, {b: 1}], expect: {outcome: '${a}'}}", "is not in every row", 8),
    ("- {name: it, table: [{a: deliverd}], expect: {outcome: '${a}'}}", 'did you mean "delivered"', 8),
    ("- {name: it, given: {clock: yesterday}, expect: {outcome: failed}}", "not a moment", 8),
    ("- {name: it, given: {subscriptions: []}, expect: {outcome: failed}}", "must not be empty", 8),
    ("- {name: it, events: [{}], expect: {outcome: failed}}", 'several "events" need "each"', 8),
    ("- {name: it, expect: {each: [{outcome: failed}]}}", "expect.each has 1 items", 8),
    ("- {name: it, expect: {outcome: failed}}\n- {name: it, expect: {outcome: failed}}", "two cases are named", 9),
]


@pytest.mark.parametrize(("text", "message", "line"), BROKEN)
def test_a_mistake_in_a_file_is_an_error(case_file: Write, text: str, message: str, line: int) -> None:
    """With line and column, and the nearest name; never a case that passes."""
    path = case_file(text)
    with pytest.raises(ConfigurationError, match=message) as info:
        load_cases(path)
    assert line in {error.place.line for error in info.value.errors if error.place}


@pytest.mark.parametrize(
    ("given", "expect", "message", "line"),
    [
        ("{destination: notse}", "{outcome: failed}", 'no destination "notse"', 9),
        ("{destination: 'notes_destination:destinatio'}", "{outcome: failed}", 'did you mean "destination"', 9),
        ("{destination: 'no_such_module:x'}", "{outcome: failed}", "cannot be imported", 9),
        ("{settings: {acount: a}}", "{outcome: failed}", "acount", 9),
        ("{subscription: {action: nte}}", "{outcome: failed}", 'did you mean "note"', 9),
        ("{subscription: {mapping: {txt: a}}}", "{outcome: failed}", 'did you mean "text"', 9),
        ("{subscription: {mapping: {text: {'@pth': a}}}}", "{outcome: failed}", 'did you mean "@path"', 9),
        ("{subscription: {subscribe: type = }}", "{outcome: failed}", "expected a value", 9),
        ("{}", "{payload: {persn: {$absent: true}}}", 'did you mean "person"', 10),
        ("{}", "{subscriptions: {tset: {outcome: failed}}}", 'did you mean "test"', 10),
    ],
)
def test_a_mistake_that_only_the_plan_knows_is_no_pass_either(
    case_file: Write, given: str, expect: str, message: str, line: int
) -> None:
    """The case is broken, and says where."""
    path = case_file(f"- name: it\n  given: {given}\n  expect: {expect}\n")
    result = only(path)
    assert result.broken is not None
    assert message in str(result.broken)
    places = {error.place.line for error in result.broken.errors if error.place}
    assert {line} == places


def test_a_request_without_a_reply_fails_the_case(case_file: Write) -> None:
    """Even if everything that is expected came."""
    text = "- {name: it, given: {api: [{on: GET *}]}, expect: {outcome: failed}}"
    [failure] = only(case_file(text)).failures
    assert "no reply is left for POST https://notes.test/v1/notes; the script answers GET *" == failure.difference.note


def test_a_reply_that_was_not_asked_for_fails_the_case(case_file: Write) -> None:
    """Those of a case have to be used; those of given need not."""
    text = "- {name: it, api: [{on: GET *}], expect: {outcome: delivered}}"
    [failure] = only(case_file(text)).failures
    assert ("this reply was not asked for", 8) == (failure.difference.note, failure.place.line)


def test_steps_share_state_and_time_passes_between_them(case_file: Write) -> None:
    """A cooldown holds for its period and no longer."""
    path = case_file("""\
        - name: it
          steps:
            - expect: {outcome: delivered}
            - wait: 59s
              expect: {outcome: {outcome: suppressed, by: event-1}, stopsAt: cooldown, fires: false}
            - wait: 2
              expect: {outcome: delivered}
    """)
    assert only(path).ok


def test_parts_are_laid_over_one_another(case_file: Write) -> None:
    """Objects key by key, lists and texts as a whole; the case has the last word."""
    path = case_file("""\
        - name: it
          extends: [ravi, loud]
          event: {userId: mia}
          expect: {payload: {person: mia, text: LOUD}}
    """)
    text = path.read_text().replace(
        "cases:\n",
        "parts:\n  ravi: {event: {userId: ravi}, given: {subscription: {mapping: {text: quiet}}}}\n"
        "  loud: {given: {subscription: {mapping: {text: LOUD}}}}\ncases:\n",
    )
    path.write_text(text)
    assert only(path).ok


def test_rows_are_cases_of_their_own(case_file: Write) -> None:
    """A column keeps its type where it is the whole text, and the row's number names the case if nothing else does."""
    path = case_file("""\
        - name: it
          table: [{period: 5, later: 6, then: delivered}, {period: 90, later: 6, then: suppressed}]
          given: {subscription: {mapping: {period: "${period}", text: "of ${period} s, not $${period}"}}}
          steps:
            - expect: {payload: {period: "${period}", text: {$contains: "not ${period} s"}}}
            - {wait: "${later}", expect: {outcome: "${then}"}}
    """)
    path.write_text(path.read_text().replace('"not ${period} s"', '"of ${period} s, not $${period}"'))
    assert [("it [1]", True), ("it [2]", True)] == [(result.case.name, result.ok) for result in results(path)]


def test_a_configuration_file_is_tested(case_file: Write, tmp_path: Path) -> None:
    """Its references are read from the case's environment."""
    (tmp_path / "destinations.yaml").write_text(
        "destinations:\n  hook:\n    destination: webhook\n    settings: {sharedSecret: '${env:HOOK_SECRET}'}\n"
        "    subscriptions: [{name: All, subscribe: type = \"track\", action: send, mapping: {url: 'https://a.test/x'}}]\n"
    )
    path = case_file(
        """\
        cases:
          - name: it
            given:
              config: destinations.yaml
              environment: {HOOK_SECRET: made-up-secret-of-some-length}
              api: [{on: POST https://a.test/x}]
            event: {type: track, messageId: m1}
            expect: {subscriptions: {all: {outcome: delivered}}, fires: true}
        """,
        head="",
    )
    result = only(path)
    assert result.ok, report_of(result)


def test_every_example_of_the_documentation_is_a_case_file(tmp_path: Path) -> None:
    """The schema's example runs as it stands."""
    import json

    from destination_actions.schemas import load_schema

    [example] = load_schema("cases")["examples"]
    path = tmp_path / "example.cases.json"
    path.write_text(json.dumps(example))
    assert [True, True] == [result.ok for result in results(path)]


def test_cases_never_wait_and_never_differ(case_file: Write) -> None:
    """Two runs of one case say the same, to the last digit of their log."""
    path = case_file("""\
        - name: it
          retryFor: 1h
          api: [{status: 429, headers: {retry-after: 600}, times: 3}]
          expect: {outcome: rejected}
    """)
    first, second = only(path), only(path)
    assert [line.split(":")[0] for line in first.log] == [line.split(":")[0] for line in second.log]
    assert 5 > first.seconds + second.seconds


def test_each_folder_has_modules_of_its_own(case_file: Write, tmp_path: Path) -> None:
    """Two folders with a module of one name are two destinations."""
    first = case_file("- {name: it, expect: {outcome: delivered}}")
    second = tmp_path / "second"
    second.mkdir()
    (second / first.name).write_text(first.read_text())
    (second / "notes_destination.py").write_text("destination = None\n")
    assert only(first).ok
    assert "is no Destination" in str(only(second / first.name).broken)
    assert only(first).ok
