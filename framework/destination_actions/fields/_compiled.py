"""A FieldSet ready for work: built once when the class is made, then only walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from destination_actions.errors import DefinitionError
from destination_actions.events import MISSING
from destination_actions.fields._build import converter
from destination_actions.fields._checked import Checked, FieldError, FieldProblem, child
from destination_actions.fields._clean import Report, clean, plan_of
from destination_actions.fields._errors import Site, required_error, schema_errors, shown
from destination_actions.fields._json import copied, is_object
from destination_actions.fields._quick import Quick, quick_from, quick_of
from destination_actions.fields._required import Scope, absent_paths, is_conditional
from destination_actions.fields._schema import compile_schema, object_schema
from destination_actions.fields._specs import FieldSpec
from destination_actions.fields._twin import twin_of
from destination_actions.generated import Whole

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

Path: TypeAlias = "tuple[str | int, ...]"
"""Wire keys and places in lists that lead to an object within the cleaned document."""


class Compiled:
    """The specs of a class with everything that is derived from them."""

    def __init__(self, owner: type[FieldSet], specs: tuple[FieldSpec, ...], *, additional: bool) -> None:
        self.owner = owner
        self.specs = specs
        self.plan = plan_of(specs, additional=additional)
        self.by_key: Mapping[str, FieldSpec] = MappingProxyType({spec.key: spec for spec in specs})
        self.by_word: Mapping[str, FieldSpec] = MappingProxyType({spec.name: spec for spec in specs} | self.by_key)
        self.conditional = tuple(spec for spec in specs if is_conditional(spec))
        self.validator = compile_schema(object_schema(specs, additional=additional))
        self._validators = _validators(owner)
        self._judged_within = tuple(spec for spec in specs if spec.properties and spec.properties.__compiled__.judges)
        self.judges: bool = bool(self._validators or self._judged_within)
        rows = [(spec.name, spec.key, converter(spec)) for spec in specs]
        self._names = tuple(name for name, _, _ in rows)
        self._keys = tuple(key for _, key, _ in rows)
        self._converted = tuple((name, convert) for name, _, convert in rows if convert is not None)
        self._order = {child("", spec.key)[1:]: index for index, spec in enumerate(specs)}
        self._additional = additional
        self._nullable = tuple(spec.key for spec in specs if spec.allow_null)

    @cached_property
    def quick(self) -> Quick | None:
        """The code that takes documents which are right; written when it is first asked for."""
        return quick_of(self.owner, self.specs, additional=self._additional)

    @cached_property
    def twin(self) -> type | None:
        """The class as which the quick way sets instances up, where there can be one."""
        return twin_of(self.owner, self.specs)

    def built(self, document: Any) -> FieldSet | None:
        """Give the value of a document that is quickly seen to be right, or None: then `check` decides."""
        value = None if self.quick is None else self.quick(document)
        if value is not None and self.judges and any(self.problems(value)):
            return None
        return value

    def built_from(self, whole: Whole) -> Quick | None:
        """Give the code that does as `built`, of what fills a document instead of one."""
        quick = quick_from(self.owner, whole)
        if quick is None or not self.judges:
            return quick

        def judged(given: Any) -> FieldSet | None:
            value = quick(given)
            return None if value is not None and any(self.problems(value)) else value

        return judged

    def check(self, document: Any, *, strict: bool, sync_mode: str | None) -> Checked[Any]:
        """Clean, validate and build; see `FieldSet.check`."""
        if not is_object(document):
            return Checked(None, (_no_object(document),), ())
        report = Report(strict)
        cleaned = clean(self.plan, document, "", report)
        valid = self.validator.is_valid(cleaned)
        if self.conditional or report.errors or not valid:
            found = [*report.errors, *self._errors(cleaned, report, sync_mode, valid=valid)]
            errors = tuple(sorted(found, key=self._position))
            if errors:
                return Checked(None, errors, tuple(report.coercions))
        value = self.build(cleaned)
        errors = tuple(_problems(self.owner, value, report)) if self.judges else ()
        return Checked(None if errors else value, errors, tuple(report.coercions))

    def _errors(
        self, cleaned: dict[str, Any], report: Report, sync_mode: str | None, *, valid: bool
    ) -> Iterator[FieldError]:
        if not valid:
            yield from schema_errors(self.owner, cleaned, report)
        if self.conditional:
            for path in absent_paths(Scope(self.owner, cleaned, sync_mode)):
                yield required_error(self.owner, path, report)

    def _position(self, error: FieldError) -> int:
        """Give the place of an error's field in the order of declaration; unknown keys come last."""
        return self._order.get(error.pointer[1:].split("/", 1)[0], len(self._order))

    def value_errors(self, key: str, value: Any) -> list[FieldError]:
        """Give what is wrong with one value as it stands, without coercion."""
        found = schema_errors(self.owner, {key: value}, Report(strict=True))
        at = child("", key)
        return [error for error in found if error.pointer == at or error.pointer.startswith(f"{at}/")]

    def default_of(self, spec: FieldSpec) -> Any:
        """Give the default of a field as its attribute has it; None where there is none."""
        convert = converter(spec)
        if spec.default is MISSING or spec.default is None:
            return None
        return convert(copied(spec.default)) if convert else copied(spec.default)

    def build(self, cleaned: dict[str, Any]) -> FieldSet:
        """Give the typed value of a valid, cleaned document."""
        get = cleaned.get
        values: dict[str, Any] = dict(zip(self._names, map(get, self._keys), strict=True))
        for name, convert in self._converted:
            if (value := values[name]) is not None:
                values[name] = convert(value)
        if self._nullable and (nulls := [key for key in self._nullable if key in cleaned and get(key) is None]):
            values["__nulls__"] = frozenset(nulls)
        if self.plan.additional and (extra := {k: v for k, v in cleaned.items() if k not in self.by_key}):
            values["__extra__"] = extra
        made = object.__new__(self.owner)
        object.__setattr__(made, "__dict__", values)
        return made

    def problems(self, value: FieldSet, path: Path = ()) -> Iterator[tuple[Path, FieldProblem]]:
        """Give what the validators of the class and of the objects within find, each with the path to the object."""
        for check in self._validators:
            for problem in _answers(check, value):
                yield path, problem
        for spec in self._judged_within:
            held = getattr(value, spec.name)
            items = enumerate(held) if isinstance(held, list) else [(None, held)]
            for index, item in items:
                if item is not None and spec.properties is not None:
                    here = (*path, spec.key) if index is None else (*path, spec.key, index)
                    yield from spec.properties.__compiled__.problems(item, here)


def _problems(root: type[FieldSet], value: FieldSet, report: Report) -> Iterator[FieldError]:
    for path, problem in root.__compiled__.problems(value):
        yield _problem(root, path, problem, report)


def _problem(root: type[FieldSet], path: Path, problem: FieldProblem, report: Report) -> FieldError:
    """Say a problem as an error: of the field that it names, or of the object whose validator found it."""
    around = Site(root, path, report)
    owner = root if around.spec is None else around.spec.properties
    spec = owner.__compiled__.by_word.get(problem.field) if owner else None
    if spec is not None:
        site = Site(root, (*path, spec.key), report)
        return FieldError(site.pointer, problem.code, site.label, f"{site.subject} {problem.message}")
    if problem.field:
        return FieldError(child(around.pointer, problem.field), problem.code, "", problem.message)
    message = f"{around.subject}: {problem.message}" if path else problem.message
    return FieldError(around.pointer, problem.code, around.label, message)


def _answers(check: Callable[[Any], Any], value: FieldSet) -> list[FieldProblem]:
    try:
        answer = check(value)
        if answer is None or isinstance(answer, FieldProblem):
            return [answer] if answer else []
        return list(answer)
    except FieldProblem as problem:
        return [problem]


def _validators(owner: Any) -> tuple[Callable[[Any], Any], ...]:
    given = owner.validators
    if not isinstance(given, tuple | list) or not all(callable(one) for one in given):
        raise DefinitionError(f"{owner.__qualname__}.validators must be a tuple of functions")
    return tuple(given)


def _no_object(document: Any) -> FieldError:
    return FieldError("", "type", "", f"the document must be an object, but it is {shown(document)}")
