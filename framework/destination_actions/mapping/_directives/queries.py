"""`@jmespath` asks the event a question in JMESPath."""

from __future__ import annotations

from typing import Any

from ...events import MISSING
from .._directive import CompileContext, Directive
from .._jmespath import compile_query
from .._limits import Frame
from .._paths import Resolver


def _jmespath(context: CompileContext, argument: str) -> Resolver:
    query = compile_query(context, argument)

    def resolve_jmespath(scope: Any, frame: Frame) -> Any:
        value = query(scope, frame)
        return MISSING if value is None else value

    return resolve_jmespath


_EVENT = {"properties": {"products": [{"id": "p1", "price": 19}, {"id": "p2", "price": 3.5}]}}

DIRECTIVES = (
    Directive(
        name="@jmespath",
        schema={"type": "string", "description": "A JMESPath expression over the event, or the item in a shape."},
        compile=_jmespath,
        summary="The result of a JMESPath expression; missing if it is null, or meets a value of the wrong type.",
        example=({"@jmespath": "properties.products[?price > `10`].id"}, _EVENT, ["p1"]),
    ),
)
