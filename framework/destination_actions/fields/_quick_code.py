"""Writing the code that takes the fields of a class, wherever their values are.

Every line either leaves a value that is right in a variable or gives up by `return None`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from destination_actions.events import MISSING
from destination_actions.fields._document import Document
from destination_actions.fields._formats import OWN_FORMATS, USUAL
from destination_actions.fields._json import NotJson, copied, is_text
from destination_actions.fields._quick_bounds import Bounds, fixed_size
from destination_actions.fields._schema import compile_schema, value_schema
from destination_actions.fields._secret import Secret
from destination_actions.fields._specs import FieldSpec, NestedClass
from destination_actions.generated import Code, Items, Source, Value

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

_TEXTS: Final = ("string", "text", "password")
_NUMBERS: Final = ("number", "integer")
_UNCHECKED_FORMATS: Final = (None, "text", "password")
_LARGEST: Final = 1e300
"""Floats up to this size are numbers to everybody: neither NaN nor infinite."""
_FEW_DIGITS: Final = {str(number): number for number in range(1_000)}
"""What counts and quantities written as text mean: looked up in a fifth of the time of reading one."""
_DEEPEST: Final = 4
"""Levels of objects that are written out; the code of deeper ones is called."""


class Writer:
    """Writes the lines that take the fields of a class."""

    def __init__(self, code: Code, bounds: Bounds | None = None) -> None:
        self.code = code
        self._bounds = bounds
        self._depth = 0
        self._place = 1
        self._in_list = False

    def whole(self, owner: type[FieldSet], source: Source) -> str:
        """Write the lines that take an object that is never made; `size` is what there is of it to be counted."""
        self.code.line("size = 0")
        return self.made(owner, source)

    def made(self, owner: type[FieldSet], source: Source) -> str:
        """Write the lines that take an object; give the variable in which the typed value is left."""
        specs = owner.fields()
        held = [self._field(spec, source.value(spec.key)) for spec in specs]
        if self._bounds is not None and self._depth == 0:
            self.code.line(f"if size > {self._bounds.counted}: return None")
        return self._set_up(owner, dict(zip((spec.name for spec in specs), held, strict=True)))

    def _set_up(self, owner: type[FieldSet], held: dict[str, str]) -> str:
        """Write the lines that make the instance, whose class refuses every assignment."""
        code, made, twin = self.code, self.code.variable(), owner.__compiled__.twin
        if twin is not None:
            # A twin without that refusal is filled and then becomes what it is: half the time of setting a `__dict__`.
            code.line(f"{made} = {code.bind(twin)}()", *(f"{made}.{name} = {v}" for name, v in held.items()))
            code.line(f"{made}.__class__ = {code.bind(owner)}")
            return made
        members = ", ".join(f"{code.bind(name)}: {v}" for name, v in held.items())
        set_dict = code.bind(next(vars(base)["__dict__"] for base in owner.__mro__ if "__dict__" in vars(base)).__set__)
        code.line(f"{made} = {code.bind(object.__new__)}({code.bind(owner)})", f"{set_dict}({made}, {{{members}}})")
        return made

    def _field(self, spec: FieldSpec, value: Value | None) -> str:
        """Write the lines that leave an attribute's value in a variable, or give up."""
        code, variable = self.code, self.code.variable()
        if value is None:
            code.line(self._absent(spec, variable))
            return variable
        members = _known_members(spec, value)
        if members is not None:
            with self._deeper():
                return self.made(_inner(spec), members)
        items = _known_items(spec, value)
        (items or value).put(code, variable)
        absent = f"{variable} is MISSING" + ("" if spec.allow_null else f" or {variable} is None")
        usual = self._usual(spec, variable)
        if usual is not None:  # what nearly all values are is asked first
            with code.block(f"if {usual}:"):
                self._taken(spec, variable, items)
        code.line(f"{'if' if usual is None else 'elif'} {absent}: {self._absent(spec, variable)}")
        with code.block("else:"):
            if usual is None or (spec.type in _NUMBERS and not spec.multiple):
                code.line(f"{variable} = {self._value(spec, variable)}")
            else:
                code.line("return None")
        return variable

    def _usual(self, spec: FieldSpec, variable: str) -> str | None:
        """The test after which a value is the attribute's; where there is one, no other value is but some numbers."""
        if spec.multiple:
            return f"type({variable}) is list"
        if spec.type in _NUMBERS:
            return self._number_test(spec, variable)
        return self._text_test(spec, variable) if spec.type in _TEXTS else None

    def _number_test(self, spec: FieldSpec, variable: str) -> str | None:
        finite = f"type({variable}) is float and -{_LARGEST} <= {variable} <= {_LARGEST}"
        kinds = f"type({variable}) is int" + (f" or {finite}" if spec.type == "number" else "")
        bounds = [f"{variable} {sign} {bound!r}" for sign, bound in _bounds(spec)]
        return None if spec.choices else " and ".join([f"({kinds})", *bounds])

    def _taken(self, spec: FieldSpec, variable: str, items: Items | None) -> None:
        if spec.multiple:
            self._list(spec, variable, items)
            return
        if spec.type in _TEXTS:
            self._count(variable)
        if spec.secret:
            self.code.line(f"{variable} = {self.code.bind(Secret)}({variable})")
        else:
            self.code.line("pass")

    def _absent(self, spec: FieldSpec, variable: str) -> str:
        if spec.default is not MISSING and spec.default is not None:
            return f"{variable} = {self.code.bind(_default(spec))}()"
        return "return None" if spec.always_required or spec.default is None else f"{variable} = None"

    def _list(self, spec: FieldSpec, variable: str, items: Items | None) -> None:
        code, taken = self.code, self.code.variable()
        for sign, bound in (("<", spec.min_items), (">", spec.max_items)):
            if bound is not None:
                code.line(f"if len({variable}) {sign} {bound}: return None")
        code.line(f"{taken} = []")
        if items is None:
            self._each(spec, variable, taken)
        else:
            self._each_known(spec, variable, items, taken)
        code.line(f"{variable} = {taken}")

    def _each(self, spec: FieldSpec, variable: str, taken: str) -> None:
        item = self.code.variable()
        with self._weighed(variable), self.code.block(f"for {item} in {variable}:"):
            self.code.line(f"{taken}.append({self._value(spec, item)})")

    def _each_known(self, spec: FieldSpec, variable: str, items: Items, taken: str) -> None:
        inner = _inner(spec)
        self.code.line(f"size += {fixed_size(inner.fields()) + 2} * len({variable})")
        with items.each(self.code, variable) as source, self._deeper(in_list=True):
            self.code.line(f"{taken}.append({self.made(inner, source)})")

    # --- what is never made is counted ---

    def _count(self, variable: str) -> None:
        """Write the counting of a text in a list."""
        if self._bounds is not None and self._in_list:
            self.code.line(f"size += len({variable})")

    def _short(self, spec: FieldSpec, variable: str) -> list[str]:
        """The test of a text that is not counted."""
        if self._bounds is None or self._in_list:
            return []
        longest = [spec.maximum] if spec.maximum is not None else [len(str(choice.value)) for choice in spec.choices]
        if longest and max(longest) <= self._bounds.text:
            return []
        return [f"len({variable}) <= {self._bounds.text}"]

    @contextmanager
    def _weighed(self, variable: str) -> Iterator[None]:
        """Write the weighing of a value that comes as a whole; nothing within it is counted again."""
        bounds, self._bounds = self._bounds, None
        if bounds is not None:
            place = "[" * self._place + variable + "]" * self._place  # as deep as it would be
            self.code.line(f"size += {self.code.bind(bounds.weigh)}({place})")
            self.code.line(f"if size > {bounds.counted}: return None")
        yield
        self._bounds = bounds

    def _value(self, spec: FieldSpec, variable: str) -> str:
        """Write the lines that take a value that is there, or give up; give what it becomes."""
        return _KINDS[spec.type](self, spec, variable)

    # --- the types ---

    def _text(self, spec: FieldSpec, variable: str) -> str:
        self.code.line(f"if not ({self._text_test(spec, variable)}): return None")
        self._count(variable)
        return f"{self.code.bind(Secret)}({variable})" if spec.secret else variable

    def _text_test(self, spec: FieldSpec, variable: str) -> str:
        bind = self.code.bind
        tests = [f"type({variable}) is str and {variable} and ({variable}.isascii() or {bind(is_text)}({variable}))"]
        if spec.choices:
            known = frozenset(choice.value for choice in spec.choices if isinstance(choice.value, str))
            tests = [f"type({variable}) is str and {variable} in {bind(known - {''})}"]
        tests += [f"len({variable}) {sign} {bound}" for sign, bound in _bounds(spec)]
        if spec.format is not None and spec.format in OWN_FORMATS:
            tests.append(self._format(spec.format, variable))
        if spec.pattern is not None or spec.format not in {*_UNCHECKED_FORMATS, *OWN_FORMATS}:
            tests.append(self._schema(spec, variable))
        return " and ".join([*tests, *self._short(spec, variable)])

    def _format(self, name: str, variable: str) -> str:
        """The test of an own format; what is usual is judged without a call of a function of Python's."""
        usual, whole = USUAL.get(name), f"{self.code.bind(OWN_FORMATS[name])}({variable})"
        if usual is None:
            return whole
        tests = [f"len({variable}) <= {usual.longest}", f"{self.code.bind(usual.passes)}({variable})"]
        tests += [f"{self.code.bind(usual.after)} < {variable}"] if usual.after else []
        return f"({variable}.isascii() and {' and '.join(tests)} or {whole})"

    def _number(self, spec: FieldSpec, variable: str) -> str:
        """A text of a few digits is a number to every FieldSet; other texts are left to the general way."""
        code, few = self.code, self.code.bind(_FEW_DIGITS)
        code.line(f"if type({variable}) is int: pass")
        if spec.type != "integer":
            with code.block(f"elif type({variable}) is float:"):
                code.line(f"if not (-{_LARGEST} <= {variable} <= {_LARGEST}): return None")
        with code.block(f"elif type({variable}) is str:"):
            text, digits = self.code.variable(), "len({0}) < 16 and {0}.isascii() and {0}.isdecimal()"
            code.line(f"{text}, {variable} = {variable}, {few}.get({variable})")
            with code.block(f"if {variable} is None:"):
                code.line(f"if {digits.format(text)}: {variable} = int({text})", "else: return None")
        code.line("else: return None")
        tests = [f"{variable} {sign} {bound!r}" for sign, bound in _bounds(spec)]
        tests += [self._schema(spec, variable)] if spec.choices else []
        if tests:
            code.line(f"if not ({' and '.join(tests)}): return None")
        return variable

    def _boolean(self, spec: FieldSpec, variable: str) -> str:
        tests = [f"{variable} is not True and {variable} is not False"]
        tests += [f"not {self._schema(spec, variable)}"] if spec.choices else []
        self.code.line(f"if {' or '.join(tests)}: return None")
        return variable

    def _moment(self, spec: FieldSpec, variable: str) -> str:
        known = OWN_FORMATS.get(spec.format or "date-like")
        plain = known is not None and not (spec.choices or spec.pattern)
        test = self._format(spec.format or "date-like", variable) if plain else self._schema(spec, variable)
        is_ascii = f"type({variable}) is str and {variable} and {variable}.isascii()"
        self.code.line(f"if not ({' and '.join([is_ascii, test, *self._short(spec, variable)])}): return None")
        self._count(variable)
        return variable

    def _object(self, spec: FieldSpec, variable: str) -> str:
        self.code.line(f"if type({variable}) is not dict: return None")
        return self._copy(spec, variable) if spec.properties is None else self._nested(spec.properties, variable)

    def _nested(self, inner: NestedClass, variable: str) -> str:
        code, made = self.code, self.code.variable()
        if self._depth == _DEEPEST:
            with self._weighed(variable):
                pass
            code.line(f"{made} = {code.bind(inner.__compiled__.quick)}({variable})", f"if {made} is None: return None")
            return made
        code.line(f"{made} = {variable}.get")
        with self._weighed(variable), self._deeper():
            return self.made(inner, Document(made))

    @contextmanager
    def _deeper(self, *, in_list: bool = False) -> Iterator[None]:
        outer = self._depth, self._place, self._in_list
        self._depth, self._place, self._in_list = self._depth + 1, self._place + 1 + in_list, self._in_list or in_list
        yield
        self._depth, self._place, self._in_list = outer

    def _any(self, spec: FieldSpec, variable: str) -> str:
        self.code.line(f"if {variable} is None or {variable} == '': return None")
        return self._copy(spec, variable)

    def _copy(self, spec: FieldSpec, variable: str) -> str:
        checked = bool(spec.choices or spec.format or spec.pattern or _bounds(spec))
        test = f" or not {self._schema(spec, variable)}" if checked else ""
        with self._weighed(variable):
            self.code.line(f"{variable} = {self.code.bind(_plain)}({variable})")
        self.code.line(f"if {variable} is MISSING{test}: return None")
        return variable

    def _schema(self, spec: FieldSpec, variable: str) -> str:
        """The test of a value by its JSON Schema, for what Python has no exact word for; patterns are such."""
        return f"{self.code.bind(compile_schema(value_schema(spec)).is_valid)}({variable})"


_KINDS: Final[dict[str, Callable[[Writer, FieldSpec, str], str]]] = {
    "string": Writer._text,
    "text": Writer._text,
    "password": Writer._text,
    "number": Writer._number,
    "integer": Writer._number,
    "datetime": Writer._moment,
    "boolean": Writer._boolean,
    "object": Writer._object,
    "any": Writer._any,
}


def _inner(spec: FieldSpec) -> NestedClass:
    inner: Any = spec.properties
    return inner  # type: ignore[no-any-return]


def _known_members(spec: FieldSpec, value: Value) -> Source | None:
    """The members of an object of a class, where they are known, and are no others than its fields."""
    members = value.members() if spec.properties is not None and not spec.multiple else None
    return members if members is not None and members.keys() <= _inner(spec).__compiled__.by_key.keys() else None


def _known_items(spec: FieldSpec, value: Value) -> Items | None:
    """As `_known_members`, of a list."""
    items = value.items() if spec.properties is not None and spec.multiple else None
    return items if items is not None and items.keys() <= _inner(spec).__compiled__.by_key.keys() else None


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
