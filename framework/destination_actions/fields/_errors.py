"""What the JSON Schema finds, said in the words of the fields: pointer, stable code, label, sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from destination_actions.events import MISSING
from destination_actions.fields._checked import FieldError, child
from destination_actions.fields._clean import Report
from destination_actions.fields._formats import FORMATS
from destination_actions.fields._specs import FieldSpec
from destination_actions.fields._values import has_text

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

_CODES: Final = {
    "type": "type",
    "required": "required",
    "enum": "choice",
    "format": "format",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "too_short",
    "maxLength": "too_long",
    "minItems": "too_few",
    "maxItems": "too_many",
}
_WANTED: Final = {
    "string": "a text",
    "text": "a text",
    "password": "a text",
    "number": "a number",
    "integer": "a whole number",
    "datetime": "a date: a text or a number",
    "boolean": "true or false",
    "object": "an object",
    "any": "a JSON value",
}
_LONGEST: Final = 80


class Site:
    """Where an error stands: its pointer into the given document, the field, and the words for both."""

    def __init__(self, root: type[FieldSet], path: Iterable[str | int], report: Report) -> None:
        self.pointer = ""
        self.spec: FieldSpec | None = None
        self.is_list = False
        self._words: list[str] = []
        fields: type[FieldSet] | None = root
        for step in path:
            if isinstance(step, int):
                self._item(step, report)
            else:
                fields = self._member(step, fields)

    def _item(self, index: int, report: Report) -> None:
        kept = report.moved.get(self.pointer)
        original = kept[index] if kept else index
        self.pointer = child(self.pointer, original)
        self.is_list = False
        if self._words:
            self._words[-1] += f" (item {original + 1})"

    def _member(self, key: str, fields: type[FieldSet] | None) -> type[FieldSet] | None:
        self.pointer = child(self.pointer, key)
        self.spec = None if fields is None else fields.__compiled__.by_key.get(key)
        self.is_list = self.spec is not None and self.spec.multiple
        self._words.append(self.spec.label if self.spec else key)
        return self.spec.properties if self.spec else None

    @property
    def label(self) -> str:
        """The label of the field, "" for the document."""
        return self.spec.label if self.spec else ""

    @property
    def subject(self) -> str:
        """The field as a sentence names it, from the inside out."""
        return " in ".join(reversed(self._words)) or "the document"


def schema_errors(root: type[FieldSet], cleaned: dict[str, Any], report: Report) -> Iterator[FieldError]:
    """Give the errors of a cleaned document, but not those of a value that stands for one that is no JSON.

    A value of a wrong type is not said to be none of the choices besides.
    """
    known = tuple(error.pointer for error in report.errors if error.code == "not_json")
    found = [_schema_error(root, cleaned, error, report) for error in root.__compiled__.validator.iter_errors(cleaned)]
    misfits = {error.pointer for error in found if error.code == "type"}
    for error in found:
        if error.code == "choice" and error.pointer in misfits:
            continue
        if not any(at == error.pointer or at.startswith(f"{error.pointer}/") for at in known):
            yield error


def required_error(root: type[FieldSet], path: Iterable[str | int], report: Report) -> FieldError:
    """Give the error of a value that is required and absent."""
    site = Site(root, path, report)
    return FieldError(site.pointer, "required", site.label, f"{site.subject} is required, but there is no value for it")


def _schema_error(
    root: type[FieldSet], cleaned: dict[str, Any], error: jsonschema_rs.ValidationError, report: Report
) -> FieldError:
    keyword = str(error.schema_path[-1])
    path: list[str | int] = list(error.instance_path)
    if keyword == "required":
        return required_error(root, [*path, error.kind.as_dict()["property"]], report)
    site = Site(root, path, report)
    value: Any = reduce(_step, path, cleaned)
    sentence = f"{site.subject} {_predicate(keyword, site, value)}{_lost_plus(keyword, site, report)}"
    return FieldError(site.pointer, _CODES.get(keyword, keyword), site.label, sentence)


def _step(inner: Any, key: str | int) -> Any:
    return inner[key]


def _predicate(keyword: str, site: Site, value: Any) -> str:
    if site.spec is None:
        return f"must be an object, but it is {shown(value, private=False)}"
    if keyword == "type":
        wanted = "a list" if site.is_list else _WANTED[site.spec.type]
        return f"must be {wanted}, but it is {shown(value, private=site.spec.holds_private)}"
    return _SENTENCES[keyword](site.spec, value)


def _choice(spec: FieldSpec, value: Any) -> str:
    *most, last = [_literal(choice.value) for choice in spec.choices]
    listed = f"one of {', '.join(most)} or {last}" if most else last
    return f"must be {listed}, but it is {shown(value, private=spec.private)}"


def _format(spec: FieldSpec, value: Any) -> str:
    wanted = FORMATS["date-like" if spec.type == "datetime" else spec.format or "text"]
    return f"must be {wanted}, but it is {shown(value, private=spec.private)}"


def _pattern(spec: FieldSpec, value: Any) -> str:
    return f"must match {spec.pattern}, but it is {shown(value, private=spec.private)}"


def _least(spec: FieldSpec, value: Any) -> str:
    return f"must be at least {spec.minimum}, but it is {shown(value, private=spec.private)}"


def _most(spec: FieldSpec, value: Any) -> str:
    return f"must be at most {spec.maximum}, but it is {shown(value, private=spec.private)}"


def _shortest(spec: FieldSpec, value: Any) -> str:
    return f"must have at least {_count(spec.minimum, 'character')}, but it has {len(value)}"


def _longest(spec: FieldSpec, value: Any) -> str:
    return f"must have at most {_count(spec.maximum, 'character')}, but it has {len(value)}"


def _fewest(spec: FieldSpec, value: Any) -> str:
    return f"must have at least {_count(spec.min_items, 'item')}, but it has {len(value)}"


def _more(spec: FieldSpec, value: Any) -> str:
    return f"must have at most {_count(spec.max_items, 'item')}, but it has {len(value)}"


_SENTENCES: Final[dict[str, Callable[[FieldSpec, Any], str]]] = {
    "enum": _choice,
    "format": _format,
    "pattern": _pattern,
    "minimum": _least,
    "maximum": _most,
    "minLength": _shortest,
    "maxLength": _longest,
    "minItems": _fewest,
    "maxItems": _more,
}


def _lost_plus(keyword: str, site: Site, report: Report) -> str:
    """Say where a phone number lost its plus: YAML and spreadsheets read `+1555...` as a number."""
    if site.spec is None or site.spec.format != "e164" or keyword not in ("format", "pattern"):
        return ""
    numeric = any(change.pointer == site.pointer and change.code == "converted" for change in report.coercions)
    return '; it was given as a number, which has no "+": write it in quotes' if numeric else ""


def shown(value: Any, *, private: bool = False) -> str:
    """Give a value as a message may show it: short, and without what is private."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if value is MISSING:
        return "missing"
    if private:
        return "another value" if not isinstance(value, str) else "a text that is not shown"
    return _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, int) and not has_text(value):
        return "a number of hundreds of digits"
    plain = value is None or isinstance(value, str | bool)
    text = json.dumps(value, ensure_ascii=False) if plain else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _count(number: float | None, noun: str) -> str:
    whole = int(number or 0)
    return f"{whole} {noun}" if whole == 1 else f"{whole} {noun}s"
