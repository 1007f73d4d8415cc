"""An imported definition as a Python module: its author fills in what the actions do."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from typing import Final

from destination_actions.cli.segment_definition import Imported, ImportedAction, ImportedPreset
from destination_actions.fields import attribute_name
from destination_actions.scaffold.classes import classes, free_name, names_in
from destination_actions.scaffold.names import pascal
from destination_actions.scaffold.python import Code, Group, call, imported, laid_out, literal, module, quoted

_NAMES: Final = (
    "Accepted",
    "Action",
    "Authentication",
    "Context",
    "Destination",
    "FieldSet",
    "Preset",
    "Refused",
    "Secret",
)


def source_of(definition: Imported) -> str:
    """The text of a module whose `destination` is the definition."""
    taken = {"Settings", "Timestamp", "Any", *_NAMES, *keyword.kwlist}
    names = {action.slug: free_name(pascal(action.slug), taken) for action in definition.actions}
    functions: set[str] = set()
    performs = {slug: free_name(f"perform_{attribute_name(name)}", functions) for slug, name in names.items()}
    body = [*classes(definition.settings, "Settings", "Settings.", taken)]
    for action in definition.actions:
        name = names[action.slug]
        body += [*classes(action.payload, name, f"Fields of {name}.", taken)]
        body.append(_perform(action, name, performs[action.slug]))
    body.append(laid_out(_destination(definition, names, performs)))
    return module(f"{definition.name}: imported from its definition for Segment.", _imports(body), *body)


def _imports(body: Sequence[str]) -> list[list[str]]:
    """The imports of the names that the rest uses."""
    parts = list(body)
    ours = [imported("destination_actions", [*names_in(parts, _NAMES), "field"])]
    if names_in(parts, ("Timestamp",)):
        ours.append("from destination_actions.fields import Timestamp")
    return [["from typing import Any"] if names_in(parts, ("Any",)) else [], ours]


def _perform(action: ImportedAction, payload: str, name: str) -> str:
    return (
        f"async def {name}(ctx: Context[Settings], payload: {payload}) -> Accepted:\n"
        f'    """Do it: `ctx.send` is the one effect. The definition does not say how."""\n'
        f'    raise Refused("{action.slug} has no code yet")'
    )


def _destination(definition: Imported, names: Mapping[str, str], performs: Mapping[str, str]) -> Group:
    actions = tuple(_action(action, names[action.slug], performs[action.slug]) for action in definition.actions)
    parts: list[Code] = [
        f"slug={quoted(definition.slug)}",
        *([f"aliases=({quoted(definition.alias)},)"] if definition.alias else []),
        f"name={quoted(definition.name)}",
        f"description={quoted(definition.description)}",
        "settings=Settings",
        f"authentication=Authentication(scheme={quoted(definition.scheme)})",
        _tuple("actions", actions),
        _tuple("presets", tuple(map(_preset, definition.presets))),
    ]
    return call("destination = Destination", parts)


def _tuple(name: str, items: tuple[Code, ...]) -> Code:
    return Group(f"{name}=(", items, ",)" if len(items) == 1 else ")")


def _action(action: ImportedAction, payload: str, perform: str) -> Code:
    parts = [f"slug={quoted(action.slug)}", f"title={quoted(action.title)}"]
    parts += [f"description={quoted(action.description)}"] if action.description else []
    parts += [f"payload={payload}", f"perform={perform}"]
    default = action.default_subscription
    parts += [f"default_subscription={quoted(default)}"] if default else []
    parts += ["hidden=True"] if action.hidden else []
    return call("Action", parts)


def _preset(preset: ImportedPreset) -> Code:
    parts: list[Code] = [quoted(preset.name), quoted(preset.action), quoted(preset.subscribe)]
    parts += [literal(dict(preset.mapping))] if preset.mapping else []
    return call("Preset", parts)
