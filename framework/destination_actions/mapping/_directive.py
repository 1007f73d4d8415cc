"""What a directive is, and what its author compiles with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ._limits import MappingLimits
from ._paths import Resolver


class CompileContext(Protocol):
    """Where a directive's argument stands, and how to compile what is in it.

    Methods take the keys that lead from the argument to the part in question, as in
    `context.node(argument["value"], "value")`.
    """

    pointer: str
    """The JSON pointer of the argument, for errors while resolving."""

    limits: MappingLimits
    """The limits that apply."""

    repeated: bool
    """Whether what is compiled here is resolved once for every item of some list."""

    def node(self, value: Any, *keys: str | int) -> Resolver:
        """Compile a nested mapping: directive, object, list or constant."""

    def path(self, text: str, *keys: str | int) -> Resolver:
        """Compile a path."""

    def template(self, text: str, *keys: str | int) -> Resolver:
        """Compile a template; its resolver gives text."""

    def items_of(self, source: Any) -> CompileContext:
        """Give the context for what is resolved against each item of `source`, a path or a mapping."""

    def elsewhere(self) -> CompileContext:
        """Give the context for what is resolved against a value that is not a part of the event."""

    def reads(self, path: str) -> None:
        """Record a path that the directive reads by itself, relative to what is being resolved."""

    def error(self, message: str, *keys: str | int, hint: str | None = None) -> Resolver:
        """Record what is wrong with the argument; gives a resolver to return, so that other errors are found too."""


@dataclass(frozen=True, eq=False)
class Directive:
    """One directive of the mapping language: `{"@name": argument}`.

    `schema` is the JSON Schema (draft 2020-12) of the argument; `NODE`, `TEXT` and `OBJECT` stand in it for nested
    mappings. `compile` gets an argument for which the schema holds, and gives its resolver. `summary` is one line for
    the reference, `example` a mapping, an event and the result.
    """

    name: str
    schema: Mapping[str, Any]
    compile: Callable[[CompileContext, Any], Resolver]
    summary: str
    example: tuple[Any, Mapping[str, Any], Any]
