"""Running both configurations over the same events, and telling where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from typing import Any

from destination_actions.config import Config
from destination_actions.events import MISSING, Event
from destination_actions.http import Redactor
from destination_actions.runtime.prepare import Prepared
from destination_actions.testing.backtest.fields import changes
from destination_actions.testing.backtest.report import Report, SubscriptionReport
from destination_actions.testing.backtest.side import FIRES, NOTHING, Decision, Name, Side, same_lane
from destination_actions.testing.cases.matching import same


def backtest(
    before: Config, after: Config, events: Iterable[Event], *, names: tuple[str, str] = ("before", "after")
) -> Report:
    """Compare what two configurations make of events. Raises `ConfigurationError` when one of them is wrong.

    Each event comes at its `timestamp`, and never before the one that came last. `names` are those of the report.
    """
    sides = Side(before), Side(after)
    with ExitStack() as stack:
        for side in sides:
            stack.callback(side.close)
        comparison = _Comparison(sides, Report(*names))
        for event in events:
            comparison.add(event)
    return comparison.report


class _Comparison:
    """Both sides at work."""

    def __init__(self, sides: tuple[Side, Side], report: Report) -> None:
        self._sides = sides
        self.report = report
        self._now = float("-inf")
        names = [(one.lane.name, one.id) for side in sides for one in side.plan.subscriptions]
        report.subscriptions.update({name: SubscriptionReport() for name in names})
        self._alike: Callable[[Name], bool] = cache(self._same_lane)

    def add(self, event: Event) -> None:
        """Take one event through both sides."""
        self.report.events += 1
        self._now = max(self._now, _moment(event))
        before, after = (side.decisions(event, self._now) for side in self._sides)
        for name, one in self.report.subscriptions.items():
            self._compare(name, one, (before.get(name, NOTHING), after.get(name, NOTHING)), str(event["messageId"]))

    def _compare(self, name: Name, one: SubscriptionReport, found: tuple[Decision, Decision], message: str) -> None:
        before, after = found
        one.before[before.kind] += 1
        one.after[after.kind] += 1
        if before.kind != after.kind:
            one.move(before.kind, after.kind, message)
        elif before.kind == FIRES and before.prepared is not None and after.prepared is not None:
            self._requests(name, one, before.prepared, after.prepared)

    def _requests(self, name: Name, one: SubscriptionReport, before: Prepared, after: Prepared) -> None:
        payloads: list[Any] = [prepared.payload.to_json(reveal=True) for prepared in (before, after)]
        if self._alike(name) and same(*payloads):
            return
        requests = [side.requests(prepared) for side, prepared in zip(self._sides, (before, after), strict=True)]
        found = changes(*requests)
        if found:
            redactors = [prepared.subscription.lane.redactor for prepared in (before, after)]
            one.change(before.message_id, [(path, *map(_redacted(redactors), values)) for path, *values in found])

    def _same_lane(self, name: Name) -> bool:
        before, after = (side.plan.subscription(*name) for side in self._sides)
        return before is not None and after is not None and same_lane(before, after)


def _redacted(redactors: Iterable[Redactor]) -> Callable[[Any], Any]:
    """Values without the secrets of either side."""

    def redacted(value: Any) -> Any:
        for redactor in redactors if value is not MISSING else ():
            value = redactor.json(value)
        return value

    return redacted


def _moment(event: Event) -> float:
    """When an event came, in seconds since 1970; before everything else where it does not say."""
    try:
        return datetime.fromisoformat(str(event.get("timestamp"))).timestamp()
    except ValueError:
        return float("-inf")
