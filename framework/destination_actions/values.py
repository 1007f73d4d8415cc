"""Frozen values at the price of plain ones.

The `__init__` of a frozen dataclass sets every field past its own `__setattr__`, which takes three times as long as
plain assignments do, and an event makes some dozens of values on its way. A value that is `light` is of a twin class
without that guard while its fields are set; then it becomes what it is, as frozen as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from typing import Any, Final, TypeVar

T = TypeVar("T")

_set_class: Final = object.__dict__["__class__"].__set__
"""Assigns to `__class__`, also of a value whose own class allows no assignment."""


class _Factory:
    """Stands where a value is left out that a factory makes; shown as dataclasses show it."""

    def __repr__(self) -> str:
        return "<factory>"


def light(kind: type[T]) -> type[T]:
    """Give a dataclass that is frozen and has slots an `__init__` that takes a third of the time."""
    own: Any = kind
    twin = {"__slots__": own.__slots__, "__setattr__": object.__setattr__}
    names: dict[str, Any] = {"_set_class": _set_class, "_twin": type(kind.__name__, kind.__bases__, twin)}
    names |= {"_kind": kind, "_missing": _Factory(), "_set_all": _setter(fields(own)), "__name__": kind.__module__}
    exec(_source(fields(own), names), names)  # noqa: S102 - made of the names of fields alone, as dataclasses do it
    init = names["__init__"]
    init.__qualname__, init.__annotations__ = f"{kind.__qualname__}.__init__", own.__init__.__annotations__
    own.__init__ = init
    return kind


def _source(parts: tuple[Field[Any], ...], names: dict[str, Any]) -> str:
    fresh = [part.name for part in parts if part.default_factory is not MISSING]
    listed = "".join(f"{part.name}, " for part in parts)
    return "\n".join(
        [
            f"def __init__(self{''.join(_parameters(parts, names))}):",
            *(f" if {name} is _missing: {name} = _made_{name}()" for name in fresh),
            f" if self.__class__ is not _kind: return _set_all(self, ({listed}))",
            " _set_class(self, _twin)",
            *(f" self.{part.name} = {part.name}" for part in parts),
            " self.__class__ = _kind",
        ]
    )


def _setter(parts: tuple[Field[Any], ...]) -> Callable[[object, tuple[Any, ...]], None]:
    """What sets the fields of a subclass that has no `__init__` of its own, as the dataclass would."""
    names = [part.name for part in parts]

    def set_all(self: object, values: tuple[Any, ...]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return set_all


def _parameters(parts: tuple[Field[Any], ...], names: dict[str, Any]) -> Iterator[str]:
    """Write the parameters, and put their defaults among the names."""
    yield from (_parameter(part, names) for part in parts if not part.kw_only)
    if any(part.kw_only for part in parts):
        yield ", *"
    yield from (_parameter(part, names) for part in parts if part.kw_only)


def _parameter(part: Field[Any], names: dict[str, Any]) -> str:
    if part.default_factory is not MISSING:
        names[f"_made_{part.name}"] = part.default_factory
        return f", {part.name}=_missing"
    if part.default is MISSING:
        return f", {part.name}"
    names[f"_default_{part.name}"] = part.default
    return f", {part.name}=_default_{part.name}"
