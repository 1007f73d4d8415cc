"""Resolvers of objects, lists and constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from ..events import MISSING
from ._generated import Code, Inline, resolver_of
from ._limits import Frame
from ._paths import Resolver
from ._values import copied


class Root(NamedTuple):
    """A whole mapping, and its members where it is an object."""

    inline: Inline
    members: Sequence[tuple[str, Resolver]] | None = None


class Constant:
    """The resolver of a value that is the same for every event; lists and objects are copied."""

    __slots__ = ("mutable", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.mutable = isinstance(value, list | dict)

    def __call__(self, _scope: Any, _frame: Frame) -> Any:
        return copied(self.value) if self.mutable else self.value

    def inline(self, code: Code, variable: str) -> None:
        """Write the value out, or the copying of it."""
        code.line(
            f"{variable} = {code.bind(copied)}({code.bind(self.value)})"
            if self.mutable
            else f"{variable} = {code.bind(self.value)}"
        )


def list_resolver(items: Sequence[Resolver]) -> Resolver:
    """Give the resolver of a list; an item that is missing is null, so that the others keep their places."""

    def resolve_list(scope: Any, frame: Frame) -> Any:
        found = [item(scope, frame) for item in items]
        return [None if value is MISSING else value for value in found]

    return resolve_list


def object_resolver(members: Sequence[tuple[str, Resolver]]) -> Resolver:
    """Give the resolver of an object, written as Python; a member that is missing is left out."""
    resolver = resolver_of(partial(put_object, members))
    resolver.members = members  # type: ignore[attr-defined]
    return resolver


def put_object(members: Sequence[tuple[str, Resolver]], code: Code, found: str) -> None:
    """Write an object out. It is made at once where nothing is missing, which takes half the time."""
    values: list[tuple[str, str]] = []
    doubtful: list[str] = []
    for key, resolver in members:
        if isinstance(resolver, Constant) and resolver.value is MISSING:
            continue
        variable = code.variable()
        code.put(resolver, variable)
        values.append((code.bind(key), variable))
        doubtful += [] if isinstance(resolver, Constant) else [variable]
    whole = f"{found} = {{{', '.join(f'{key}: {variable}' for key, variable in values)}}}"
    if not doubtful:
        code.line(whole)
        return
    code.line(f"if {' and '.join(f'{variable} is not MISSING' for variable in doubtful)}: {whole}")
    with code.block("else:"):
        code.line(f"{found} = {{}}")
        code.line(*(f"if {variable} is not MISSING: {found}[{key}] = {variable}" for key, variable in values))


class Shaped:
    """The items of a list, each in a new shape; `steps` is what one takes."""

    def __init__(self, items: Resolver, shape: Resolver, steps: int, pointer: str) -> None:
        self.shape = shape
        self._items, self._steps, self._pointer = items, steps, pointer

    def put(self, code: Code, variable: str) -> None:
        """Write the lines that leave the list as it is in a variable."""
        code.put(self._items, variable)

    @contextmanager
    def loop(self, code: Code, found: str) -> Iterator[None]:
        """Write the loop over the list in a variable; what is written meanwhile resolves one item."""
        item = code.variable()
        code.spend(f"{self._steps} * len({found})", self._pointer)
        with code.block(f"for {item} in {found}:"), code.reading(item):
            yield
