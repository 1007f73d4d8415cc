"""Changes of one field, and of the fields of settings or of an action."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_actions.changes.model import Change, Severity
from destination_actions.events import MISSING

Field = Mapping[str, Any]

_TEXTS: Final = ("string", "text", "password")
_WIDER: Final = {
    ("integer", "number"),
    ("number", "string"),
    ("integer", "string"),
    ("boolean", "string"),
    ("number", "text"),
    ("integer", "text"),
    ("boolean", "text"),
    ("integer", "datetime"),
    *((kind, other) for kind in _TEXTS for other in _TEXTS),
}
"""Types of which every value is a value of the other."""
_LOW: Final = ("minimum", "minItems")
_HIGH: Final = ("maximum", "maxItems")
_WORDS: Final = ("label", "description", "placeholder", "category")


def field_changes(where: str, old: Sequence[Field], new: Sequence[Field]) -> Iterator[Change]:
    """Compare two lists of fields."""
    before, after = ({field["key"]: field for field in fields} for fields in (old, new))
    for key in [*before, *(key for key in after if key not in before)]:
        at = f"{where}.{key}"
        if key not in after:
            yield Change("field-removed", "breaking", at, f'"{key}" is gone: configurations that name it do not load')
        elif key not in before:
            yield _added(at, after[key])
        else:
            yield from _changed(at, before[key], after[key])


def _added(at: str, field: Field) -> Change:
    key = field["key"]
    filled = "default" in field or "defaultMapping" in field
    if field["required"] is True and not filled:
        return Change("required-field-added", "breaking", at, f'"{key}" is new and required, and has no default')
    if field["required"]:
        severity: Severity = "risky"
        return Change("field-added", severity, at, f'"{key}" is new, and required sometimes or filled by a default')
    return Change("field-added", "compatible", at, f'"{key}" is new and may be left out')


def _changed(at: str, old: Field, new: Field) -> Iterator[Change]:
    yield from _type(at, old, new)
    yield from _required(at, old, new)
    yield from _choices(at, old, new)
    yield from _forms(at, old, new)
    yield from _bounds(at, old, new)
    yield from _defaults(at, old, new)
    yield from _flags(at, old, new)
    if "properties" in old or "properties" in new:
        yield from _inner(at, old, new)


def _type(at: str, old: Field, new: Field) -> Iterator[Change]:
    one, other = old["type"], new["type"]
    if one != other:
        if other == "any" or (one, other) in _WIDER:
            yield Change("type-widened", "compatible", at, f"it took {one}, and takes {other} now")
        else:
            yield Change("type-narrowed", "breaking", at, f"it took {one}, and takes {other} now")
    if bool(old.get("multiple")) != bool(new.get("multiple")):
        to = "a list" if new.get("multiple") else "a single value"
        severity: Severity = "risky" if new.get("multiple") else "breaking"
        yield Change("list-changed", severity, at, f"it takes {to} now")


def _required(at: str, old: Field, new: Field) -> Iterator[Change]:
    one, other = old["required"], new["required"]
    if one == other:
        return
    if other is True:
        filled = "default" in new or "defaultMapping" in new
        severity: Severity = "risky" if filled else "breaking"
        yield Change("required-added", severity, at, "it is required now")
    elif other is False or one is True:
        yield Change("required-removed", "compatible", at, "it may be left out now, or sometimes")
    else:
        yield Change("required-changed", "risky", at, "when it is required has changed")


def _choices(at: str, old: Field, new: Field) -> Iterator[Change]:
    one, other = ([choice["value"] for choice in field.get("choices", ())] for field in (old, new))
    gone = [value for value in one if value not in other]
    if other and not one:
        yield Change("choices-added", "breaking", at, f"it takes only {_list(other)} now")
    elif one and not other:
        yield Change("choices-removed", "compatible", at, "it takes any value now")
    elif gone:
        yield Change("choice-removed", "breaking", at, f"it takes {_list(gone)} no more")
    elif added := [value for value in other if value not in one]:
        yield Change("choice-added", "compatible", at, f"it takes {_list(added)} too")


def _forms(at: str, old: Field, new: Field) -> Iterator[Change]:
    for word in ("pattern", "format"):
        one, other = old.get(word), new.get(word)
        if one == other:
            continue
        if other is None:
            yield Change(f"{word}-removed", "compatible", at, f"its {word} {one} is gone")
        else:
            message = f"its {word} was {one}, and is {other} now" if one else f"it has the {word} {other} now"
            yield Change(f"{word}-changed", "breaking", at, message)


def _bounds(at: str, old: Field, new: Field) -> Iterator[Change]:
    for word in (*_LOW, *_HIGH):
        one, other = old.get(word), new.get(word)
        if one == other:
            continue
        tighter = other is not None and (one is None or (other > one if word in _LOW else other < one))
        shown = ["none" if bound is None else f"{bound:g}" for bound in (one, other)]
        message = f"its {word} was {shown[0]}, and is {shown[1]} now"
        if tighter:
            yield Change("limit-tightened", "breaking", at, message)
        else:
            yield Change("limit-loosened", "compatible", at, message)


def _defaults(at: str, old: Field, new: Field) -> Iterator[Change]:
    for word, name in (("default", "default"), ("defaultMapping", "default mapping")):
        one, other = old.get(word, MISSING), new.get(word, MISSING)
        if one == other and (one is MISSING) == (other is MISSING):
            continue
        if other is MISSING:
            severity: Severity = "breaking" if new["required"] is True else "risky"
            yield Change("default-removed", severity, at, f"its {name} {_json(one)} is gone")
        elif one is MISSING:
            yield Change("default-added", "risky", at, f"it has the {name} {_json(other)} now")
        else:
            yield Change("default-changed", "risky", at, f"its {name} was {_json(one)}, and is {_json(other)} now")


def _flags(at: str, old: Field, new: Field) -> Iterator[Change]:
    for word, what in (("allowNull", "null"), ("allowEmpty", "an empty text")):
        if bool(old.get(word)) != bool(new.get(word)):
            severity: Severity = "compatible" if new.get(word) else "risky"
            yield Change("null-changed", severity, at, f"{what} is {'a' if new.get(word) else 'no'} value now")
    if bool(old.get("secret")) != bool(new.get("secret")):
        to = "a secret now" if new.get("secret") else "no secret any more: it may be shown and recorded"
        yield Change("secret-changed", "risky", at, f"it is {to}")
    if new.get("deprecated") and not old.get("deprecated"):
        yield Change("deprecated", "compatible", at, "it is deprecated now")
    if old.get("dependsOn") != new.get("dependsOn"):
        yield Change("condition-changed", "risky", at, "when it applies has changed")
    if any(old.get(word) != new.get(word) for word in _WORDS):
        yield Change("words-changed", "compatible", at, "what forms and documentation say has changed")


def _inner(at: str, old: Field, new: Field) -> Iterator[Change]:
    one, other = old.get("properties"), new.get("properties")
    if one is None:
        yield Change("members-declared", "breaking", at, "its members are declared now: others are dropped")
    elif other is None:
        yield Change("members-freed", "compatible", at, "it takes any members now")
    else:
        yield from field_changes(at, one, other)


def _list(values: Sequence[Any]) -> str:
    return ", ".join(map(_json, values))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
