"""One of the two configurations: what it makes of an event, without sending anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from destination_actions.config import Config
from destination_actions.events import Event
from destination_actions.outcomes import Filtered
from destination_actions.plugins import load_destination
from destination_actions.runtime import AsyncRuntime, Plan, Subscription
from destination_actions.runtime.keys import delivery_key, window_key
from destination_actions.runtime.prepare import Prepared, prepare
from destination_actions.testing.conformance.profile import profile_of
from destination_actions.testing.harness import Harness
from destination_actions.testing.scripted import Reply, SentRequest

Name: TypeAlias = tuple[str, str]
"""A configured destination and the id of one of its subscriptions."""

FIRES: Final = "fires"
ABSENT: Final = "absent"
_SECRET: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of an event: `fires`, or the outcome that ends its way, or `absent` without such a subscription."""

    kind: str
    prepared: Prepared | None = field(default=None, repr=False)


NOTHING: Final = Decision(ABSENT)


class Side:
    """A configuration at work over events in their order; every delivery counts as executed, and opens its window."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.plan: Plan = AsyncRuntime.from_config(config, watchdog=None).plan
        self._windows: dict[str, float] = {}
        self._seen: set[str] = set()
        self._dry: dict[Name, _Dry] = {}

    def decisions(self, event: Event, now: float) -> dict[Name, Decision]:
        """What each subscription makes of an event that comes at a moment."""
        candidates = self.plan.candidates(event)
        found: dict[Name, Decision] = {}
        for at, subscription in enumerate(self.plan.subscriptions):
            name = (subscription.lane.name, subscription.id)
            found[name] = self._decision(subscription, event, now) if at in candidates else _FILTERED
        return found

    def _decision(self, subscription: Subscription, event: Event, now: float) -> Decision:
        result = prepare(subscription, event, str(event["messageId"]))
        if not isinstance(result, Prepared):
            return _FILTERED if isinstance(result, Filtered) else Decision(result.outcome)
        return self._claimed(result, now)

    def _claimed(self, prepared: Prepared, now: float) -> Decision:
        subscription, cooldown = prepared.subscription, prepared.cooldown
        delivery = delivery_key(prepared.message_id, subscription.lane.name, subscription.id)
        if delivery in self._seen:
            return Decision("repeated", prepared)
        if cooldown is not None and cooldown.seconds:
            key = window_key(_SECRET, subscription.lane.destination.slug, cooldown, delivery)
            if now < self._windows.get(key, float("-inf")):
                return Decision("suppressed", prepared)
            self._windows[key] = now + cooldown.seconds
        self._seen.add(delivery)
        return Decision(FIRES, prepared)

    def requests(self, prepared: Prepared) -> list[SentRequest]:
        """The requests that performing makes, against an API that takes everything."""
        name = (prepared.subscription.lane.name, prepared.subscription.id)
        if name not in self._dry:
            self._dry[name] = _Dry(self._config, prepared.subscription)
        return self._dry[name].requests(prepared.event)

    def close(self) -> None:
        """Close what performing needed."""
        for dry in self._dry.values():
            dry.close()


_FILTERED: Final = Decision("filtered")


class _Dry:
    """One subscription in a runtime of its own, without cooldown, whose API takes everything."""

    def __init__(self, config: Config, subscription: Subscription) -> None:
        action = replace(subscription.action, cooldown=None)
        alone = replace(subscription, action=action)
        self._harness = Harness.from_config(
            config, api=_replies(subscription), replan=lambda plan, _: plan.with_subscriptions([alone])
        )

    def requests(self, event: Event) -> list[SentRequest]:
        """What goes out for an event."""
        harness = self._harness
        harness.run(harness.runtime.send(event))
        found = list(harness.requests)
        harness.requests.clear()
        harness.api.exchanges.clear()
        return found

    def close(self) -> None:
        """Close the runtime."""
        self._harness.close()


def _replies(subscription: Subscription) -> Iterable[Reply]:
    destination = load_destination(subscription.lane.destination.slug)
    yield from (replace(reply, times=None) for reply in profile_of(destination).replies)
    yield Reply(json={}, times=None)


def same_lane(before: Subscription, after: Subscription) -> bool:
    """Whether the same payload makes the same requests: the same action, with the same settings."""
    settings: list[Mapping[str, Any]] = [one.lane.settings.to_json(reveal=True) for one in (before, after)]
    return before.action is after.action and before.sync_mode == after.sync_mode and settings[0] == settings[1]
