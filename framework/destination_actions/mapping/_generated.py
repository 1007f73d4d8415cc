"""Running generated Python, in the one place where it is done, and writing functions that hold what they call.

Sources are made of fixed words and numbered names alone. Every text and constant of a mapping is bound to a name, so no
text of a mapping is ever a part of a source; and what has the same shape has the same source, which is compiled once.

A resolver may say how it is written out: its attribute `inline` puts the lines that leave its value in a variable into
the function around it. That saves a call for each node of a mapping, which is half the time of a small one. A resolver
without it is called, and so is what is nested too deeply or would make the function too long; the value is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias, TypeVar

from ..events import MISSING

DEEPEST = 5
LONGEST = 2_000
"""Levels and lines up to which resolvers are written out."""

Inline: TypeAlias = "Callable[[Code, str], None]"
R = TypeVar("R")


def defined(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a source that defines a function, with `names` as its globals, and give the function."""
    exec(_code(source), names)  # noqa: S102 - see above
    return names[name]


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<mapping>", "exec")


def written_out(resolver: R, inline: Inline) -> R:
    """Say how a resolver is written out."""
    resolver.inline = inline  # type: ignore[attr-defined]
    return resolver


class Code:
    """A function of a scope and a frame that is being written: its lines, and the values bound to its names."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"MISSING": MISSING}
        self.scope = "scope"
        self._lines: list[str] = []
        self._level = 0
        self._variables = 0

    def bind(self, value: Any) -> str:
        """Give the name of a constant."""
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def variable(self) -> str:
        """Give a variable that nobody uses yet."""
        self._variables += 1
        return f"v{self._variables}"

    def line(self, text: str) -> None:
        """Write a line."""
        self._lines.append(f"{'    ' * (self._level + 1)}{text}")

    def block(self, head: str, *texts: str, body: Callable[[], None] | None = None) -> None:
        """Write a line and what is indented below it."""
        self.line(head)
        self._level += 1
        for text in texts:
            self.line(text)
        if body is not None:
            body()
        self._level -= 1

    def put(self, resolver: Callable[..., Any], variable: str) -> None:
        """Write the lines that leave what a resolver gives in a variable."""
        inline: Inline | None = getattr(resolver, "inline", None)
        if inline is None or self._level > DEEPEST or len(self._lines) > LONGEST:
            self.line(f"{variable} = {self.bind(resolver)}({self.scope}, frame)")
        else:
            inline(self, variable)

    def within(self, scope: str, write: Callable[[], None]) -> None:
        """Write lines that read from another scope."""
        outer, self.scope = self.scope, scope
        write()
        self.scope = outer

    def function(self, result: str) -> Callable[..., Any]:
        """Give the function, which returns an expression."""
        source = "\n".join(["def resolve(scope, frame):", *self._lines, f"    return {result}"])
        made: Callable[..., Any] = defined(source, "resolve", self.names)
        return made
