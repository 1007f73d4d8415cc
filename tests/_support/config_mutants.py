"""Seeded mistakes in configurations, and whether each breaks what worked: the events decide, not the checker."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from destination_actions.config import Config, load_config
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import Outcome
from destination_actions.plugins import Registry, load_destination
from destination_actions.runtime.assemble import registry_for
from destination_actions.runtime.plan import Plan, compile_plan
from destination_actions.runtime.prepare import Prepared, prepare

WRONG_CONSTANTS = ["text", 7, -3, 2.5, True, None, [], ["a", "b"], {"a": 1}, "", "FW", "5551234", 10**9]
LITERALS = ['"abc"', "true", "null", "12", '"1"']


@dataclass(frozen=True)
class Mutant:
    """A configuration with one mistake, and which."""

    kind: str
    what: str
    document: dict[str, Any]


Change = Callable[[dict[str, Any], random.Random, Sequence[str]], str | None]


def subscriptions(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every subscription of a configuration."""
    for lane in document["destinations"].values():
        yield from lane["subscriptions"]


def _mapping(document: dict[str, Any], chance: random.Random) -> tuple[dict[str, Any], list[str]]:
    """A mapping, and the fields of its action."""
    lane = chance.choice(list(document["destinations"].values()))
    one = chance.choice(lane["subscriptions"])
    mapping: dict[str, Any] = one.setdefault("mapping", {})
    return mapping, _fields(lane["destination"], one.get("action"), one.get("preset"))


@cache
def _fields(slug: str, action: str | None, preset: str | None) -> list[str]:
    destination = load_destination(slug)
    found = destination.action(action or destination.preset(preset or "").action)
    return [spec.key for spec in found.payload.fields()]


def constant_of_another_type(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A field gets a constant that may not be its type."""
    mapping, fields = _mapping(document, chance)
    key = chance.choice(fields)
    mapping[key] = chance.choice(WRONG_CONSTANTS)
    return f"{key}: {mapping[key]!r}"


def path_of_another_type(document: dict[str, Any], chance: random.Random, paths: Sequence[str]) -> str | None:
    """A field is mapped from another place of the event."""
    mapping, fields = _mapping(document, chance)
    key = chance.choice(fields)
    mapping[key] = {"@path": chance.choice(paths)}
    return f"{key}: {mapping[key]}"


def directive_of_another_type(document: dict[str, Any], chance: random.Random, paths: Sequence[str]) -> str | None:
    """A field is mapped with a directive that gives another type."""
    mapping, fields = _mapping(document, chance)
    path, key = {"@path": chance.choice(paths)}, chance.choice(fields)
    made: list[dict[str, Any]] = [
        {"@template": f"Order {{{{{path['@path']}}}}}"},
        {"@json": {"value": path, "mode": "encode"}},
        {"@split": {"value": path, "separator": ","}},
        {"@hash": {"value": path}},
        {"@merge": {"objects": [{"a": path}], "direction": "right"}},
        {"@date": {"value": path, "to": "iso8601", "zone": "UTC"}},
        {"@arrayPath": [path, {"x": {"@path": "$.y"}}]},
        {"@if": {"exists": path, "then": [1, 2], "else": {"a": 1}}},
        {"@case": {"operator": "lower", "value": path}},
        {"@number": {"value": path}},
        {"@join": {"items": path}},
        {"@coalesce": [path, {"@path": "$.properties.gone"}]},
    ]
    mapping[key] = chance.choice(made)
    return f"{key}: {mapping[key]}"


def field_left_out(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A field of the mapping is gone."""
    mapping, _ = _mapping(document, chance)
    if not mapping:
        return None
    key = chance.choice(sorted(mapping))
    del mapping[key]
    return key


def name_misspelled(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A key of a subscription or a mapping, an action or a preset is misspelled."""
    one = chance.choice(list(subscriptions(document)))
    holder = chance.choice([one, one.get("mapping") or one])
    key = chance.choice(sorted(holder))
    wrong = key[:-1] + chance.choice("xyz")
    if chance.random() < 0.5 and key in ("action", "preset"):
        holder[key] = holder[key][1:]
        return f"{key}: {holder[key]}"
    holder[wrong] = holder.pop(key)
    return wrong


def path_misspelled(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A word of a trigger's path, or of a text that it compares with, is misspelled."""
    one = chance.choice(list(subscriptions(document)))
    text = one.get("subscribe") or ""
    there = list(re.finditer(r"(?<=properties\.)\w+|\b(event|type) =|(?<=\")[^\"]+(?=\")", text))
    if not there:
        return None
    word = chance.choice(there)
    one["subscribe"] = f"{text[: word.start()]}{chance.choice(['x' + word[0], word[0][1:]])}{text[word.end() :]}"
    return str(one["subscribe"])


def literal_of_another_type(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A trigger compares with a constant of another type."""
    one = chance.choice(list(subscriptions(document)))
    text = one.get("subscribe") or ""
    quoted = text.split('"')[1::2]
    if not quoted:
        return None
    one["subscribe"] = text.replace(f'"{chance.choice(quoted)}"', chance.choice(LITERALS), 1)
    return str(one["subscribe"])


def setting_of_another_type(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A setting gets another type, another name, or is gone."""
    settings = chance.choice(list(document["destinations"].values()))["settings"]
    key = chance.choice(sorted(settings))
    old = settings.pop(key)
    way = chance.randrange(3)
    settings.update([{}, {key: chance.choice([[], {}, [1, 2], "x y"])}, {key + "s": old}][way])
    return f"{key}: {settings.get(key)!r}"


CHANGES: tuple[Change, ...] = (
    constant_of_another_type,
    path_of_another_type,
    directive_of_another_type,
    field_left_out,
    name_misspelled,
    path_misspelled,
    literal_of_another_type,
    setting_of_another_type,
)


def mutants(document: dict[str, Any], paths: Sequence[str], count: int, seed: int) -> Iterator[Mutant]:
    """Give configurations with one mistake each."""
    chance = random.Random(seed)
    for number in range(count):
        change = CHANGES[number % len(CHANGES)]
        changed = copy.deepcopy(document)
        what = change(changed, chance, paths)
        if what is not None and changed != document:
            yield Mutant(change.__name__, what, changed)


def plan_of(path: Path) -> Plan | None:
    """The compiled configuration, or None where the runtime refuses it."""
    try:
        config = load_config(path)
        registry = _registry(tuple(part.destination for part in config.destinations), config)
        return compile_plan(config, registry, registry.plugins.directives())
    except ConfigurationError:
        return None


_REGISTRIES: dict[tuple[str, ...], Registry] = {}


def _registry(slugs: tuple[str, ...], config: Config) -> Registry:
    """The plugins of some destinations: finding them takes longer than compiling the mutant."""
    if slugs not in _REGISTRIES:
        _REGISTRIES[slugs] = registry_for(config, None, ())
    return _REGISTRIES[slugs]


def endings(plan: Plan, events: Sequence[Mapping[str, Any]]) -> list[Prepared | Outcome]:
    """What every subscription makes of every event: what it would perform, or why it would not."""
    return [prepare(one, dict(event), str(event["messageId"])) for one in plan.subscriptions for event in events]


def is_broken(original: Sequence[Prepared | Outcome], mutant: Sequence[Prepared | Outcome] | None) -> bool:
    """Whether the mistake makes some event that was valid invalid, or not trigger, or the runtime refuse it all."""
    if mutant is None:
        return True
    pairs = zip(original, mutant, strict=True)
    return any(isinstance(old, Prepared) and not isinstance(new, Prepared) for old, new in pairs)
