"""Field definitions as JSON: the form that Segment's definitions have, with this package's additions.

`schemas/field.schema.json` describes it. What is read is judged field by field: `exact` means that the field does
what its definition says, `approximate` that a part of it is left out or read with care (the reason says which), and
`unsupported` that no field can be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from destination_actions.errors import DefinitionError, nearest
from destination_actions.events import MISSING
from destination_actions.fields._conditions import Conditions, conditions_from_json
from destination_actions.fields._declare import choices_from, shorthand
from destination_actions.fields._definition_shape import check_shape
from destination_actions.fields._formats import FORMATS
from destination_actions.fields._json import copied
from destination_actions.fields._lint import lint
from destination_actions.fields._names import attribute_name
from destination_actions.fields._schema import compile_schema, field_schema
from destination_actions.fields._specs import Choice, FieldSpec, FieldType, Hints
from destination_actions.fields._values import to_type

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

Verdict: TypeAlias = Literal["exact", "approximate", "unsupported"]
Field: TypeAlias = Mapping[str, Any]

_TEXT: Final = ("string", "text", "password")
_HINTS: Final = {
    "dynamic": "dynamic",
    "category": "category",
    "readOnly": "read_only",
    "placeholder": "placeholder",
    "displayMode": "display_mode",
    "defaultObjectUI": "object_ui",
    "deprecated": "deprecated",
}
_KNOWN: Final = frozenset(
    {
        *("label", "type", "description", "required", "multiple", "properties", "additionalProperties", "default"),
        *("mapping", "choices", "format", "pattern", "minimum", "maximum", "minItems", "maxItems", "allowNull"),
        *("allowEmpty", "depends_on", "disabledInputMethods", "hidden", "unsafe_hidden"),
        *_HINTS,
    }
)


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What became of one field definition; `path` has the wire keys that lead to it, joined by dots."""

    path: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """The definitions being read: verdicts so far, and the names of the fields around, for conditions."""

    verdicts: list[FieldVerdict] = field(default_factory=list)
    around: tuple[Field, ...] = ()


def read_fields(fields: Mapping[str, Field], name: str, reading: Reading, path: str = "") -> tuple[FieldSpec, ...]:
    """Give the specs of field definitions; those of which no field can be made are left out, and judged so."""
    inner = Reading(reading.verdicts, (*reading.around, fields))
    taken: set[str] = set()
    specs = (_read(key, definition, name, inner, f"{path}{key}") for key, definition in fields.items())
    return tuple(spec.renamed(_free_name(spec.name, taken)) for spec in specs if spec is not None)


def _read(key: str, definition: Any, name: str, reading: Reading, path: str) -> FieldSpec | None:
    position = len(reading.verdicts)
    notes: list[str] = []
    try:
        spec = _spec(key, definition, name, reading, path, notes)
        lint(spec)
    except DefinitionError as error:
        reading.verdicts.insert(position, FieldVerdict(path, "unsupported", (error.message,)))
        return None
    verdict: Verdict = "approximate" if notes else "exact"
    reading.verdicts.insert(position, FieldVerdict(path, verdict, tuple(notes)))
    return spec


def _spec(key: str, definition: Any, name: str, reading: Reading, path: str, notes: list[str]) -> FieldSpec:
    if not isinstance(definition, Mapping):
        raise DefinitionError(f"is no object but {definition!r}")
    check_shape(definition)
    given = {word: value for word, value in definition.items() if value is not None and value is not MISSING}
    notes += [f'"{word}" is not known and left out' for word in given if word not in _KNOWN]
    kind = _type(given)
    multiple = given.get("multiple") is True
    required, depends_on = _conditions(given, reading, notes)
    choices = tuple(_choice(choice, kind, notes) for choice in choices_from(given.get("choices", ())))
    spec = FieldSpec(
        name=attribute_name(key),
        key=key,
        label=str(given.get("label") or key),
        type=kind,
        description=str(given.get("description", "")),
        multiple=multiple,
        required=required,
        depends_on=depends_on,
        mapping=shorthand(given.get("mapping", MISSING)),
        choices=choices,
        format=_format(given, kind, notes),
        pattern=given.get("pattern"),
        allow_null=given.get("allowNull") is True,
        allow_empty=given.get("allowEmpty") is True,
        properties=_properties(given, kind, f"{name}_{key}", reading, path, notes),
        hints=_hints(given),
        **_bounds(given, kind, multiple, notes),
    )
    complete = _with_default(spec, given, notes)
    if len(reading.around) > 1 and complete.mapping is not MISSING:
        notes.append("a default mapping within an object is kept but not applied: map the object")
    return complete


def _type(given: Field) -> FieldType:
    kind = given.get("type", "any")
    known = get_args(FieldType.__value__ if hasattr(FieldType, "__value__") else FieldType)
    if kind not in known:
        raise DefinitionError(f"has the unknown type {kind!r}", hint=nearest(str(kind), known))
    return kind  # type: ignore[no-any-return]


def _conditions(given: Field, reading: Reading, notes: list[str]) -> tuple[bool | Conditions, Conditions | None]:
    required, depends_on = given.get("required", False), given.get("depends_on")
    read = [conditions_from_json(one) for one in (required, depends_on) if isinstance(one, Mapping)]
    for condition in read:
        notes += [f'a condition looks at "{word}", which is no field' for word in _strangers(condition, reading)]
    needed = required is True if isinstance(required, bool) else read[0] if isinstance(required, Mapping) else False
    return needed, read[-1] if isinstance(depends_on, Mapping) else None


def _strangers(condition: Conditions, reading: Reading) -> Iterator[str]:
    for part in condition.parts:
        if isinstance(part, Conditions):
            yield from _strangers(part, reading)
        elif part.field is not None and not any(_reaches(part.field, fields) for fields in reading.around):
            yield part.field


def _reaches(path: str, fields: Field) -> bool:
    head, _, rest = path.partition(".")
    inner = fields[head].get("properties") if isinstance(fields.get(head), Mapping) else None
    return path in fields or (head in fields and (not rest or _reaches(rest, inner or {})))


def _choice(choice: Choice, kind: FieldType, notes: list[str]) -> Choice:
    value = to_type(kind, choice.value)
    if type(value) is not type(choice.value):
        notes.append(f"the choice {choice.value!r} is read as {value!r}")
    return Choice(value, choice.label)


def _format(given: Field, kind: FieldType, notes: list[str]) -> str | None:
    wanted = given.get("format")
    if wanted is None or kind in ("datetime", wanted):
        return None
    if kind not in _TEXT:
        notes.append(f'the format "{wanted}" means nothing for type {kind} and is left out')
        return None
    if wanted not in FORMATS:
        raise DefinitionError(f'has the unknown format "{wanted}"', hint=nearest(str(wanted), FORMATS))
    return str(wanted)


def _bounds(given: Field, kind: FieldType, multiple: bool, notes: list[str]) -> dict[str, Any]:
    words = {"minimum": "minimum", "maximum": "maximum", "minItems": "min_items", "maxItems": "max_items"}
    bounds: dict[str, Any] = {}
    for word, name in words.items():
        if word not in given:
            continue
        if multiple if "Items" in word else kind in (*_TEXT, "number", "integer"):
            bounds[name] = given[word]
        else:
            notes.append(f'"{word}" means nothing for type {kind} and is left out')
    return bounds


def _properties(
    given: Field, kind: FieldType, name: str, reading: Reading, path: str, notes: list[str]
) -> type[FieldSet] | None:
    from destination_actions.fields._fieldset import made

    inner = given.get("properties")
    if inner is None:
        return None
    if kind != "object" or not isinstance(inner, Mapping):
        notes.append(f"properties mean nothing for type {kind} and are left out")
        return None
    specs = read_fields(inner, name, reading, f"{path}.")
    return made(name, specs, additional=given.get("additionalProperties") is True)


def _hints(given: Field) -> Hints:
    read = {name: given[word] for word, name in _HINTS.items() if word in given}
    hidden = given.get("hidden", given.get("unsafe_hidden")) is True
    return Hints(hidden=hidden, disabled_inputs=tuple(given.get("disabledInputMethods", ())), **read)


def _with_default(spec: FieldSpec, given: Field, notes: list[str]) -> FieldSpec:
    default = given.get("default", MISSING)
    lacks = not spec.always_required or spec.allow_null
    if default is MISSING or default == "":
        return replace(spec, optional=lacks)
    if holds_directive(default):
        mapping = default if spec.mapping is MISSING else spec.mapping
        return replace(spec, mapping=copied(mapping), optional=lacks)
    value = _fitted(spec, default)
    if spec.secret or not compile_schema(field_schema(spec)).is_valid(value):
        notes.append("the default is no valid value of the field and is left out")
        return replace(spec, optional=lacks)
    return replace(spec, default=value, optional=spec.allow_null)


def _fitted(spec: FieldSpec, default: Any) -> Any:
    plain = copied(default)
    if not spec.multiple:
        return to_type(spec.type, plain)
    return [to_type(spec.type, item) for item in (plain if isinstance(plain, list) else [plain])]


def holds_directive(value: Any) -> bool:
    """Tell whether a default is a mapping: an object with a key that starts with `@`, at any depth."""
    if isinstance(value, Mapping):
        return any(str(key).startswith("@") or holds_directive(inner) for key, inner in value.items())
    return isinstance(value, list | tuple) and any(holds_directive(inner) for inner in value)


def _free_name(name: str, taken: set[str]) -> str:
    from destination_actions.fields._fieldset import FieldSet

    base = f"{name}_" if hasattr(FieldSet, name) else name
    free = next(one for n in range(len(taken) + 1) if (one := f"{base}_{n + 1}" if n else base) not in taken)
    taken.add(free)
    return free


def field_to_json(spec: FieldSpec) -> dict[str, Any]:
    """Give the definition of a field as JSON; reading it again gives the same field."""
    hints = {word: getattr(spec.hints, name) for word, name in _HINTS.items()}
    words = {
        "label": spec.label,
        "type": None if spec.type == "any" else spec.type,
        "description": spec.description,
        "required": spec.required.to_json() if isinstance(spec.required, Conditions) else spec.required,
        "multiple": spec.multiple,
        "allowNull": spec.allow_null,
        "allowEmpty": spec.allow_empty,
        "format": spec.format,
        "pattern": spec.pattern,
        "choices": [{"value": choice.value, "label": choice.label} for choice in spec.choices],
        "depends_on": spec.depends_on.to_json() if spec.depends_on else None,
        "hidden": spec.hints.hidden,
        "disabledInputMethods": list(spec.hints.disabled_inputs),
        **hints,
    }
    numbers = {
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "minItems": spec.min_items,
        "maxItems": spec.max_items,
    }
    out = {word: value for word, value in words.items() if value not in (None, False, "", [])}
    out.update({word: value for word, value in numbers.items() if value is not None})
    given = {"default": spec.default, "mapping": spec.mapping}
    out.update({word: copied(value) for word, value in given.items() if value is not MISSING})
    if spec.properties is not None:
        out["properties"] = {inner.key: field_to_json(inner) for inner in spec.properties.fields()}
        out.update({"additionalProperties": True} if spec.properties.additional_properties() else {})
    return out
