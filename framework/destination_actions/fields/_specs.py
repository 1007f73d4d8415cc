"""What is known about one field: `field(...)` declares it, a `FieldSpec` states it in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from destination_actions.events import MISSING, Missing
from destination_actions.fields._conditions import Conditions

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

FieldType: TypeAlias = Literal[
    "string", "text", "password", "number", "integer", "datetime", "boolean", "object", "any"
]
"""The eight field types, and `any` for a value of which nothing is declared."""

Timestamp: TypeAlias = str | int | float
"""The annotation of a datetime field that keeps the text or number as it came; `datetime` gives it parsed."""


NestedClass: TypeAlias = "type[FieldSet]"
"""The class of the objects that a field holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a field may have, and what a person reads in its place."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What forms and documents make of a field; nothing here changes how a value is checked."""

    dynamic: bool = False
    category: str | None = None
    hidden: bool = False
    read_only: bool = False
    placeholder: str | None = None
    display_mode: str | None = None
    object_ui: str | None = None
    disabled_inputs: tuple[str, ...] = ()
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """Everything that is declared about one field.

    `name` is the attribute, `key` the wire key. `default` is a value, `mapping` a mapping as JSON; either is `MISSING`
    where none is declared. `required` is a bool or `Conditions`. `optional` tells that the attribute may be None.
    `minimum` and `maximum` bound a number, or the length of a text; in a list they bound its items.
    """

    name: str
    key: str
    label: str
    type: FieldType
    description: str = ""
    multiple: bool = False
    optional: bool = False
    required: bool | Conditions = False
    depends_on: Conditions | None = None
    default: Any | Missing = MISSING
    mapping: Any | Missing = MISSING
    choices: tuple[Choice, ...] = ()
    format: str | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_items: int | None = None
    max_items: int | None = None
    allow_null: bool = False
    allow_empty: bool = False
    properties: NestedClass | None = None
    parsed: bool = False
    hints: Hints = Hints()

    @property
    def secret(self) -> bool:
        """Whether the value is a `Secret` and must never be shown."""
        return self.type == "password"

    @property
    def private(self) -> bool:
        """Whether messages must not quote the value: it is secret, or personal (`category="hashedPII"`)."""
        return self.secret or self.hints.category == "hashedPII"

    @property
    def holds_private(self) -> bool:
        """Whether the value, or one within it, is private: what stands in place of such an object may be the secret."""
        inner = () if self.properties is None else self.properties.fields()
        return self.private or any(spec.holds_private for spec in inner)

    @property
    def always_required(self) -> bool:
        """Whether the field is required whatever the others hold."""
        return self.required is True and self.depends_on is None

    def to_json(self) -> dict[str, Any]:
        """Give the definition as JSON, as `schemas/field.schema.json` describes it; it reads back to the same field."""
        from destination_actions.fields._definition import field_to_json

        return field_to_json(self)

    def renamed(self, name: str) -> FieldSpec:
        """Give the same field under another attribute name."""
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What `field(...)` was given; the annotation and the attribute's name complete it to a `FieldSpec`."""

    label: str
    given: Mapping[str, Any]
    hints: Hints


def field(  # noqa: PLR0913 - every word that a declaration knows
    label: str,
    description: str = "",
    *,
    type: Literal["string", "text", "datetime"] | None = None,  # noqa: A002 - the word of the field definitions
    default: Any = MISSING,
    mapping: Any = MISSING,
    required: bool | Conditions | Mapping[str, Any] | None = None,
    depends_on: Conditions | Mapping[str, Any] | None = None,
    choices: Sequence[Any] | None = None,
    format: str | None = None,  # noqa: A002 - the word of JSON Schema
    pattern: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    min_items: int | None = None,
    max_items: int | None = None,
    allow_null: bool = False,
    allow_empty: bool = False,
    secret: bool = False,
    key: str | None = None,
    dynamic: bool = False,
    category: str | None = None,
    hidden: bool = False,
    read_only: bool = False,
    placeholder: str | None = None,
    display_mode: str | None = None,
    object_ui: str | None = None,
    disabled_inputs: Sequence[str] = (),
    deprecated: bool = False,
) -> Any:
    """Declare one field of a `FieldSet`; its type comes from the annotation.

    `default` is the value where the mapping gives none (None stands for no default). `mapping` is the mapping where a
    configuration has none: a directive, or a text without `@` in front, which is short for the path to it (`"userId"`
    is `{"@path": "$.userId"}`). A field without a default whose annotation does not allow None is required. `choices`
    are values, `Choice`s or `{"value", "label"}` objects. `pattern` is a regular expression of JSON Schema that must be
    found in the text; `$` is its very end. `allow_null` keeps a null as a value, `allow_empty` an empty text.
    """
    given = {
        "type": type,
        "description": description,
        "default": default,
        "mapping": mapping,
        "required": required,
        "depends_on": depends_on,
        "choices": choices,
        "format": format,
        "pattern": pattern,
        "minimum": minimum,
        "maximum": maximum,
        "min_items": min_items,
        "max_items": max_items,
        "allow_null": allow_null,
        "allow_empty": allow_empty,
        "secret": secret,
        "key": key,
    }
    hints = Hints(
        dynamic, category, hidden, read_only, placeholder, display_mode, object_ui, tuple(disabled_inputs), deprecated
    )
    return Declaration(label, given, hints)
