"""`destinations test` and the pytest plugin run the same files and say the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = "- {name: good, expect: {outcome: delivered}}\n"
BAD = "- {name: bad, expect: {outcome: filtered}}\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (GOOD, 0, "1 passed, 0 failed, 0 broken in 1 file"),
        (GOOD + BAD, 1, "1 passed, 1 failed, 0 broken in 1 file"),
        (GOOD + BAD + "- {name: no}\n", 2, "0 passed, 0 failed, 1 broken in 1 file"),
        (
            GOOD + "- {name: no, given: {name: x, destination: nope}, expect: {fires: true}}\n",
            2,
            "1 passed, 0 failed, 1 b",
        ),
    ],
)
def test_exit_codes(case_file: Callable[..., Path], destinations, text: str, code: int, said: str) -> None:
    """0 when all pass, 1 when some fail, 2 when a file or a case is wrong."""
    result = destinations("test", case_file(text))
    assert (code, True) == (result.exit_code, said in result.stdout), result.output


def test_folders_are_searched(case_file: Callable[..., Path], destinations, tmp_path: Path) -> None:
    """Every case file below, hidden folders apart; a folder without any is an error."""
    case_file(GOOD)
    case_file(GOOD.replace("good", "other"), name="other.cases.yml")
    (tmp_path / ".hidden").mkdir()
    case_file(BAD, name=".hidden/not.cases.yaml")
    assert "2 passed, 0 failed, 0 broken in 2 files" in destinations("test", tmp_path).stdout
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "gone", tmp_path / "notes_destination.py"):
        assert 2 == destinations("test", path).exit_code


def test_only_some(case_file: Callable[..., Path], destinations) -> None:
    """Cases are chosen by a part of their names; a part that none has is an error, not success."""
    path = case_file(GOOD + BAD)
    assert 0 == destinations("test", path, "--only", "goo").exit_code
    assert 2 == destinations("test", path, "-k", "goood").exit_code


def test_junit(case_file: Callable[..., Path], destinations, tmp_path: Path) -> None:
    """A suite for each file, a failure with the whole report, an error for a file that is wrong."""
    path = case_file(GOOD + BAD)
    broken = case_file("- {name: no}", name="broken.cases.yaml")
    destinations("test", path, broken, "--junit", tmp_path / "out.xml")
    root = ET.parse(tmp_path / "out.xml").getroot()
    counts = [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root]
    assert [("2", "1", "0"), ("1", "0", "1")] == counts
    [failure] = root.iter("failure")
    assert 'expected  "filtered"\n    actual    "delivered"' in (failure.text or "")


UPDATED = """\
- name: it   # the name
  steps:
    - expect:   # why this is expected
        outcome: {outcome: failed, data: {id: 8, name: x}}   # words
        requests:
          - {method: GET, json: {to: ravi}}
        payload:
          period: 61   # seconds
          text: "other"
    - expect: {outcome: delivered}
- name: rows ${who}
  table:
    - {who: jane, then: rejected}
    - {who: ravi, then: delivered}
  event: {userId: "${who}"}
  expect: {outcome: "${then}", payload: {text: bye}}
- name: shared
  extends: []
  table: [{x: 1}, {x: 2}]
  given: {subscription: {mapping: {period: "${x}"}}}
  expect: {payload: {period: 1}}
"""

ACCEPTED = """\
- name: it   # the name
  steps:
    - expect:   # why this is expected
        outcome: {outcome: "delivered", data: {id: 7, name: {"$absent": true}}}   # words
        requests:
          - {method: "POST", json: {to: "jane"}}
        payload:
          period: 60   # seconds
          text: "hello"
    - expect: {outcome: "suppressed"}
- name: rows ${who}
  table:
    - {who: jane, then: "delivered"}
    - {who: ravi, then: delivered}
  event: {userId: "${who}"}
  expect: {outcome: "${then}", payload: {text: "hello"}}
- name: shared
  extends: []
  table: [{x: 1}, {x: 2}]
  given: {subscription: {mapping: {period: "${x}"}}}
  expect: {payload: {period: 1}}
"""


def test_update_replaces_values_and_nothing_else(case_file: Callable[..., Path], destinations) -> None:
    """Comments, order and quotes stay; a row's own value changes in the table; what rows share and need differently
    is left alone and still fails."""
    path = case_file(UPDATED)
    head = path.read_text()[: path.read_text().index("cases:")]
    result = destinations("test", path, "--update")
    wanted = "".join(f"  {line}\n" for line in ACCEPTED.splitlines())
    assert f"{head}cases:\n{wanted}" == path.read_text()
    assert 1 == result.exit_code
    assert "4 passed, 1 failed, 0 broken" in result.stdout
    assert ': "rejected" -> "delivered"' not in result.stdout
    assert 'rejected -> "delivered"' in result.stdout


def test_update_of_json_keeps_the_rest(case_file: Callable[..., Path], destinations) -> None:
    """A JSON file is rewritten in the same way."""
    text = """{"given": {"destination": "notes_destination:destination",
  "settings": {"account": "acme", "token": "t"},
  "subscription": {"subscribe": "type = \\"track\\"", "action": "note"}},
 "cases": [{"name": "it", "event": {"type": "page"}, "expect": {"outcome":   "delivered", "fires": true}}]}
"""
    path = case_file(text, head="", name="notes.cases.json")
    assert 0 == destinations("test", path, "--update").exit_code
    assert text.replace('"delivered"', '"filtered"').replace("true", "false") == path.read_text()


def test_update_changes_nothing_that_is_well(case_file: Callable[..., Path], destinations) -> None:
    """A file whose cases pass, or that is wrong, stays as it is, byte for byte."""
    for text in (GOOD, BAD + "- {name: no}"):
        path = case_file(text)
        before = path.read_bytes()
        destinations("test", path, "--update")
        assert before == path.read_bytes()


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, with the plugin as it is installed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)


def test_pytest_runs_case_files(case_file: Callable[..., Path], tmp_path: Path) -> None:
    """Each case is a test; a failure shows both values and what happened, and no traceback through the runner."""
    case_file(GOOD + BAD)
    done = run_pytest(tmp_path, "-v")
    assert 1 == done.returncode
    assert "notes.cases.yaml::good PASSED" in done.stdout
    assert "notes.cases.yaml::bad FAILED" in done.stdout
    assert 'expected  "filtered"\nactual' in done.stdout.replace("    ", "")
    assert "Traceback" not in done.stdout + done.stderr
    assert "POST https://notes.test/v1/notes -> 201" in done.stdout


def test_pytest_refuses_a_broken_file(case_file: Callable[..., Path], tmp_path: Path) -> None:
    """An error of collection with line, column and what was meant."""
    case_file("- {name: it, expct: {outcome: delivered}}")
    done = run_pytest(tmp_path)
    assert 2 == done.returncode
    assert 'notes.cases.yaml:8:16: cases[0]: unknown key "expct"' in done.stdout
    assert 'did you mean "expect"' in done.stdout


def test_pytest_runs_cases_in_parallel(case_file: Callable[..., Path], tmp_path: Path) -> None:
    """Under xdist every worker collects the same tests."""
    case_file("".join(GOOD.replace("good", f"good {number}") for number in range(8)))
    done = run_pytest(tmp_path, "-n", "2", "-q")
    assert (0, True) == (done.returncode, "8 passed" in done.stdout), done.stdout


def test_the_plugin_is_lazy(tmp_path: Path) -> None:
    """A run without case files imports nothing of the framework."""
    (tmp_path / "test_it.py").write_text(
        "import sys\ndef test_it():\n    assert 'destination_actions' not in sys.modules\n"
    )
    done = run_pytest(tmp_path, "-q")
    assert 0 == done.returncode, done.stdout


def test_watch_runs_again_when_code_changes(case_file: Callable[..., Path], tmp_path: Path) -> None:
    """The second run has the changed code; an interrupt ends it."""
    path = case_file(GOOD)
    # A process that was started in the background would inherit that interrupts are ignored.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from destination_actions.cli import main; main()"
    command = [sys.executable, "-c", code, "test", "--watch", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watching:
        said = iter(watching.stdout or ())
        first = next(line for line in said if " passed, " in line)
        (tmp_path / "notes_destination.py").write_text("destination = None\n")
        second = next(line for line in said if " passed, " in line)
        watching.send_signal(signal.SIGINT)
        list(said)  # while it says farewell, somebody has to listen
    assert ("1 passed, 0 failed, 0 broken", "0 passed, 0 failed, 1 broken") == (first[:28], second[:28])
    assert 130 == watching.returncode
