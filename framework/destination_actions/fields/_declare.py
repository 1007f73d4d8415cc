"""From the body of a class to its `FieldSpec`s."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, get_origin, get_type_hints

from destination_actions.errors import DefinitionError
from destination_actions.events import MISSING
from destination_actions.fields._annotations import Shape, read_annotation
from destination_actions.fields._conditions import Conditions, conditions_from_json
from destination_actions.fields._lint import lint
from destination_actions.fields._names import wire_key
from destination_actions.fields._specs import Choice, Declaration, FieldSpec

_AS_GIVEN = (
    "description",
    "default",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "min_items",
    "max_items",
    "allow_null",
    "allow_empty",
)


def declared_specs(owner: type, scope: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """Give the specs that a class body declares, in its order; `scope` resolves annotations of local names."""
    own = {name: value for name, value in vars(owner).items() if isinstance(value, Declaration)}
    hints = _annotations(owner, scope)
    _refuse_strays(owner, own, hints)
    return tuple(_spec(owner, name, own[name], hints[name]) for name in hints if name in own)


def merged(owner: type, groups: Iterable[tuple[FieldSpec, ...]]) -> tuple[FieldSpec, ...]:
    """Give the specs of a class and its bases, the class's own in place of inherited ones; refuse a shared key."""
    specs: dict[str, FieldSpec] = {}
    for group in groups:
        specs.update({spec.name: spec for spec in group})
    keys: dict[str, str] = {}
    for spec in specs.values():
        if spec.key in keys:
            raise definition_error(owner, spec.name, f'has the key "{spec.key}" that "{keys[spec.key]}" has already')
        keys[spec.key] = spec.name
    return tuple(specs.values())


def definition_error(owner: type, name: str, message: str, hint: str | None = None) -> DefinitionError:
    """Make the error of one field, naming class and field."""
    return DefinitionError(f"{owner.__qualname__}.{name} {message}", hint=hint)


def choices_from(values: Sequence[Any]) -> tuple[Choice, ...]:
    """Read choices: plain values, `Choice`s, or objects with `value` and `label`."""
    return tuple(_choice(value) for value in values)


def _choice(value: Any) -> Choice:
    if isinstance(value, Choice):
        return value
    if isinstance(value, Mapping):
        if "value" not in value:
            raise DefinitionError(f'a choice needs a "value", not {dict(value)!r}')
        return Choice(value["value"], str(value.get("label", value["value"])))
    return Choice(value, str(value))


def _annotations(owner: type, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Give the class's own annotations, evaluated; those that are `ClassVar` are no fields."""
    module = sys.modules.get(owner.__module__)
    try:
        body = type(owner.__name__, (), {"__annotations__": inspect.get_annotations(owner)})
        known = get_type_hints(body, vars(module) if module else {}, {**scope, **vars(owner), owner.__name__: owner})
    except NameError as error:
        hint = "import it where the class is declared, not under TYPE_CHECKING"
        raise DefinitionError(f"{owner.__qualname__}: an annotation cannot be read: {error}", hint=hint) from error
    return {name: hint for name, hint in known.items() if ClassVar not in (hint, get_origin(hint))}


def _refuse_strays(owner: type, own: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    for name in own:
        if name not in hints:
            raise definition_error(owner, name, "has no annotation", f'write "{name}: str = field(...)"')
    for name in hints:
        if name not in own and not name.startswith("_"):
            raise definition_error(owner, name, "is not declared with field(...)", "or annotate it as ClassVar")


def _spec(owner: type, name: str, declared: Declaration, annotation: Any) -> FieldSpec:
    try:
        spec = _complete(name, declared, read_annotation(annotation))
        lint(spec)
    except DefinitionError as error:
        raise definition_error(owner, name, error.message, error.hint) from error
    return spec


def _complete(name: str, declared: Declaration, shape: Shape) -> FieldSpec:
    given = declared.given
    depends_on = _conditions(given["depends_on"])
    default = MISSING if given["default"] is None else given["default"]
    return FieldSpec(
        name=name,
        key=given["key"] or wire_key(name),
        label=declared.label,
        type=_type(given, shape),
        multiple=shape.multiple,
        optional=shape.optional,
        required=_required(given, shape, default, depends_on),
        depends_on=depends_on,
        mapping=shorthand(given["mapping"]),
        choices=choices_from(given["choices"] if given["choices"] is not None else shape.literals),
        properties=shape.properties,
        parsed=shape.parsed,
        hints=declared.hints,
        **{key: given[key] for key in _AS_GIVEN if key != "default"},
        default=default,
    )


def shorthand(mapping: Any) -> Any:
    """Give a default mapping in full: a plain text is short for the path to it; anything else is taken as it is."""
    if not isinstance(mapping, str) or mapping.startswith("@"):
        return mapping
    return {"@path": mapping if mapping.startswith("$") else f"$.{mapping}"}


def _type(given: Mapping[str, Any], shape: Shape) -> Any:
    wanted = given["type"]
    if given["secret"] and shape.type != "password":
        raise DefinitionError("is secret but would be a plain text", hint="annotate it as Secret")
    if wanted in (None, shape.type):
        return shape.type
    if wanted == "text" and shape.type == "string":
        return wanted
    raise DefinitionError(f'cannot have the type "{wanted}" with its annotation', hint='only a str can be "text"')


def _required(given: Mapping[str, Any], shape: Shape, default: Any, depends_on: Conditions | None) -> bool | Conditions:
    wanted = given["required"]
    if given["allow_null"] and not shape.optional:
        raise DefinitionError("allows null, but its annotation does not", hint='add "| None"')
    sometimes = depends_on is not None or not isinstance(wanted, bool | None)
    may_lack = shape.optional or default is not MISSING
    if (sometimes or wanted is False) and not may_lack:
        raise DefinitionError("can be absent, but its annotation says that it has a value", hint='add "| None"')
    if isinstance(wanted, bool | None):
        return bool(wanted) or not may_lack
    return _conditions(wanted) or False


def _conditions(given: Conditions | Mapping[str, Any] | None) -> Conditions | None:
    return given if given is None or isinstance(given, Conditions) else conditions_from_json(given)
