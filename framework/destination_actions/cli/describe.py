"""`destinations describe`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import orjson
import typer
from rich.table import Table

from destination_actions.cli.console import cell, output, print_json, say, table

if TYPE_CHECKING:
    from destination_actions.definitions import Destination

Form: TypeAlias = Literal["text", "json", "markdown", "html"]


def describe(
    slug: Annotated[str, typer.Argument(help="A destination, as `destinations list` prints it.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON (see `destinations schema destination`).")] = False,
    form: Annotated[Form, typer.Option("--format", help="markdown and html give its documentation page.")] = "text",
) -> None:
    """Show what a destination is: settings, actions and fields, or its documentation page."""
    from destination_actions.plugins import load_destination

    destination = load_destination(slug)
    if json or form == "json":
        from destination_actions.describe import describe as described

        print_json(described(destination))
    elif form == "text":
        _print_text(destination)
    else:
        from destination_actions.pages import as_html, page

        written = page(destination)
        sys.stdout.write(written if form == "markdown" else as_html(written, destination.name))


def _print_text(destination: Destination[Any]) -> None:
    from destination_actions.describe import describe as described

    found = described(destination)
    aliases = f" (also {', '.join(found['aliases'])})" if found["aliases"] else ""
    say(f"{found['name']}: {found['slug']}{aliases}", "bold")
    _paragraph(found["description"])
    say("\nSettings", "bold")
    output().print(_fields(found["settings"]["fields"], mapped=False))
    for action in found["actions"]:
        _action(action)
    for preset in found["presets"]:
        _preset(preset)
    for one in found.get("guide", {}).get("notes", ()):
        say(f"\n{one['title']}", "bold")
        _paragraph(one["text"])


def _action(action: dict[str, Any]) -> None:
    say(f"\nAction {action['slug']}: {action['title']}", "bold")
    _paragraph(action["description"])
    able = [word for word in ("cooldown", "batch", "reconcile") if action[word]]
    say(f"  has: {', '.join(able) or 'no cooldown, no batch, no reconcile'}")
    if action["defaultSubscription"]:
        say(f"  default subscription: {action['defaultSubscription']}")
    output().print(_fields(action["payload"]["fields"], mapped=True))


def _preset(preset: dict[str, Any]) -> None:
    say(f"\nPreset {preset['name']}", "bold")
    _paragraph(preset["description"])
    say(f"  action: {preset['action']}\n  subscribe: {preset['subscribe']}")
    if preset["mapping"]:
        say(f"  mapping: {_json(preset['mapping'])}")


def _fields(fields: list[dict[str, Any]], *, mapped: bool) -> Table:
    shown = table("Key", "Type", "Required", *(["Default"] if mapped else []), "What it is")
    for field in fields:
        kind = f"list of {field['type']}" if field.get("multiple") else field["type"]
        row = [cell(field["key"]), cell(kind), cell(_required(field["required"]))]
        row += [cell(_default(field))] if mapped else []
        shown.add_row(*row, cell(_meaning(field)))
    return shown


def _required(required: Any) -> str:
    return {True: "yes", False: ""}.get(required, "") if isinstance(required, bool) else "sometimes"


def _default(field: dict[str, Any]) -> str:
    if "defaultMapping" in field:
        mapping = field["defaultMapping"]
        return str(mapping["@path"]) if isinstance(mapping, dict) and set(mapping) == {"@path"} else _json(mapping)
    return _json(field["default"]) if "default" in field else ""


def _meaning(field: dict[str, Any]) -> str:
    bounds = [f"{word} {field[word]}" for word in ("minimum", "maximum", "format") if word in field]
    choices = [str(choice["value"]) for choice in field.get("choices", ())]
    parts = [field["label"], field.get("description", ""), "; ".join(bounds)]
    parts += [f"one of {', '.join(choices)}"] if choices else []
    parts += [word for word in ("hidden", "deprecated") if field.get(word)]
    return ". ".join(part.rstrip(".") for part in parts if part)


def _paragraph(text: str) -> None:
    if text:
        output().print(cell(text))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
