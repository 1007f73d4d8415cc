"""The base of declared objects: settings, payloads, and the objects within them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal, Self, dataclass_transform

from destination_actions.events import MISSING
from destination_actions.fields._checked import Checked
from destination_actions.fields._compiled import Compiled
from destination_actions.fields._declare import declared_specs, definition_error, merged
from destination_actions.fields._json import copied
from destination_actions.fields._schema import DIALECT, object_schema
from destination_actions.fields._secret import MASK, Secret
from destination_actions.fields._specs import FieldSpec, field
from destination_actions.generated import Whole

Validator = Callable[[Any], Any]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class FieldSet:
    """An object declared field by field; the class is its type, its JSON Schema, its default mapping and its check.

    ::

        class Message(FieldSet):
            to: str = field("To", format="e164")
            text: str = field("Text", maximum=1600, mapping="properties.text")
            validators = (not_to_myself,)

    An instance is frozen and has one attribute for each field. `validators` are functions that take an instance and
    return or raise a `FieldProblem`, return several, or None. `class X(FieldSet, additional_properties=True)` keeps
    members that no field declares. A declaration that cannot be meant raises `DefinitionError` here, naming class and
    field.
    """

    __compiled__: ClassVar[Compiled]
    __nulls__: ClassVar[frozenset[str]] = frozenset()
    __extra__: ClassVar[Mapping[str, Any]] = {}
    validators: ClassVar[tuple[Validator, ...]] = ()

    def __init_subclass__(cls, *, additional_properties: bool = False, **kwargs: Any) -> None:
        """Read the declarations of a class and compile them."""
        super().__init_subclass__(**kwargs)
        own = declared_specs(cls, sys._getframe(1).f_locals)
        bases = [base for base in reversed(cls.__mro__[1:]) if issubclass(base, FieldSet) and base is not FieldSet]
        specs = merged(cls, [*(base.__compiled__.specs for base in bases), own])
        for spec in own:
            if hasattr(FieldSet, spec.name):
                hint = f'name it "{spec.name}_"; its key stays "{spec.key}"'
                raise definition_error(cls, spec.name, "has the name of a method of FieldSet", hint)
            delattr(cls, spec.name)
        cls._compile(specs, additional=additional_properties)

    @classmethod
    def _compile(cls, specs: tuple[FieldSpec, ...], *, additional: bool) -> None:
        cls.__compiled__ = Compiled(cls, specs, additional=additional)
        for spec in specs:
            if spec.default is not MISSING:
                cls._check_default(spec)

    @classmethod
    def _check_default(cls, spec: FieldSpec) -> None:
        wrong = cls.__compiled__.value_errors(spec.key, copied(spec.default))
        if wrong:
            raise definition_error(cls, spec.name, f"has the default {spec.default!r}, but {wrong[0].message}")

    def __init__(self, /, **values: Any) -> None:
        compiled = type(self).__compiled__
        names = {spec.name for spec in compiled.specs}
        if unknown := sorted(values.keys() - names):
            raise TypeError(f"{type(self).__name__}() has no field {unknown[0]!r}")
        if lacking := [
            s.name for s in compiled.specs if s.name not in values and s.default is MISSING and not s.optional
        ]:
            raise TypeError(f"{type(self).__name__}() needs a value for {lacking[0]!r}")
        given = {spec.name: values.get(spec.name, compiled.default_of(spec)) for spec in compiled.specs}
        nulls = {s.key for s in compiled.specs if s.allow_null and given[s.name] is None and s.name in values}
        object.__setattr__(self, "__dict__", {**given, **({"__nulls__": frozenset(nulls)} if nulls else {})})

    @classmethod
    def fields(cls) -> tuple[FieldSpec, ...]:
        """Give the specs of all fields, in the order of declaration, inherited ones first."""
        return cls.__compiled__.specs

    @classmethod
    def additional_properties(cls) -> bool:
        """Tell whether members that no field declares are kept."""
        return cls.__compiled__.plan.additional

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12) of valid documents, after coercion, in wire keys."""
        body = object_schema(cls.fields(), additional=cls.additional_properties(), conditions=True)
        return {"$schema": DIALECT, "title": cls.__name__, **body}

    @classmethod
    def default_mapping(cls) -> dict[str, Any]:
        """Give the default mapping: wire key to mapping, for the fields that have one."""
        return {spec.key: copied(spec.mapping) for spec in cls.fields() if spec.mapping is not MISSING}

    @classmethod
    def check(
        cls, document: Any, *, unknown: Literal["drop", "refuse"] = "drop", sync_mode: str | None = None
    ) -> Checked[Self]:
        """Coerce and validate a document in wire keys; it is never changed and nothing of it is kept.

        All errors are given at once. A key that no field has is dropped and reported, or with `unknown="refuse"` an
        error. `sync_mode` is what conditions on the sync mode look at. Raises only what a validator of the class
        raises besides `FieldProblem`.
        """
        checked: Checked[Self] = cls.__compiled__.check(document, strict=unknown == "refuse", sync_mode=sync_mode)
        return checked

    def to_json(self, *, reveal: bool = False) -> dict[str, Any]:
        """Give the document in wire keys: absent values left out, secrets as `***` unless `reveal` is set."""
        out: dict[str, Any] = copied(self.__extra__)
        for spec in type(self).fields():
            value = getattr(self, spec.name)
            if value is not None or spec.key in self.__nulls__:
                out[spec.key] = _wire(value, reveal=reveal)
        return out

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: instances are frozen."""
        raise AttributeError(f"cannot assign to {name!r}: {type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        """Refuse: instances are frozen."""
        raise AttributeError(f"cannot delete {name!r}: {type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        """Be equal to an instance of the same class with equal values."""
        return vars(self) == vars(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        """Hash the values, as frozen dataclasses do; lists and objects have no hash."""
        return hash((type(self), *(getattr(self, spec.name) for spec in type(self).fields())))

    def __repr__(self) -> str:
        """Show the values; secrets and personal ones as `***`. What is not there yet, in a traceback, is left out."""
        specs = [spec for spec in type(self).fields() if spec.name in vars(self)]
        shown = (f"{s.name}={MASK if s.private else repr(getattr(self, s.name))}" for s in specs)
        return f"{type(self).__name__}({', '.join(shown)})"


def made(name: str, specs: tuple[FieldSpec, ...], *, additional: bool) -> type[FieldSet]:
    """Make a FieldSet of specs that are complete already."""
    owner: type[FieldSet] = type(name, (FieldSet,), {})
    owner._compile(specs, additional=additional)
    return owner


def with_default(owner: type[FieldSet], key: str, default: Any) -> type[FieldSet]:
    """A subclass whose field `key` has another default value; what checks and acts on the class stays."""
    specs = tuple(replace(spec, default=default) if spec.key == key else spec for spec in owner.fields())
    changed: type[FieldSet] = type(owner.__name__, (owner,), {})
    changed._compile(specs, additional=owner.additional_properties())
    return changed


def quick_payload(fields: type[FieldSet], document: Any) -> FieldSet | None:
    """Give the value of a document that is quickly seen to be right, without a report of what was changed.

    None says nothing: `FieldSet.check` decides then. What it gives is equal to this value where there is one.
    """
    return fields.__compiled__.built(document)


def payload_from(fields: type[FieldSet], whole: Whole) -> Callable[[Any], FieldSet | None] | None:
    """Write the code that makes a value straight from what would fill its documents; None where that cannot be.

    It gives what `quick_payload` gives for the document, or None, which says nothing; it may raise what filling the
    document would raise, and what a validator raises.
    """
    return fields.__compiled__.built_from(whole)


def write_quick(fields: type[FieldSet]) -> None:
    """Have the code that `quick_payload` runs written now, not when the first event comes."""
    _ = fields.__compiled__.quick


def _wire(value: Any, *, reveal: bool) -> Any:
    if isinstance(value, Secret):
        return value.reveal() if reveal else MASK
    if isinstance(value, FieldSet):
        return value.to_json(reveal=reveal)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_wire(item, reveal=reveal) for item in value]
    return copied(value)


def secret_values(value: FieldSet) -> tuple[str, ...]:
    """Give every secret text within, for scrubbing what is about to be recorded; empty ones are left out."""
    found: list[str] = []
    for item in vars(value).values():
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, Secret):
                found.append(one.reveal())
            elif isinstance(one, FieldSet):
                found.extend(secret_values(one))
    return tuple(text for text in dict.fromkeys(found) if text)
