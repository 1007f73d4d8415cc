"""FieldSets as the source of the classes that declare them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from destination_actions.events import MISSING
from destination_actions.fields import Conditions, FieldSet, FieldSpec, Hints, wire_key
from destination_actions.scaffold.names import pascal
from destination_actions.scaffold.python import Code, call, laid_out, literal, quoted, with_head

ANNOTATIONS: Final = {
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
"""What annotates a field of each type."""

_PLAIN: Final = ("format", "pattern", "minimum", "maximum", "min_items", "max_items", "allow_null", "allow_empty")


def classes(fields: type[FieldSet], name: str, title: str, taken: set[str]) -> Iterator[str]:
    """The class of a FieldSet, after the classes of the objects within it; `taken` are names that are used already."""
    lines: list[str] = []
    for spec in fields.fields():
        nested = None
        if spec.properties is not None:
            nested = free_name(f"{name}{pascal(spec.name)}", taken)
            yield from classes(spec.properties, nested, f"What {spec.label} holds.", taken)
        lines.append(laid_out(_field(spec, nested), 4))
    extra = ", additional_properties=True" if fields.additional_properties() else ""
    yield "\n\n".join([f'class {name}(FieldSet{extra}):\n    """{title}"""', *(["\n".join(lines)] if lines else [])])


def free_name(name: str, taken: set[str]) -> str:
    """A name that is not taken yet; it is afterwards."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def names_in(parts: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of the known names that the source uses."""
    used = {node.id for node in ast.walk(ast.parse("\n".join(parts))) if isinstance(node, ast.Name)}
    return [name for name in known if name in used]


def _field(spec: FieldSpec, nested: str | None) -> Code:
    kind = nested or ANNOTATIONS[spec.type]
    annotation = f"list[{kind}]" if spec.multiple else kind
    annotation += " | None" if spec.optional and annotation != "Any" else ""
    arguments: list[Code] = [quoted(spec.label), *([quoted(spec.description)] if spec.description else [])]
    arguments += [with_head(f"{name}=", value) for name, value in _keywords(spec)]
    return call(f"{spec.name}: {annotation} = field", arguments)


def _keywords(spec: FieldSpec) -> Iterator[tuple[str, Code]]:
    if spec.type == "text":
        yield "type", '"text"'
    if wire_key(spec.name) != spec.key:
        yield "key", quoted(spec.key)
    yield from _defaults(spec)
    yield from _conditions(spec)
    if spec.choices:
        yield "choices", literal([_choice(choice.value, choice.label) for choice in spec.choices])
    for name in _PLAIN:
        if getattr(spec, name) is not None and getattr(spec, name) is not False:
            yield name, literal(getattr(spec, name))
    for name, value in asdict(spec.hints).items():
        if value != getattr(Hints(), name):
            yield name, literal(value)


def _defaults(spec: FieldSpec) -> Iterator[tuple[str, Code]]:
    if spec.default is not MISSING:
        yield "default", literal(spec.default)
    elif spec.optional and not spec.allow_null:
        yield "default", "None"
    if spec.mapping is not MISSING:
        yield "mapping", _mapping(spec.mapping)


def _conditions(spec: FieldSpec) -> Iterator[tuple[str, Code]]:
    if isinstance(spec.required, Conditions):
        yield "required", literal(spec.required.to_json())
    elif spec.required and (spec.optional or spec.default is not MISSING):
        yield "required", "True"
    if spec.depends_on is not None:
        yield "depends_on", literal(spec.depends_on.to_json())


def _choice(value: Any, label: str) -> Any:
    return value if label == str(value) else {"value": value, "label": label}


def _mapping(mapping: Any) -> Code:
    """A default mapping; a plain path in its short form."""
    path = mapping.get("@path") if isinstance(mapping, Mapping) and len(mapping) == 1 else None
    if isinstance(path, str) and path.startswith("$.") and path[2:3] not in {"", "$", "@"}:
        return quoted(path[2:])
    return literal(mapping)
