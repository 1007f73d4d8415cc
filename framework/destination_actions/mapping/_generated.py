"""Functions that resolve, written as Python.

A resolver may say how it is written out: its attribute `inline` puts the lines that leave its value in a variable into
the function around it. That saves a call for each node of a mapping, which is half the time of a small one. A resolver
without it is called, and so is what is nested too deeply or would make the function too long; the value is the same.

A function is written twice. The first time shows what it reads and whether it calls anything; the second time what is
read more than once is read once (`_reads.py`), and the steps of a function that calls nothing are counted in a local
variable, without a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import orjson

from .. import generated
from ._limits import LONG_TEXT, MAPPING_LIMITS, Frame, out_of_steps
from ._reads import Keys, Reads
from ._values import SAFE_INTEGER, SMALL, bounded, text_of

DEEPEST = 5
MOST = 500
"""Levels, and resolvers in one function, up to which resolvers are written out."""

_USUAL_FLOATS = 0.001, 1e15

Inline: TypeAlias = "Callable[[Code, str], None]"
R = TypeVar("R")


def written_out(resolver: R, inline: Inline) -> R:
    """Say how a resolver is written out."""
    resolver.inline = inline  # type: ignore[attr-defined]
    return resolver


def resolver_of(inline: Inline) -> Callable[[Any, Frame], Any]:
    """Give the function of a scope and a frame whose lines leave its value in a variable."""
    write = partial(_found, inline)
    draft = Code()
    draft.body("scope", write)
    code = Code(draft)
    result = code.body("scope", write)
    return written_out(code.function("scope", "frame", result=result), inline)


def root_of(write: Callable[[Code], str]) -> Callable[[Any], Any]:
    """Give the function of an event, a dict, whose lines `write` writes; what it gives is the expression to return."""
    draft = Code()
    draft.body("event", write, known=True)
    code = Code(draft, lean=not draft.calls)
    if code.lean:
        code.line(f"steps = {MAPPING_LIMITS.steps}")
    else:
        code.line(f"frame = {code.bind(Frame)}(event)")
    return code.function("event", result=code.body("event", write, known=True))


def document_of(inline: Inline, *, linear: bool) -> Callable[[Any], Any]:
    """Give the function of an event, a dict, whose lines leave the document.

    It is checked to be small enough; that of a `linear` mapping, which can only repeat the event a bounded number of
    times, by writing it as JSON in C: that takes a seventh of the time of `bounded`, and fails where it is too deep.
    """

    def write(code: Code) -> str:
        inline(code, "found")
        if linear:
            code.line(f"try: small = len({code.bind(orjson.dumps)}(found)) <= {SMALL}")
            code.line("except (TypeError, ValueError, RecursionError): small = False", "if small: return found")
        return f"{code.bind(bounded)}(found)"

    return root_of(write)


def _found(inline: Inline, code: Code) -> str:
    inline(code, "found")
    return "found"


def put_resolved(resolver: Callable[[Any, Frame], Any], code: Code, variable: str) -> None:
    """Write what leaves the value of a resolver."""
    code.put(resolver, variable)


class Code(generated.Code):
    """The body of a function that resolves.

    `scope` is the variable that holds what is being resolved. The function has a `frame`, unless it is `lean`: then it
    has the event and the `steps` that are left.
    """

    def __init__(self, draft: Code | None = None, *, lean: bool = False) -> None:
        super().__init__()
        self.scope = "scope"
        self.lean = lean
        self.calls = False
        self._draft = draft
        self._scopes: list[Reads] = []
        self._reads = Reads(self, "scope")
        self._put = 0

    def body(self, scope: str, write: Callable[[Code], str], *, known: bool = False) -> str:
        """Write the lines of the function, which resolves what is in a variable."""
        with self.reading(scope, known=known):
            return write(self)

    def put(self, resolver: Callable[..., Any], variable: str) -> None:
        """Write the lines that leave what a resolver gives in a variable."""
        inline: Inline | None = getattr(resolver, "inline", None)
        self._put += 1
        if inline is None or self._level > DEEPEST or self._put > MOST:
            self.calls = True
            self.line(f"{variable} = {self.bind(resolver)}({self.scope}, frame)")
        else:
            inline(self, variable)

    def put_rarely(self, resolver: Callable[..., Any], variable: str) -> None:
        """Write the call of a resolver for what is not usual; it is no reason to have a frame."""
        name = self.bind(resolver)
        if self.lean:
            self.line(f"{variable}, steps = {self.bind(_apart)}({name}, {self.scope}, event, steps)")
        else:
            self.line(f"{variable} = {name}({self.scope}, frame)")

    @contextmanager
    def reading(self, scope: str, *, known: bool = False) -> Iterator[None]:
        """Write lines that read from a scope; `known` tells that it is a dict."""
        outer = self.scope, self._reads
        drafted = self._draft and self._draft._scopes[len(self._scopes)]
        self.scope, self._reads = scope, Reads(self, scope, known=known)
        self._scopes.append(self._reads)
        if drafted:
            self._reads.share(drafted)
        yield
        self.scope, self._reads = outer

    def read(self, keys: Keys, variable: str) -> None:
        """Write the reading of a member of a member of the scope, or `MISSING`."""
        self._reads.read(keys, variable)

    def spend(self, steps: str, pointer: str) -> None:
        """Write the taking of steps."""
        if self.lean:
            self.line(f"steps -= {steps}", f"if steps < 0: raise {self.bind(out_of_steps)}({self.bind(pointer)})")
        else:
            self.line(f"frame.spend({steps}, {self.bind(pointer)})")

    def spend_on(self, text: str, pointer: str) -> None:
        """Write the taking of steps for a long text in a variable."""
        at = self.bind(pointer)
        with self.block(f"if len({text}) > {LONG_TEXT}:"):
            self.line(
                f"steps = {self.bind(_worked_on)}({text}, {at}, steps)"
                if self.lean
                else f"frame.spend_on({text}, {at})"
            )

    def text(self, variable: str, pointer: str) -> None:
        """Write what makes a value in a variable the text that a template shows, the usual numbers first."""
        plain, at = self.variable(), self.bind(pointer)
        with self.block(f"if type({variable}) is not str:"):
            # orjson writes the digits that `repr` writes in half the time; what may differ is left to `text_of`.
            usual = f"type({variable}) is float and {_USUAL_FLOATS[0]} <= {variable} < {_USUAL_FLOATS[1]}"
            written = f"({plain} := {self.bind(orjson.dumps)}({variable}).decode())[-1] in '123456789'"
            self.line(f"if {usual} and {written} and 'e' not in {plain}: {variable} = {plain}")
            small = f"-{SAFE_INTEGER} <= {variable} <= {SAFE_INTEGER}"
            self.line(f"elif type({variable}) is int and {small}: {variable} = repr({variable})")
            self.line(
                f"else: {variable}, steps = {self.bind(_shown)}({variable}, event, steps, {at})"
                if self.lean
                else f"else: {variable} = {self.bind(text_of)}({variable}, frame, {at})"
            )


def _apart(resolver: Callable[[Any, Frame], Any], scope: Any, event: Any, steps: int) -> tuple[Any, int]:
    """Call a resolver where there is no frame; gives its value and the steps that are left."""
    frame = Frame(event, steps)
    return resolver(scope, frame), frame.steps


def _worked_on(text: str, pointer: str, steps: int) -> int:
    frame = Frame(None, steps)
    frame.spend_on(text, pointer)
    return frame.steps


def _shown(value: Any, event: Any, steps: int, pointer: str) -> tuple[str, int]:
    frame = Frame(event, steps)
    return text_of(value, frame, pointer), frame.steps
