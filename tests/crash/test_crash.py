"""Workers that are killed lose nothing, repeat nothing and report nothing false; and the harness would see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from crash_rates import left, one_account
from crash_verify import verify

HARNESS = Path(__file__).with_name("crash_harness.py")


def harness(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the harness in a process of its own, which may fork: nothing is open in it."""
    return subprocess.run([sys.executable, str(HARNESS), *options], capture_output=True, text=True, check=False)


def test_kills_lose_nothing_and_repeat_nothing() -> None:
    """Four workers on one file, twelve kills: every event has one true outcome, and no window is broken."""
    done = harness("--events", "200", "--kills", "12", "--keys", "20")
    assert 0 == done.returncode, done.stdout + done.stderr


def test_a_wrong_rule_is_seen() -> None:
    """With the window armed before the call and never given back, the same harness finds duplicates and losses."""
    done = harness("--events", "250", "--kills", "12", "--keys", "20", "--rule", "upstream")
    assert 0 == done.returncode, done.stdout + done.stderr


EVENTS = [
    {"messageId": "m1", "userId": "u", "properties": {"period": 10}},
    {"messageId": "m2", "userId": "u", "properties": {"period": 10}},
]


def report(message: str, outcome: str, by: str | None = None) -> dict[str, Any]:
    """One line of a worker's report."""
    return {"messageId": message, "outcome": outcome, "by": by}


def execution(message: str, at: float) -> dict[str, Any]:
    """One execution of the other side."""
    return {"messageId": message, "at": at}


RIGHT = ([report("m1", "delivered"), report("m2", "suppressed", "m1")], [execution("m1", 1.0)])
WRONG = {
    "lost": ([report("m1", "delivered")], [execution("m1", 1.0)]),
    "duplicates": (RIGHT[0], [execution("m1", 1.0), execution("m1", 20.0)]),
    "window_violations": (
        [report("m1", "delivered"), report("m2", "delivered")],
        [execution("m1", 1.0), execution("m2", 10.9)],
    ),
    "unjustified_suppressions": ([report("m1", "rejected"), report("m2", "suppressed", "m1")], []),
    "false_statuses": ([report("m1", "delivered"), report("m2", "delivered")], [execution("m1", 1.0)]),
}


def test_the_verifier_is_content_with_what_is_right() -> None:
    """One delivered, one suppressed by it."""
    assert not any(verify(EVENTS, *RIGHT).summary.values())


@pytest.mark.parametrize("finding", WRONG)
def test_the_verifier_sees(finding: str) -> None:
    """Each kind of wrong is found in ledgers that hold it."""
    assert 0 < verify(EVENTS, *WRONG[finding]).summary[finding]


def test_the_first_terminal_report_stands() -> None:
    """A report that a crash repeated changes nothing; one that failed is not terminal."""
    reported = [report("m1", "failed"), *RIGHT[0], report("m1", "delivered"), report("m2", "delivered")]
    assert not any(verify(EVENTS, reported, RIGHT[1]).summary.values())


def test_the_ledger_tells_when_each_request_left(tmp_path: Path) -> None:
    """Two processes drain twelve orders at the account's rate; each is executed, and no request is missing."""
    found = one_account(tmp_path / "account", workers=2, events=12)
    assert [12, 12 + found["refused"]] == [found["executed"], len(left(tmp_path / "account"))]
