"""Python that is written while a configuration is loaded, for what runs once for every event.

Sources are made of fixed words and numbered names alone. Every text and constant is bound to a name, so no text of a
configuration is ever a part of a source; and what has the same shape has the same source, which is compiled once.

Rooms that know nothing of each other write one function together: who has an object says how its members are read
(`Source`), who wants them writes the code around. So a mapping and the payload that it fills become one function, and
the document between them is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Protocol

from destination_actions.events import MISSING


def defined(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a source that defines a function, with `names` as its globals, and give the function."""
    exec(_code(source), names)  # noqa: S102 - see above
    return names[name]


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<generated>", "exec")


_LOCAL = tuple(f"{name}={name}" for name in ("MISSING", "type", "str", "len"))
"""What a function asks for at nearly every line is local to it; that it need not be looked up is 5 % of its time."""


class Code:
    """The body of a function that is being written: its lines, and the values bound to its names."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"MISSING": MISSING}
        self._known: dict[int, str] = {}
        self._lines: list[str] = []
        self._level = 0
        self._variables = 0

    def bind(self, value: Any) -> str:
        """Give the name of a constant; one value has one name."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"c{len(self.names)}"
            self.names[name] = value
        return name

    def variable(self) -> str:
        """Give a variable that nobody uses yet."""
        self._variables += 1
        return f"v{self._variables}"

    def line(self, *texts: str) -> None:
        """Write lines."""
        margin = "    " * (self._level + 1)
        self._lines += [margin + text for text in texts]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line, and indented below it what is written meanwhile."""
        self.line(head)
        self._level += 1
        yield
        self._level -= 1

    def function(self, *parameters: str, result: str) -> Callable[..., Any]:
        """Give the function of these parameters that returns an expression."""
        head = f"def generated({', '.join([*parameters, *_LOCAL])}):"
        source = "\n".join([head, *self._lines, f"    return {result}"])
        made: Callable[..., Any] = defined(source, "generated", self.names)
        return made


class Value(Protocol):
    """A value that code can read."""

    def put(self, code: Any, variable: str) -> None:
        """Write the lines that leave it, or `MISSING`, in a variable."""

    def members(self) -> Source | None:
        """Give what its members are made of, where it is an object that need not be made for that."""

    def items(self) -> Items | None:
        """Give what its items are made of, where it is a list of objects that need not be made for that."""


class Items(Protocol):
    """Objects made of the items of another list, one by one."""

    def put(self, code: Any, variable: str) -> None:
        """Write the lines that leave the other list in a variable; if that is no list, there are no items."""

    def each(self, code: Any, variable: str) -> AbstractContextManager[Source]:
        """Write the loop over the list in a variable, with what is written meanwhile in it; gives one object."""

    def keys(self) -> frozenset[str]:
        """Give every key that such an object may have."""


class Source(Protocol):
    """An object whose members code can read."""

    def keys(self) -> frozenset[str]:
        """Give every key that it may have."""

    def value(self, key: str) -> Value | None:
        """Give the value of a key, None where it is never there."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How large an object may be that is never made: `room` characters, as JSON. `weigh` gives at least what a value
    takes of it, and more than there is for what is nested too deeply."""

    room: int
    weigh: Callable[[Any], int]


class Whole(Source, Protocol):
    """An object that is made of one value."""

    limit: Limit

    def function(self, write: Callable[[Any], str]) -> Callable[[Any], Any]:
        """Give the function of that value whose lines `write` writes; what it gives is the expression to return.

        It may raise what making the object would raise.
        """
