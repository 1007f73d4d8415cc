"""`@path` reads from the event, `@literal` reads nothing."""

from __future__ import annotations

from typing import Any

from .._arguments import TEXT
from .._directive import CompileContext, Directive
from .._limits import Frame, ResolveError
from .._objects import Constant
from .._paths import Resolver, parse_path, walk
from .._values import described


def _path(context: CompileContext, argument: Any) -> Resolver:
    if isinstance(argument, str):
        return context.path(argument)
    context.reads("$")
    return _path_made_of(context.node(argument), context.pointer, context.limits.path)


def _path_made_of(text: Resolver, pointer: str, longest: int) -> Resolver:
    """Give the resolver of a path that is itself made of the event."""

    def read_made(scope: Any, frame: Frame) -> Any:
        found = text(scope, frame)
        if not isinstance(found, str):
            raise ResolveError(f"expected the text of a path, got {described(found)}", pointer=pointer)
        if len(found) > longest:
            raise ResolveError(
                f"a path has at most {longest:,} characters (limit: path)", pointer=pointer, limit="path"
            )
        frame.spend(1 + len(found), pointer)
        path = parse_path(found)
        return walk(frame.event if path.event else scope, path.steps, frame, pointer)

    return read_made


def _literal(_context: CompileContext, argument: Any) -> Resolver:
    return Constant(argument)


_EVENT = {"event": "Order Completed", "properties": {"products": [{"name": "Uno"}, {"name": "Monopoly"}]}}

DIRECTIVES = (
    Directive(
        name="@path",
        schema=TEXT,
        compile=_path,
        summary="The value at a path of the event, missing if nothing is there.",
        example=({"@path": "$.properties.products[0].name"}, _EVENT, "Uno"),
    ),
    Directive(
        name="@literal",
        schema={},
        compile=_literal,
        summary="The argument as it stands; nothing in it is a directive.",
        example=({"@literal": {"@path": "$.event"}}, _EVENT, {"@path": "$.event"}),
    ),
)
