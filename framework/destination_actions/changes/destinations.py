"""Changes of a destination: its names, settings, actions and presets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destination_actions.changes.fields import field_changes
from destination_actions.changes.model import SEVERITIES, Change, Severity

Description = Mapping[str, Any]


def changes_between(old: Description, new: Description) -> tuple[Change, ...]:
    """Give every change from one description to another, the serious ones first."""
    found = [*_names(old, new), *_authentication(old, new)]
    found += field_changes("settings", old["settings"]["fields"], new["settings"]["fields"])
    found += _actions(old, new)
    found += _presets(old, new)
    return tuple(sorted(found, key=lambda change: SEVERITIES.index(change.severity)))


def _names(old: Description, new: Description) -> Iterator[Change]:
    before, after = ({one["slug"], *one["aliases"]} for one in (old, new))
    for name in sorted(before - after):
        yield Change("name-removed", "breaking", "slug", f'it is not found as "{name}" any more')
    for name in sorted(after - before):
        yield Change("name-added", "compatible", "aliases", f'it is found as "{name}" too')
    if (old["name"], old["description"]) != (new["name"], new["description"]):
        yield Change("words-changed", "compatible", "name", "its name or description has changed")


def _authentication(old: Description, new: Description) -> Iterator[Change]:
    one, other = old["authentication"], new["authentication"]
    if one["scheme"] != other["scheme"]:
        message = f"it authenticated by {one['scheme']}, and does by {other['scheme']} now"
        yield Change("authentication-changed", "risky", "authentication", message)
    if one["test"] and not other["test"]:
        yield Change("test-removed", "risky", "authentication", "its credentials cannot be tried any more")


def _actions(old: Description, new: Description) -> Iterator[Change]:
    before, after = ({action["slug"]: action for action in one["actions"]} for one in (old, new))
    for slug in [*before, *(slug for slug in after if slug not in before)]:
        at = f"actions.{slug}"
        if slug not in after:
            yield Change("action-removed", "breaking", at, f'the action "{slug}" is gone')
        elif slug not in before:
            yield Change("action-added", "compatible", at, f'the action "{slug}" is new')
        else:
            yield from _action(at, before[slug], after[slug])


def _action(at: str, old: Description, new: Description) -> Iterator[Change]:
    one, other = old["defaultSubscription"], new["defaultSubscription"]
    if one != other:
        severity: Severity = "breaking" if other is None else "risky" if one is not None else "compatible"
        message = f"its default trigger was {one or 'none'}, and is {other or 'none'} now"
        yield Change("default-trigger-changed", severity, at, message)
    for word, what in (("cooldown", "a cooldown"), ("batch", "batches"), ("reconcile", "a way to reconcile")):
        if old[word] != new[word]:
            yield Change(f"{word}-changed", "risky", at, f"it {'has' if new[word] else 'no longer has'} {what}")
    if new["hidden"] and not old["hidden"]:
        yield Change("hidden", "compatible", at, "it is hidden in forms now")
    if any(old[word] != new[word] for word in ("title", "description")):
        yield Change("words-changed", "compatible", at, "its title or description has changed")
    yield from field_changes(f"{at}.fields", old["payload"]["fields"], new["payload"]["fields"])


def _presets(old: Description, new: Description) -> Iterator[Change]:
    before, after = ({preset["name"]: preset for preset in one["presets"]} for one in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        at = f'presets["{name}"]'
        if name not in after:
            message = f'the preset "{name}" is gone: subscriptions that name it do not load'
            yield Change("preset-removed", "breaking", at, message)
        elif name not in before:
            yield Change("preset-added", "compatible", at, f'the preset "{name}" is new')
        elif any(before[name][word] != after[name][word] for word in ("action", "subscribe", "mapping")):
            yield Change("preset-changed", "risky", at, "its action, trigger or mapping has changed")
