"""Running a case: the whole path of its events in the real runtime, and what is not as expected."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from destination_actions.errors import ConfigurationError, Place
from destination_actions.outcomes import Outcome, iso
from destination_actions.testing.cases.bench import harness_of
from destination_actions.testing.cases.compare import Seen, compared
from destination_actions.testing.cases.matching import Difference
from destination_actions.testing.cases.model import Case, Step
from destination_actions.testing.cases.names import check_names
from destination_actions.testing.cases.pieces import Piece
from destination_actions.testing.cases.requests import replies_of
from destination_actions.testing.cases.trace import Found, found_of
from destination_actions.testing.harness import Harness, Replan
from destination_actions.testing.scripted import Reply, SentRequest


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference: in which step (from 1), where in the file the expectation stands, and what it is."""

    step: int
    pointer: str
    place: Place
    difference: Difference


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case: its failures, what happened step by step, and the real seconds that it took.

    `broken` is set instead when the case itself is wrong, so that nothing was compared.
    """

    case: Case
    failures: tuple[Failure, ...] = ()
    log: tuple[str, ...] = ()
    seconds: float = 0.0
    broken: ConfigurationError | None = None

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return self.broken is None and not self.failures


def run_case(case: Case, *, replan: Replan | None = None) -> Result:
    """Run one case. Never raises for what the case says; a fault of the plugin is an outcome.

    `replan` may change the compiled plan first.
    """
    started = time.perf_counter()
    try:
        with harness_of(case, replan=replan) as harness:
            run = _Run(case, harness)
            run.all()
    except ConfigurationError as error:
        return Result(case, seconds=time.perf_counter() - started, broken=error)
    return Result(case, tuple(run.failures), tuple(run.log), time.perf_counter() - started)


class _Run:
    """The steps of one case."""

    def __init__(self, case: Case, harness: Harness) -> None:
        self._case = case
        self._harness = harness
        self._begun = 0
        self.failures: list[Failure] = []
        self.log: list[str] = []

    def all(self) -> None:
        """Run every step, then see whether the script was used."""
        script = self._scripted(self._case.api)
        for number, step in enumerate(self._case.steps, 1):
            self._step(number, step)
        self._unused(len(self._case.steps), script)

    def _step(self, number: int, step: Step) -> None:
        harness = self._harness
        harness.wait(step.wait)
        script = self._scripted(step.api)
        events = [harness.numbered(event) for event in step.events]
        effects, requests, unscripted = harness.effects, len(harness.requests), len(harness.api.unscripted)
        self._begin(number, events)
        found = found_of(harness, events, step)
        seen = Seen(found, harness.requests[requests:], harness.effects > effects)
        self._happened(requests, found)
        self._compare(number, step, seen)
        for request in harness.api.unscripted[unscripted:]:
            self._fail(number, step.expect, self._no_reply(request))
        self._unused(number, script)

    def _scripted(self, api: Piece | None) -> list[Reply]:
        replies = replies_of(api, times=1)
        self._harness.api.script(replies)
        return replies

    def _compare(self, number: int, step: Step, seen: Seen) -> None:
        if step.expect is None:
            return
        expect = step.expect
        check_names(self._case, expect, self._harness.runtime.plan)
        for difference in compared(expect.plain(), seen):
            self._fail(number, expect, difference)

    def _fail(self, number: int, expect: Piece | None, difference: Difference) -> None:
        pointer = expect.find(difference.pointer).pointer if expect else ""
        place = self._case.locate(pointer) if pointer else self._case.place
        self.failures.append(Failure(number, pointer, place, difference))

    def _no_reply(self, request: SentRequest) -> Difference:
        known = ", ".join(dict.fromkeys(str(reply.on or "any request") for reply in self._harness.api.replies))
        note = f"no reply is left for {request.method} {request.url}; the script answers {known or 'nothing'}"
        return Difference("", None, None, note)

    def _unused(self, number: int, script: list[Reply]) -> None:
        unused = self._harness.api.unused()
        for reply in script:
            if any(reply is one for one in unused):
                note = "this reply was not asked for"
                difference = Difference("", None, None, note)
                self.failures.append(Failure(number, reply.name, self._case.locate(reply.name), difference))

    # --- what happened -----------------------------------------------------------------------------------------------

    def _begin(self, number: int, events: list[Mapping[str, Any]]) -> None:
        names = ", ".join(f"{event['messageId']} ({_kind(event)})" for event in events)
        self.log.append(f"step {number}, {iso(self._harness.clock.now())}: {names}")

    def _happened(self, requests: int, found: list[dict[str, Found]]) -> None:
        for sent, reply in self._harness.api.exchanges[requests:]:
            answer = "no reply" if reply is None else reply.fault or str(reply.status)
            self.log.append(f"  {sent.method} {sent.url} -> {answer}")
        for one in found:
            for name, each in one.items():
                self.log.append(f"  {name}: {_shown(each.outcome)}")


def _kind(event: Mapping[str, Any]) -> str:
    return " ".join(str(event[key]) for key in ("type", "event", "name") if event.get(key))


def _shown(outcome: Outcome | None) -> str:
    if outcome is None:
        return "no outcome"
    return f"{outcome.outcome}, {outcome.summary()}" if outcome.summary() else outcome.outcome
