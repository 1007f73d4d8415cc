"""Questions apart from any event: are the credentials good, what may a field hold, forget this person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from destination_actions.definitions import Check as Found
from destination_actions.definitions import ChoicePage
from destination_actions.errors import ConfigurationError
from destination_actions.testing.conformance.bench import Subject, Trial
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.secrecy import Detector
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.scripted import Reply

OK: Final = Reply(status=200, json={"ok": True, "data": []}, times=None)
BAD: Final = {
    "401": Reply(status=401, json={"message": "no"}, times=None),
    "403": Reply(status=403, times=None),
    "refused": Reply(fault="refused", times=None),
    "reset": Reply(fault="reset", times=None),
    "silence": Reply(fault="silence", times=None),
    "500": Reply(status=500, body="<html>", times=None),
}


def _asked(subject: Subject, reply: Reply) -> tuple[Trial, list[Any]]:
    authentication = subject.destination.authentication
    if authentication is None or authentication.test is None:
        raise NotApplicable("it has no test of its credentials")
    with subject.benches()[0].open(reply) as trial:
        with trial.watching():
            found = trial.harness.run(trial.harness.runtime.test_authentication())
        return trial, [check for checks in found.values() for check in checks]


def good_credentials(subject: Subject) -> Iterable[str]:
    """Where the API takes the credentials, every check says so, by name."""
    _, checks = _asked(subject, OK)
    for check in checks:
        if not isinstance(check, Found):
            yield f"it gives a {type(check).__name__}, not a Check"
        elif not check.name:
            yield "a check has no name"


def only_reads(subject: Subject) -> Iterable[str]:
    """The test changes nothing at the other side."""
    trial, _ = _asked(subject, OK)
    if trial.effects:
        yield f"{trial.effects[0].method} {trial.effects[0].address} went out through ctx.send"
    wrong = [one for one in trial.reads if one.method not in {"GET", "HEAD", "POST"}]
    yield from (f"{one.method} {one.address} is no read" for one in wrong)


def _bad(subject: Subject, reply: Reply) -> Iterable[str]:
    trial, checks = _asked(subject, reply)
    if not trial.reads:
        raise NotApplicable("it asks no API")
    failed = [check for check in checks if isinstance(check, Found) and not check.ok]
    if not failed and reply.status in {401, 403}:
        yield "every check is ok"
    if not failed and reply.fault is not None:
        yield "every check is ok, though nothing answered"
    for check in failed:
        if not check.message.strip():
            yield f'the check "{check.name}" does not say what to do'
        if "the plugin raised" in check.message or "plugin" in check.name:
            yield f'the check "{check.name}" is an exception: {check.message}'


def hides(subject: Subject) -> Iterable[str]:
    """No check shows a secret."""
    detector = Detector(subject)
    for reply in (OK, *BAD.values()):
        trial, checks = _asked(subject, reply)
        if any(detector.finds(f"{check!r}") for check in checks) or detector.finds(trial.printed.getvalue()):
            yield f"on {reply.fault or reply.status} one does"


def offered(subject: Subject) -> Iterable[str]:
    """Functions that fetch choices give a page, or say why not, whatever the API answers."""
    asked = [(action, key) for action in subject.destination.actions for key in action.choices]
    if not asked:
        raise NotApplicable("it offers no choices")
    for action, key in asked:
        for reply in (OK, Reply(status=200, json=None, times=None), *BAD.values()):
            with subject.benches()[0].open(reply) as trial, trial.watching():
                name = trial.harness.runtime.plan.lanes[0].name
                try:
                    page = trial.harness.run(trial.harness.runtime.choices(name, action.slug, key))
                except ConfigurationError as error:
                    if "raised" in str(error):
                        yield f"{action.slug}.{key} on {reply.fault or reply.status}: {error}"
                    continue
                if not isinstance(page, ChoicePage):
                    yield f"{action.slug}.{key} gives a {type(page).__name__}"


def forgets(subject: Subject) -> Iterable[str]:
    """A person that is to be forgotten is so by one effect, and a failure is told."""
    if subject.destination.on_delete is None:
        raise NotApplicable("it has no on_delete")
    event = {"type": "delete", "messageId": "d1", "userId": "conformance-user"}
    for status, wanted in ((200, {"delivered"}), (500, {"failed", "unknown"}), (400, {"rejected", "failed"})):
        with subject.benches()[0].open(Reply(status=status, json={}, times=None)) as trial:
            with trial.watching():
                outcomes = trial.harness.run(trial.harness.runtime.delete(event))
            said = {outcome.outcome for outcome in outcomes}
            if not said <= wanted:
                yield f"on {status} it is {' and '.join(sorted(said - wanted))}"
            if len(trial.effects) != 1:
                yield f"on {status} {len(trial.effects)} effects went out"


def _check(name: str, reply: Reply) -> Check[Subject]:
    complaints: Callable[[Subject], Iterable[str]] = partial(_bad, reply=reply)
    fact = f"When the API gives {name}, the test of the credentials says what to do, and raises nothing."
    return Check(f"authentication.{name}", Level.SILVER, complaints, fact)


CHECKS: Final = (
    Check("authentication.ok", Level.SILVER, good_credentials),
    Check("authentication.only-reads", Level.BRONZE, only_reads),
    *(_check(name, reply) for name, reply in BAD.items()),
    Check("authentication.hides", Level.BRONZE, hides),
    Check("authentication.choices", Level.SILVER, offered),
    Check("authentication.forgets", Level.SILVER, forgets),
)
