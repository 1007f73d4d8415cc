"""The quick way to a payload: code of a FieldSet's own that takes documents which are right, and no others.

Most documents are. For them the general way walks rows, reports what it changes, and asks the JSON Schema about a
document as a whole; here the class's fields are written out as Python. What is not exactly as expected makes the code
give None, and then `Compiled.check` decides and says why, so this code need not know everything: it may refuse what is
right and must not take what is wrong. A law in the tests holds both against each other.

The source is made of fixed words and numbered names; keys, constants and checks are bound to these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeAlias

from destination_actions.events import MISSING
from destination_actions.fields._formats import OWN_FORMATS
from destination_actions.fields._json import NotJson, copied, is_text
from destination_actions.fields._schema import compile_schema, value_schema
from destination_actions.fields._secret import Secret
from destination_actions.fields._specs import FieldSpec

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

Quick: TypeAlias = "Callable[[Any], FieldSet | None]"
"""From a document to the typed value of it, or None."""

_TEXTS = ("string", "text", "password")
_UNCHECKED_FORMATS = (None, "text", "password")
_LARGEST = 1e300
"""Floats up to this size are numbers to everybody: neither NaN nor infinite."""


def quick_of(owner: type[FieldSet], specs: Sequence[FieldSpec], *, additional: bool) -> Quick | None:
    """Write the code of a class, or give None where the general way is needed for all of its documents."""
    if additional or any(_is_special(spec) for spec in specs):
        return None
    return _Writer(owner).function(specs)


def _is_special(spec: FieldSpec) -> bool:
    """Whether a field needs the general way: parsed moments, conditions, and objects that need it themselves."""
    conditional = not isinstance(spec.required, bool) or spec.depends_on is not None
    nested = spec.properties is not None and spec.properties.__compiled__.quick is None
    return spec.parsed or conditional or nested


class _Writer:
    """Writes one function: `document` is given, `v` the value of the field in question, `x` an item of a list."""

    def __init__(self, owner: type[FieldSet]) -> None:
        self._names: dict[str, Any] = {
            "MISSING": MISSING,
            "owner": owner,
            "new": object.__new__,
            # Sets `__dict__` without asking the class, which refuses: 0.07 us less than `object.__setattr__`.
            "set_dict": owner.__mro__[-2].__dict__["__dict__"].__set__,
            "is_text": is_text,
        }
        self._lines: list[str] = []

    def function(self, specs: Sequence[FieldSpec]) -> Quick:
        """Give the function for these fields."""
        members = []
        for number, spec in enumerate(specs):
            self._field(spec)
            self._lines.append(f"    v{number} = v")
            members.append(f"{self._bind(spec.name)}: v{number}")
        head = ["def quick(document):", "    if type(document) is not dict: return None", "    get = document.get"]
        tail = ["    made = new(owner)", f"    set_dict(made, {{{', '.join(members)}}})", "    return made"]
        exec(_code("\n".join([*head, *self._lines, *tail])), self._names)  # noqa: S102 - see the module's text
        made: Quick = self._names["quick"]
        return made

    def _bind(self, value: Any) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name

    def _field(self, spec: FieldSpec) -> None:
        """Write the lines that leave the attribute's value in `v`, or give up."""
        add = self._lines.append
        add(f"    v = get({self._bind(spec.key)}, MISSING)")
        usual = self._usual(spec)
        if usual is not None:  # what nearly all values are is asked first
            add(f"    if {usual}: pass")
        absent = "v is MISSING" if spec.allow_null else "v is MISSING or v is None"
        add(f"    {'if' if usual is None else 'elif'} {absent}:")
        add(f"        {self._absent(spec)}")
        if usual is not None and spec.type in _TEXTS:
            add("    else: return None")
        elif spec.multiple:
            add("    elif type(v) is list:")
            self._list(spec)
            add("    else: return None")
        else:
            add("    else:")
            self._value(spec, "v", "        ")

    def _usual(self, spec: FieldSpec) -> str | None:
        """The test after which the value is the attribute's, where one test says so."""
        if spec.multiple or spec.secret:
            return None
        return self._text_test(spec, "v") if spec.type in _TEXTS else None

    def _absent(self, spec: FieldSpec) -> str:
        if spec.default is not MISSING and spec.default is not None:
            return f"v = {self._bind(_default(spec))}()"
        return "return None" if spec.always_required or spec.default is None else "v = None"

    def _list(self, spec: FieldSpec) -> None:
        add = self._lines.append
        for sign, bound in (("<", spec.min_items), (">", spec.max_items)):
            if bound is not None:
                add(f"        if len(v) {sign} {bound}: return None")
        add("        items = []")
        add("        for x in v:")
        self._value(spec, "x", "            ")
        add("            items.append(x)")
        add("        v = items")

    def _value(self, spec: FieldSpec, name: str, margin: str) -> None:
        """Write the lines that take a value that is there, or give up; what it becomes stays in the variable."""
        lines = _KINDS[spec.type](self, spec, name)
        self._lines += [margin + line for line in lines]

    # --- the types ---

    def _text(self, spec: FieldSpec, name: str) -> list[str]:
        secret = [f"{name} = {self._bind(Secret)}({name})"] if spec.secret else []
        return [f"if not ({self._text_test(spec, name)}): return None", *secret]

    def _text_test(self, spec: FieldSpec, name: str) -> str:
        tests = [f"type({name}) is str and {name} and ({name}.isascii() or is_text({name}))"]
        if spec.choices:
            known = frozenset(choice.value for choice in spec.choices if isinstance(choice.value, str))
            tests = [f"type({name}) is str and {name} in {self._bind(known - {''})}"]
        tests += [f"len({name}) {sign} {bound}" for sign, bound in _bounds(spec)]
        if spec.format is not None and spec.format in OWN_FORMATS:
            tests.append(f"{self._bind(OWN_FORMATS[spec.format])}({name})")
        if spec.pattern is not None or spec.format not in {*_UNCHECKED_FORMATS, *OWN_FORMATS}:
            tests.append(self._schema(spec, name))
        return " and ".join(tests)

    def _number(self, spec: FieldSpec, name: str) -> list[str]:
        """A text of a few digits is a number to every FieldSet; other texts are left to the general way."""
        digits = f"type({name}) is str and len({name}) < 16 and {name}.isascii() and {name}.isdecimal()"
        finite = [f"elif type({name}) is float:", f"    if not (-{_LARGEST} <= {name} <= {_LARGEST}): return None"]
        tests = [f"{name} {sign} {bound!r}" for sign, bound in _bounds(spec)]
        tests += [self._schema(spec, name)] if spec.choices else []
        return [
            f"if type({name}) is int: pass",
            *([] if spec.type == "integer" else finite),
            f"elif {digits}: {name} = int({name})",
            "else: return None",
            *([f"if not ({' and '.join(tests)}): return None"] if tests else []),
        ]

    def _boolean(self, spec: FieldSpec, name: str) -> list[str]:
        tests = [f"{name} is not True and {name} is not False"]
        tests += [f"not {self._schema(spec, name)}"] if spec.choices else []
        return [f"if {' or '.join(tests)}: return None"]

    def _moment(self, spec: FieldSpec, name: str) -> list[str]:
        known = OWN_FORMATS.get(spec.format or "date-like")
        plain = known is not None and not (spec.choices or spec.pattern)
        test = f"{self._bind(known)}({name})" if plain else self._schema(spec, name)
        return [f"if not (type({name}) is str and {name} and {name}.isascii() and {test}): return None"]

    def _object(self, spec: FieldSpec, name: str) -> list[str]:
        if spec.properties is not None:
            take = f"{name} = {self._bind(spec.properties.__compiled__.quick)}({name})"
            kept = [take, f"if {name} is None: return None"]
        else:
            kept = self._copy(spec, name)
        return [f"if type({name}) is not dict: return None", *kept]

    def _any(self, spec: FieldSpec, name: str) -> list[str]:
        return [f"if {name} is None or {name} == '': return None", *self._copy(spec, name)]

    def _copy(self, spec: FieldSpec, name: str) -> list[str]:
        checked = bool(spec.choices or spec.format or spec.pattern or _bounds(spec))
        test = f" or not {self._schema(spec, name)}" if checked else ""
        return [f"{name} = {self._bind(_plain)}({name})", f"if {name} is MISSING{test}: return None"]

    def _schema(self, spec: FieldSpec, name: str) -> str:
        """The test of a value by its JSON Schema, for what Python has no exact word for; patterns are such."""
        return f"{self._bind(compile_schema(value_schema(spec)).is_valid)}({name})"


_KINDS: dict[str, Callable[[_Writer, FieldSpec, str], list[str]]] = {
    "string": _Writer._text,
    "text": _Writer._text,
    "password": _Writer._text,
    "number": _Writer._number,
    "integer": _Writer._number,
    "datetime": _Writer._moment,
    "boolean": _Writer._boolean,
    "object": _Writer._object,
    "any": _Writer._any,
}


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<fields>", "exec")


def _bounds(spec: FieldSpec) -> list[tuple[str, float]]:
    return [(sign, bound) for sign, bound in ((">=", spec.minimum), ("<=", spec.maximum)) if bound is not None]


def _plain(value: Any) -> Any:
    try:
        return copied(value)
    except NotJson:
        return MISSING


def _default(spec: FieldSpec) -> Callable[[], Any]:
    from destination_actions.fields._build import converter

    convert, default = converter(spec), spec.default
    return lambda: convert(copied(default)) if convert else copied(default)
