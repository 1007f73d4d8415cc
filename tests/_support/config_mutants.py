"""Seeded mistakes in configurations, and whether each breaks what worked: the events decide, not the checker."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from destination_actions.config import load_config
from destination_actions.errors import ConfigurationError
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


def _mapping(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = chance.choice(list(subscriptions(document)))["mapping"]
    return found


def constant_of_another_type(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A field gets a constant that may not be its type."""
    mapping = _mapping(document, chance)
    key = chance.choice(sorted({*mapping, "to", "coolingOffPeriod", "userId"}))
    mapping[key] = chance.choice(WRONG_CONSTANTS)
    return f"{key}: {mapping[key]!r}"


def path_of_another_type(document: dict[str, Any], chance: random.Random, paths: Sequence[str]) -> str | None:
    """A field is mapped from another place of the event."""
    mapping = _mapping(document, chance)
    key = chance.choice(["flowSid", "from", "coolingOffPeriod", "to", "parameters", "userId", "eventName"])
    mapping[key] = {"@path": chance.choice(paths)}
    return f"{key}: {mapping[key]}"


def directive_of_another_type(document: dict[str, Any], chance: random.Random, paths: Sequence[str]) -> str | None:
    """A field is mapped with a directive that gives another type."""
    mapping, path = _mapping(document, chance), {"@path": chance.choice(paths)}
    key = chance.choice(["flowSid", "from", "coolingOffPeriod", "to", "parameters"])
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
    ]
    mapping[key] = chance.choice(made)
    return f"{key}: {mapping[key]}"


def field_left_out(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A field of the mapping is gone."""
    mapping = _mapping(document, chance)
    key = chance.choice(sorted(mapping))
    del mapping[key]
    return key


def name_misspelled(document: dict[str, Any], chance: random.Random, _paths: Sequence[str]) -> str | None:
    """A key of a subscription or a mapping, an action or a preset is misspelled."""
    one = chance.choice(list(subscriptions(document)))
    holder = chance.choice([one, one["mapping"]])
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
    text = one.get("subscribe")
    words = ("event =", "properties.", "type =", "Completed", "Delivered", "Support", "confirmed")
    there = [word for word in words if text and word in text]
    if not there:
        return None
    word = chance.choice(there)
    one["subscribe"] = text.replace(word, word[1:] if word[0].isupper() else f"x{word}")
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
        registry = registry_for(config, None, ())
        return compile_plan(config, registry, registry.plugins.directives())
    except ConfigurationError:
        return None


def payloads(plan: Plan, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """What every subscription would perform for every event; None where it would not."""
    found: list[dict[str, Any] | None] = []
    for one in plan.subscriptions:
        for event in events:
            prepared = prepare(one, dict(event), str(event["messageId"]))
            found.append(prepared.payload.to_json() if isinstance(prepared, Prepared) else None)
    return found


def is_broken(original: Plan, mutant: Plan | None, events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the mistake makes some event that was valid invalid, or not trigger, or the runtime refuse it all."""
    if mutant is None:
        return True
    before, after = payloads(original, events), payloads(mutant, events)
    pairs = zip(before, after, strict=True)
    return any(old is not None and new is None for old, new in pairs)
