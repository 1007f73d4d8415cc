"""Ingest, workers and sandbox are killed, and four ledgers balance; a balance that is out is seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from crash_balance import Ledgers, balanced
from crash_points import POINTS
from crash_world import FLOW, SUBSCRIPTION, SURVEY, SURVEY_FLOW

HARNESS = Path(__file__).with_name("crash_all.py")


def test_four_ledgers_balance() -> None:
    """Kills at named points and at random, in every role: nothing is lost, nothing done twice, no status is false."""
    options = ("--events", "100", "--kills", "10", "--keys", "20", "--every", "0.15")
    done = subprocess.run([sys.executable, str(HARNESS), *options], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "as it should be" in done.stdout


def test_there_are_enough_points() -> None:
    """Every place between two steps where a process can die has a name; no name stands twice."""
    names = [point for points in POINTS.values() for point in points]
    assert len(names) == len(set(names))
    assert 11 <= len(names)


# --- the balance -----------------------------------------------------------------------------------------------------


def event(message: str, user: str = "u", period: int = 10, survey: bool = False) -> dict[str, Any]:
    """An accepted event."""
    properties = {"period": period, "survey": survey}
    return {"type": "track", "messageId": message, "userId": user, "properties": properties}


def ended(
    message: str, state: str, at: float, by: str | None = None, subscription: str = SUBSCRIPTION
) -> dict[str, Any]:
    """One row of the ledger."""
    key = f"{message}/{subscription}"
    return {"key": key, "messageId": message, "subscription": subscription, "state": state, "at": at, "by": by}


def executed(message: str, at: float, flow: str = FLOW) -> dict[str, Any]:
    """One execution of the other side."""
    key = f"{message}/{SUBSCRIPTION if flow == FLOW else SURVEY}"
    return {"flow": flow, "at": at, "data": {"messageId": message, "deliveryKey": key}}


def asked(message: str, at: float, subscription: str = SUBSCRIPTION) -> dict[str, Any]:
    """One request to the other side."""
    return {"deliveryKey": f"{message}/{subscription}", "at": at}


RIGHT = Ledgers(
    accepted=[event("m1", survey=True), event("m2"), event("m3", period=-1), event("m1", survey=True)],
    ended=[
        ended("m1", "delivered", 2.0),
        ended("m1", "delivered", 2.5, subscription=SURVEY),
        ended("m2", "suppressed", 3.0, by="m1"),
        ended("m3", "invalid", 1.0),
    ],
    requests=[asked("m1", 0.5), asked("m1", 1.0), asked("m1", 1.5, SURVEY)],
    executions=[executed("m1", 1.0), executed("m1", 1.5, SURVEY_FLOW)],
    tallies={"delivered": 2, "suppressed": 1, "invalid": 1},
)


def without(name: str, at: int) -> Callable[[Ledgers], Ledgers]:
    """Take one line out of a ledger."""
    return lambda all_: replace(all_, **{name: [one for n, one in enumerate(getattr(all_, name)) if n != at]})


def added(name: str, *ones: Any) -> Callable[[Ledgers], Ledgers]:
    """Put lines into a ledger."""
    return lambda all_: replace(all_, **{name: [*getattr(all_, name), *ones]})


def changed(at: int, **members: Any) -> Callable[[Ledgers], Ledgers]:
    """Change a row of the ledger."""

    def change(all_: Ledgers) -> Ledgers:
        rows = deepcopy(list(all_.ended))
        rows[at] |= members
        return replace(all_, ended=rows)

    return change


WRONG: dict[str, tuple[str, Callable[[Ledgers], Ledgers]]] = {
    "an event without an end": ("lost", without("ended", 2)),
    "one of two deliveries without an end": ("lost", without("ended", 1)),
    "a delivery that still waits": ("stuck", added("waiting", "m9/crash")),
    "an end of nobody": ("invented", added("ended", ended("m9", "delivered", 1.0))),
    "an execution of nobody": ("invented", added("executions", executed("m9", 1.0))),
    "a survey that the event does not want": ("invented", added("executions", executed("m2", 1.0, SURVEY_FLOW))),
    "an execution twice": ("duplicates", added("executions", executed("m1", 500.0))),
    "a survey twice": ("duplicates", added("executions", executed("m1", 1.6, SURVEY_FLOW))),
    "two within a period": ("window_violations", added("executions", executed("m2", 10.9))),
    "suppressed by nobody": ("unjustified_suppressions", changed(2, by=None)),
    "suppressed by itself": ("unjustified_suppressions", changed(2, by="m2")),
    "suppressed by what was not executed": ("unjustified_suppressions", changed(2, by="m3")),
    "suppressed and executed": ("false_statuses", added("executions", executed("m2", 60.0))),
    "delivered and not executed": ("false_statuses", without("executions", 0)),
    "executed without an end": ("false_statuses", without("ended", 0)),
    "dead": ("wrong_ends", changed(2, state="dead")),
    "valid and reported invalid": ("wrong_ends", changed(2, state="invalid")),
    "not valid and suppressed": ("wrong_ends", changed(3, state="suppressed", by="m1")),
    "an execution without a request": ("unasked", without("requests", 2)),
    "a request after the end": ("asked_afterwards", added("requests", asked("m1", 2.1))),
    "a tally that counts one too many": ("tallies", lambda all_: replace(all_, tallies=all_.tallies | {"dead": 1})),
    "a tally that misses one": ("tallies", without("ended", 3)),
}


def test_what_is_right_balances() -> None:
    """One delivered after two requests, one suppressed by it, a survey, one not valid, and one accepted twice."""
    assert not any(asdict(balanced(RIGHT)).values())


@pytest.mark.parametrize("wrong", WRONG)
def test_the_balance_sees(wrong: str) -> None:
    """Each kind of wrong is found in ledgers that hold it."""
    finding, harm = WRONG[wrong]
    assert asdict(balanced(harm(RIGHT)))[finding]


def test_every_finding_is_seen_once() -> None:
    """No finding is without a case."""
    assert set(asdict(balanced(RIGHT))) == {finding for finding, _ in WRONG.values()}


def test_points_are_told_by_their_names() -> None:
    """A statement's point is a point of a role."""
    from crash_points import STATEMENTS, WITHIN

    names = {point for points in POINTS.values() for point in points}
    assert {*STATEMENTS.values(), *WITHIN.values()} <= names
