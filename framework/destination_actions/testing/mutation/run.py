"""Running cases against mutants: which of them no case notices, and which cases notice nothing.

A mutant is run only with cases whose events it makes a difference to; the pure path of an event tells that without
sending anything. It is done with when one case has failed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from destination_actions.events import Event
from destination_actions.mapping import Directive
from destination_actions.outcomes import Problem
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.runtime.prepare import resolved
from destination_actions.subscriptions import Expression
from destination_actions.testing.cases.model import Case
from destination_actions.testing.cases.run import Result, run_case
from destination_actions.testing.mutation.clauses import always, never
from destination_actions.testing.mutation.mutants import TRIGGER, Breeder, Mutant, Variant

Advance = Callable[[int, int], None]
"""Told how many mutants are done, of how many."""


def unheard(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case noticed. `reached`: it made a difference to some event, which nothing asserts."""

    mutant: Mutant
    reached: bool


@dataclass(frozen=True, slots=True)
class MutationReport:
    """What became of the mutants of some cases.

    `unasserted` are destination, action and field where every mutant survived; `toothless` are cases that pass whatever
    happens to their subscriptions.
    """

    total: int
    survivors: tuple[Survivor, ...] = ()
    unasserted: tuple[tuple[str, str, str], ...] = ()
    toothless: tuple[Case, ...] = ()

    @property
    def killed(self) -> int:
        """How many mutants some case noticed."""
        return self.total - len(self.survivors)

    @property
    def score(self) -> float:
        """The share that was noticed, from 0 to 1; 1 where there was nothing to change."""
        return self.killed / self.total if self.total else 1.0


def mutation_of(cases: Sequence[Case], advance: Advance = unheard) -> MutationReport:
    """Run cases that pass against every mutant of their subscriptions."""
    benches = [_Bench(case) for case in cases]
    mutants: dict[Mutant, list[tuple[_Bench, list[Variant]]]] = {}
    breeder = Breeder()
    for bench in benches:
        for mutant, variants in bench.mutants(breeder).items():
            mutants.setdefault(mutant, []).append((bench, variants))
    survivors: list[Survivor] = []
    for done, (mutant, places) in enumerate(mutants.items(), 1):
        reached = [(bench, variants) for bench, variants in places if bench.differs(variants)]
        reached.sort(key=lambda place: -place[0].kills)
        if not any(bench.kills_one(variants) for bench, variants in reached):
            survivors.append(Survivor(mutant, bool(reached)))
        advance(done, len(mutants))
    toothless = tuple(bench.case for bench in benches if not bench.has_teeth(mutants))
    return MutationReport(len(mutants), tuple(survivors), tuple(_unasserted(mutants, survivors)), toothless)


def _unasserted(mutants: Mapping[Mutant, Any], survivors: Sequence[Survivor]) -> Iterator[tuple[str, str, str]]:
    """The fields all of whose mutants survived."""
    alive = {survivor.mutant for survivor in survivors}
    fields: dict[tuple[str, str, str], bool] = defaultdict(lambda: True)
    for mutant in mutants:
        if mutant.where != TRIGGER:
            fields[mutant.destination, mutant.action, mutant.name] &= mutant in alive
    yield from (name for name, survived in fields.items() if survived)


@dataclass(slots=True)
class _Bench:
    """One case, its compiled plan, and what its events come to."""

    case: Case
    kills: int = 0
    plan: Plan = field(init=False)
    _directives: Mapping[str, Directive] = field(init=False)
    _events: tuple[Event, ...] = field(init=False)
    _views: dict[int, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Run the case as it is, to have its plan."""
        self._run(self._keep)
        self._events = tuple(_events_of(self.case))

    def _keep(self, plan: Plan, directives: Mapping[str, Directive]) -> Plan:
        self.plan, self._directives = plan, directives
        return plan

    def _run(self, replan: Callable[[Plan, Mapping[str, Directive]], Plan]) -> Result:
        return run_case(self.case, replan=replan)

    def mutants(self, breeder: Breeder) -> dict[Mutant, list[Variant]]:
        """The mutants of this case; one that several of its subscriptions share changes all of them."""
        found: dict[Mutant, list[Variant]] = defaultdict(list)
        for mutant, variant in breeder.variants(self.case, self.plan, self._directives):
            found[mutant].append(variant)
        return found

    def differs(self, variants: Sequence[Variant]) -> bool:
        """Whether a mutant makes a difference to any event of the case, before anything is sent."""
        return any(self._before(variant.at) != self._view(variant.subscription) for variant in variants)

    def _before(self, at: int) -> list[str]:
        if at not in self._views:
            self._views[at] = self._view(self.plan.subscriptions[at])
        return self._views[at]

    def _view(self, subscription: Subscription) -> list[str]:
        return [json.dumps(view_of(subscription, event), default=repr) for event in self._events]

    def kills_one(self, variants: Sequence[Variant]) -> bool:
        """Whether the case fails with a mutant in place."""
        changed = {variant.at: variant.subscription for variant in variants}
        killed = not self._run(lambda plan, _: _replaced(plan, changed)).ok
        self.kills += killed
        return killed

    def has_teeth(self, mutants: Mapping[Mutant, Sequence[tuple[_Bench, list[Variant]]]]) -> bool:
        """Whether anything makes the case fail: it noticed a mutant, or does when all or no events match."""
        if self.kills or self._fails_with(never()) or self._fails_with(always()):
            return True
        own = [variants for places in mutants.values() for bench, variants in places if bench is self]
        return any(self.differs(variants) and self.kills_one(variants) for variants in own)

    def _fails_with(self, expression: Expression) -> bool:
        changed = {at: replace(one, expression=expression) for at, one in enumerate(self.plan.subscriptions)}
        return not self._run(lambda plan, _: _replaced(plan, changed)).ok


def _replaced(plan: Plan, changed: Mapping[int, Subscription]) -> Plan:
    return plan.with_subscriptions(changed.get(at, one) for at, one in enumerate(plan.subscriptions))


def _events_of(case: Case) -> Iterator[Event]:
    """Every event of a case, those on record too, each with a messageId as they have when they are sent."""
    earlier = case.given.get("earlier")
    base = case.given.get("event")
    for piece in earlier.items() if earlier else ():
        own = piece.get("event")
        yield {"messageId": "earlier", **(base.plain() if base else {}), **(own.plain() if own else {})}
    for step in case.steps:
        yield from ({"messageId": "event", **event} for event in step.events)


def view_of(subscription: Subscription, event: Event) -> Any:
    """What an event comes to before anything is sent, as JSON: null where it does not match, else document and payload
    or what is wrong with it; secrets included."""
    if not subscription.expression.matches(event):
        return None
    document = resolved(subscription, event)
    if isinstance(document, Problem):
        return document.to_json()
    try:
        checked = subscription.action.payload.check(document, sync_mode=subscription.sync_mode)
    except Exception as error:  # noqa: BLE001 - validators are the plugin's own code
        return [document, repr(error)]
    if checked.value is None:
        return [document, [[error.pointer, error.code, error.message] for error in checked.errors]]
    return [document, checked.value.to_json(reveal=True)]
