"""The page of one destination: what it is, what for, how to begin, and everything that is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_actions.definitions import Destination
from destination_actions.describe import describe
from destination_actions.pages.example import example_text
from destination_actions.pages.markdown import block, code, sentence, table, text, value

Facts = Mapping[str, Any]

_CHECK: Final = (
    "`destinations check` finds what is wrong with a configuration, and `destinations explain` says what would become "
    "of an event."
)
_FIELD_HEAD: Final = ("Field", "Name", "Type", "Required", "Default", "What it is")


def page(destination: Destination[Any]) -> str:
    """Give the page as Markdown."""
    found = describe(destination)
    parts = [*_head(found), *_use_cases(found), *_start(found, destination), *_actions(found), *_presets(found)]
    return "\n\n".join([*parts, *_notes(found)]) + "\n"


def _head(found: Facts) -> Iterator[str]:
    yield f"# {text(found['name'])}"
    if found["description"]:
        yield text(found["description"])
    names = [code(found["slug"]), *map(code, found["aliases"])]
    able = ["a local sandbox of its APIs"] if found["sandbox"] else []
    able += ["a test of the credentials (`destinations auth-test`)"] if found["authentication"]["test"] else []
    also = f" (also {', '.join(names[1:])})" if names[1:] else ""
    yield f"In a configuration it is {names[0]}{also}." + (f" It brings {' and '.join(able)}." if able else "")


def _use_cases(found: Facts) -> Iterator[str]:
    cases = found.get("guide", {}).get("useCases", ())
    if cases:
        yield "## Use cases"
        yield "\n".join(f"- {text(one)}" for one in cases)


def _start(found: Facts, destination: Destination[Any]) -> Iterator[str]:
    guide = found.get("guide", {})
    yield "## Getting started"
    yield from _numbered(guide.get("steps", ()))
    yield "### Settings"
    places = guide.get("settings", {})
    rows = [_setting(field, places.get(field["key"], "")) for field in found["settings"]["fields"]]
    yield (
        table(["Setting", "Name", "Type", "Required", "Default", "What it is"], rows) if rows else "It has no settings."
    )
    yield "### Example"
    if guide.get("exampleText"):
        yield text(guide["exampleText"])
    yield block("yaml", example_text(destination))
    yield _CHECK


def _numbered(steps: Sequence[str]) -> Iterator[str]:
    if steps:
        yield "\n".join(f"{number}. {text(one)}" for number, one in enumerate(steps, 1))


def _setting(field: Facts, place: str) -> list[str]:
    about = _about(field, text(sentence(place)))
    return [code(field["key"]), text(field["label"]), _kind(field), _required(field), _default(field), about]


def _actions(found: Facts) -> Iterator[str]:
    yield "## Actions"
    rows = [
        [f"[{text(one['title'])}](#{one['slug'].lower()})", text(one["description"]), _trigger(one), _abilities(one)]
        for one in found["actions"]
    ]
    yield table(["Action", "What it does", "Default trigger", "Has"], rows)
    for one in found["actions"]:
        yield f"### {one['slug']}"
        yield text(sentence(one["description"] or one["title"]))
        fields = [_field(field) for field in one["payload"]["fields"]]
        yield (
            table(["Field", "Name", "Type", "Required", "Default", "What it is"], fields)
            if fields
            else "It has no fields."
        )
        inner = [field for field in one["payload"]["fields"] if field.get("properties")]
        for field in inner:
            yield f"Members of {code(field['key'])}:"
            yield table(
                ["Field", "Name", "Type", "Required", "Default", "What it is"], map(_field, field["properties"])
            )


def _trigger(action: Facts) -> str:
    return code(action["defaultSubscription"]) if action["defaultSubscription"] else "none"


def _abilities(action: Facts) -> str:
    words = {"cooldown": "cooldown", "batch": "batches", "reconcile": "finds out what became of an attempt"}
    return ", ".join(shown for word, shown in words.items() if action[word])


def _field(field: Facts) -> list[str]:
    return [code(field["key"]), text(field["label"]), _kind(field), _required(field), _default(field), _about(field)]


def _kind(field: Facts) -> str:
    return f"list of {field['type']}" if field.get("multiple") else str(field["type"])


def _required(field: Facts) -> str:
    required = field["required"]
    return ("yes" if required else "") if isinstance(required, bool) else "sometimes"


def _default(field: Facts) -> str:
    if "defaultMapping" in field:
        mapping = field["defaultMapping"]
        plain = isinstance(mapping, dict) and set(mapping) == {"@path"}
        return code(mapping["@path"]) if plain else value(mapping)
    return value(field["default"]) if field.get("default") is not None else ""


def _about(field: Facts, place: str = "") -> str:
    choices = [code(choice["value"]) for choice in field.get("choices", ())]
    parts = [text(sentence(field.get("description", "")))]
    parts += [f"One of {', '.join(choices)}."] if choices else []
    parts += [f"Format {code(field['format'])}."] if "format" in field else []
    parts += [f"Form {code(field['pattern'])}."] if "pattern" in field else []
    parts += [*_bounds(field), place]
    words = [word for word in ("secret", "hidden", "deprecated") if field.get(word)]
    return " ".join([part for part in parts if part] + ([f"({', '.join(words)})"] if words else []))


def _bounds(field: Facts) -> list[str]:
    unit = " characters" if field["type"] in ("string", "text", "password") else ""
    words = [("minimum", "at least", unit), ("maximum", "at most", unit)]
    words += [("minItems", "at least", " items"), ("maxItems", "at most", " items")]
    bounds = [f"{word} {_counted(field[name], each)}" for name, word, each in words if name in field]
    return [f"{', '.join(bounds).capitalize()}."] if bounds else []


def _counted(bound: float, units: str) -> str:
    shown = str(int(bound)) if float(bound).is_integer() else str(bound)
    return shown + (units.removesuffix("s") if bound == 1 else units)


def _presets(found: Facts) -> Iterator[str]:
    if found["presets"]:
        yield "## Presets"
        yield "A preset is a ready-made subscription: name it with `preset`, and add what it leaves open."
        rows = [_preset(one) for one in found["presets"]]
        yield table(["Preset", "Action", "Trigger", "Mapping", "What it is for"], rows)


def _preset(one: Facts) -> list[str]:
    trigger, mapping = code(one["subscribe"]), value(one["mapping"])
    return [text(one["name"]), code(one["action"]), trigger, mapping, text(one["description"])]


def _notes(found: Facts) -> Iterator[str]:
    notes = found.get("guide", {}).get("notes", ())
    if notes:
        yield "## Things to know"
        for one in notes:
            yield f"**{text(one['title'])}.** {text(one['text'])}"
