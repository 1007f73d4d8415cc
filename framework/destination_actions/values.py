"""Frozen values at the price of plain ones.

The `__init__` of a frozen dataclass sets every field past its own `__setattr__`, which takes three times as long as
plain assignments do, and an event makes some dozens of values on its way. A value that is `light` is of a twin class
without that guard while its fields are set; then it becomes what it is, as frozen as ever.

A `maker` makes the same values without a call of the class, which packs the arguments into a tuple and a dict before
`__init__` takes them out again: three fifths of the time of that, or less than half where there are keywords.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, Final, ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")

new_tuple: Final = tuple.__new__
"""Makes a named tuple of the tuple of its members, `new_tuple(Kind, (a, b))`, in half of the time of a call."""

_set_class: Final = object.__dict__["__class__"].__set__
"""Assigns to `__class__`, also of a value whose own class allows no assignment."""


class _Factory:
    """Stands where a value is left out that a factory makes; shown as dataclasses show it."""

    def __repr__(self) -> str:
        return "<factory>"


def light(kind: type[T]) -> type[T]:
    """Give a dataclass that is frozen and has slots an `__init__` that takes a third of the time."""
    own: Any = kind
    own.__twin__ = _twin(own)
    parts = fields(own)
    listed = "".join(f"{part.name}, " for part in parts)
    guard = f"if self.__class__ is not _kind: return _set_all(self, ({listed}))"
    body = [guard, "_set_class(self, _twin)", *_assignments(parts), "self.__class__ = _kind"]
    names = {"_set_class": _set_class, "_set_all": _setter(parts)}
    init = _compiled(own, f"__init__(self{_parameters(parts)})", body, names)
    init.__qualname__, init.__annotations__ = f"{kind.__qualname__}.__init__", own.__init__.__annotations__
    own.__init__ = init
    return kind


def maker(kind: Callable[P, T]) -> Callable[P, T]:
    """Give a function that takes what the class takes and makes such a value: for kinds that every event needs.

    The kind is `light`, or a dataclass that is not frozen. Raises `TypeError` for one that does more than keep what it
    is given.
    """
    own: Any = kind
    twin = own.__dict__.get("__twin__")
    if hasattr(own, "__post_init__") or (twin is None and own.__dataclass_params__.frozen):
        raise TypeError(f"no maker for {own.__name__}: make it light, and without __post_init__")
    parts = fields(own)
    becomes = ["self.__class__ = _kind"] if twin else []
    body = ["self = _new(_twin)", *_assignments(parts), *becomes, "return self"]
    made: Callable[P, T] = _compiled(
        own, f"make({_parameters(parts).removeprefix(', ')})", body, {"_new": object.__new__}
    )
    return made


def part_maker(kind: type[T], names: Sequence[str]) -> Callable[..., T]:
    """Give a function that takes values for these slots of a frozen kind, in this order; its other slots stay empty."""
    body = ["self = _new(_twin)", *(f"self.{name} = {name}" for name in names), "self.__class__ = _kind", "return self"]
    known = {"_new": object.__new__, "_twin": _twin(kind), "_kind": kind, "__name__": kind.__module__}
    return cast("Callable[..., T]", _written(f"make({', '.join(names)})", body, known))


def _twin(kind: Any) -> type:
    """A class of the same layout that lets its fields be set."""
    # Both methods: they share one place in a type, and Python would look both up by name for each assignment.
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, kind.__bases__, {"__slots__": kind.__slots__, **plain})


def _compiled(kind: Any, head: str, body: Sequence[str], names: dict[str, Any]) -> Any:
    """Write a function that sets the fields of a kind."""
    parts = fields(kind)
    names |= {"_kind": kind, "_twin": kind.__dict__.get("__twin__", kind), "__name__": kind.__module__}
    names |= {"_missing": _Factory()} | dict(_defaults(parts))
    fresh = [part.name for part in parts if part.default_factory is not MISSING]
    lines = [*(f"if {name} is _missing: {name} = _made_{name}()" for name in fresh), *body]
    return _written(head, lines, names)


def _written(head: str, lines: Sequence[str], names: dict[str, Any]) -> Any:
    exec(f"def {head}:\n " + "\n ".join(lines), names)  # noqa: S102 - made of names of fields, as dataclasses do it
    return names[head.partition("(")[0]]


def _assignments(parts: tuple[Field[Any], ...]) -> list[str]:
    return [f"self.{part.name} = {part.name}" for part in parts]


def _setter(parts: tuple[Field[Any], ...]) -> Callable[[object, tuple[Any, ...]], None]:
    """What sets the fields of a subclass that has no `__init__` of its own, as the dataclass would."""
    names = [part.name for part in parts]

    def set_all(self: object, values: tuple[Any, ...]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return set_all


def _parameters(parts: tuple[Field[Any], ...]) -> str:
    """Write the parameters."""
    in_order = "".join(_parameter(part) for part in parts if not part.kw_only)
    by_name = "".join(_parameter(part) for part in parts if part.kw_only)
    return f"{in_order}, *{by_name}" if by_name else in_order


def _parameter(part: Field[Any]) -> str:
    if part.default_factory is not MISSING:
        return f", {part.name}=_missing"
    return f", {part.name}" if part.default is MISSING else f", {part.name}=_default_{part.name}"


def _defaults(parts: tuple[Field[Any], ...]) -> Iterator[tuple[str, Any]]:
    """Give what the parameters are made of where they are left out, each with its name."""
    for part in parts:
        if part.default_factory is not MISSING:
            yield f"_made_{part.name}", part.default_factory
        elif part.default is not MISSING:
            yield f"_default_{part.name}", part.default
