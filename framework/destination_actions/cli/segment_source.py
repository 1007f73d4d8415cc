"""An imported definition as a Python module: its author fills in what the actions do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from destination_actions.cli.segment_definition import Imported, ImportedAction, ImportedPreset, pascal
from destination_actions.events import MISSING
from destination_actions.fields import Conditions, FieldSet, FieldSpec, Hints, attribute_name, wire_key

_WIDTH: Final = 120
_ANNOTATIONS: Final = {
    "string": "str",
    "text": "str",
    "password": "Secret",
    "number": "float",
    "integer": "int",
    "datetime": "Timestamp",
    "boolean": "bool",
    "object": "dict[str, Any]",
    "any": "Any",
}
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
_PLAIN: Final = ("format", "pattern", "minimum", "maximum", "min_items", "max_items", "allow_null", "allow_empty")


def source_of(definition: Imported) -> str:
    """The text of a module whose `destination` is the definition."""
    taken = {"Settings"}
    names = {action.slug: _free(pascal(action.slug), taken) for action in definition.actions}
    body = [*_classes(definition.settings, "Settings", taken)]
    for action in definition.actions:
        body += [*_classes(action.payload, names[action.slug], taken), _perform(action, names[action.slug])]
    body.append(_destination(definition, names))
    return "\n\n\n".join([f"{_docstring(definition)}\n\n{_imports(body)}", *body]) + "\n"


def _free(name: str, taken: set[str]) -> str:
    """A name that no other class has."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _docstring(definition: Imported) -> str:
    return f'"""{definition.name.replace(chr(34), chr(39))}: imported from its definition for Segment."""'


def _imports(body: Sequence[str]) -> str:
    """The imports of the names that the rest uses."""
    used = set(re.findall(r"[A-Za-z_]+", "\n".join(body)))
    names = [name for name in _NAMES if name in used]
    lines = ["from __future__ import annotations", ""]
    lines += ["from typing import Any", ""] if "Any" in used else []
    lines.append(_call("from destination_actions import ", [*names, "field"], "(", ")"))
    lines += ["from destination_actions.fields import Timestamp"] if "Timestamp" in used else []
    return "\n".join(lines)


def _classes(fields: type[FieldSet], name: str, taken: set[str]) -> Iterator[str]:
    """The class of a FieldSet, after the classes of the objects within it."""
    lines: list[str] = []
    for spec in fields.fields():
        nested = None
        if spec.properties is not None:
            nested = _free(f"{name}{pascal(spec.name)}", taken)
            yield from _classes(spec.properties, nested, taken)
        lines.append(_field(spec, nested))
    extra = ", additional_properties=True" if fields.additional_properties() else ""
    body = "\n".join(lines) or "    pass"
    yield f'class {name}(FieldSet{extra}):\n    """{_title(name)}."""\n\n{body}'


def _title(name: str) -> str:
    return "Settings" if name == "Settings" else f"Fields of {name}"


def _field(spec: FieldSpec, nested: str | None) -> str:
    kind = nested or _ANNOTATIONS[spec.type]
    annotation = f"list[{kind}]" if spec.multiple else kind
    annotation += " | None" if spec.optional and annotation != "Any" else ""
    arguments = [_literal(spec.label), *([_literal(spec.description)] if spec.description else [])]
    arguments += [f"{name}={value}" for name, value in _keywords(spec)]
    return _call(f"    {spec.name}: {annotation} = field", arguments, "(", ")")


def _keywords(spec: FieldSpec) -> Iterator[tuple[str, str]]:
    if spec.type == "text":
        yield "type", '"text"'
    if wire_key(spec.name) != spec.key:
        yield "key", _literal(spec.key)
    yield from _defaults(spec)
    yield from _conditions(spec)
    if spec.choices:
        yield "choices", _literal([_choice(choice.value, choice.label) for choice in spec.choices])
    for name in _PLAIN:
        if getattr(spec, name) is not None and getattr(spec, name) is not False:
            yield name, _literal(getattr(spec, name))
    for name, value in asdict(spec.hints).items():
        if value != getattr(Hints(), name):
            yield name, _literal(value)


def _defaults(spec: FieldSpec) -> Iterator[tuple[str, str]]:
    if spec.default is not MISSING:
        yield "default", _literal(spec.default)
    elif spec.optional and not spec.allow_null:
        yield "default", "None"
    if spec.mapping is not MISSING:
        yield "mapping", _mapping(spec.mapping)


def _conditions(spec: FieldSpec) -> Iterator[tuple[str, str]]:
    if isinstance(spec.required, Conditions):
        yield "required", _literal(spec.required.to_json())
    elif spec.required and (spec.optional or spec.default is not MISSING):
        yield "required", "True"
    if spec.depends_on is not None:
        yield "depends_on", _literal(spec.depends_on.to_json())


def _choice(value: Any, label: str) -> Any:
    return value if label == str(value) else {"value": value, "label": label}


def _mapping(mapping: Any) -> str:
    """A default mapping; a plain path in its short form."""
    path = mapping.get("@path") if isinstance(mapping, Mapping) and len(mapping) == 1 else None
    if isinstance(path, str) and path.startswith("$.") and path[2:3] not in {"", "$", "@"}:
        return _literal(path[2:])
    return _literal(mapping)


def _perform(action: ImportedAction, payload: str) -> str:
    return (
        f"async def {_function(payload)}(ctx: Context[Settings], payload: {payload}) -> Accepted:\n"
        f'    """Do it: `ctx.send` is the one effect. The definition does not say how."""\n'
        f'    raise Refused("{action.slug} has no code yet")'
    )


def _function(payload: str) -> str:
    """The name of the function that performs an action, made from the name of its class."""
    return f"perform_{attribute_name(payload)}"


def _destination(definition: Imported, names: Mapping[str, str]) -> str:
    actions = ",\n".join(_action(action, names[action.slug]) for action in definition.actions)
    presets = ",\n".join(_preset(preset) for preset in definition.presets)
    lines = [
        f"    slug={_literal(definition.slug)}",
        *([f"    aliases=({_literal(definition.alias)},)"] if definition.alias else []),
        f"    name={_literal(definition.name)}",
        f"    description={_literal(definition.description)}",
        "    settings=Settings",
        f"    authentication=Authentication(scheme={_literal(definition.scheme)})",
        f"    actions=(\n{actions},\n    )" if actions else "    actions=()",
        f"    presets=(\n{presets},\n    )" if presets else "    presets=()",
    ]
    return "destination = Destination(\n" + ",\n".join(lines) + ",\n)"


def _action(action: ImportedAction, payload: str) -> str:
    parts = [f"slug={_literal(action.slug)}", f"title={_literal(action.title)}"]
    parts += [f"description={_literal(action.description)}"] if action.description else []
    parts += [f"payload={payload}", f"perform={_function(payload)}"]
    default = action.default_subscription
    parts += [f"default_subscription={_literal(default)}"] if default else []
    parts += ["hidden=True"] if action.hidden else []
    return _call("        Action", parts, "(", ")", indent=8)


def _preset(preset: ImportedPreset) -> str:
    parts = [_literal(preset.name), _literal(preset.action), _literal(preset.subscribe)]
    parts += [_literal(dict(preset.mapping))] if preset.mapping else []
    return _call("        Preset", parts, "(", ")", indent=8)


def _call(head: str, parts: list[str], start: str, end: str, indent: int = 0) -> str:
    """A call on one line where it fits, else with an argument on each."""
    line = f"{head}{start}{', '.join(parts)}{end}"
    if len(line) <= _WIDTH and "\n" not in line:
        return line if not head.startswith("from ") else f"{head}{', '.join(parts)}"
    space = " " * (indent or len(head) - len(head.lstrip()))
    return f"{head}{start}\n" + "".join(f"{space}    {part},\n" for part in parts) + f"{space}{end}"


def _literal(value: Any) -> str:
    """A JSON value as Python."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
