"""`@arrayPath`, `@map` and `@filter` work on the items of a list."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...events import MISSING
from .._arguments import NODE, TEXT
from .._directive import CompileContext, Directive
from .._generated import Code, written_out
from .._jmespath import compile_query, is_true
from .._limits import Frame
from .._objects import Shaped
from .._paths import Resolver
from ._arguments import arguments, described_as, is_absent, weight


def _array_path(context: CompileContext, argument: list[Any]) -> Resolver:
    source = argument[0]
    items = context.path(source, 0) if isinstance(source, str) else context.node(source, 0)
    if len(argument) == 1:
        return items
    shape = context.items_of(source).node(argument[1], 1)
    return _shaped(items, shape, weight(argument[1]), context.pointer) if _is_shape(argument[1]) else items


def _is_shape(node: Any) -> bool:
    return isinstance(node, dict) and bool(node)


def _shaped(items: Resolver, shape: Resolver, steps: int, pointer: str) -> Resolver:
    def resolve_array_path(scope: Any, frame: Frame) -> Any:
        found = items(scope, frame)
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            return found
        frame.spend(steps * len(found), pointer)
        shaped = [shape(item, frame) for item in found]
        return [None if item is MISSING else item for item in shaped]

    each = Shaped(items, shape, steps, pointer)
    resolve_array_path.items = each  # type: ignore[attr-defined]
    return written_out(resolve_array_path, partial(_inline_shaped, each, resolve_array_path))


def _inline_shaped(each: Shaped, whole: Resolver, code: Code, variable: str) -> None:
    """Write the loop over a list out; what is neither a list nor absent is left to the resolver as a whole."""
    found, shaped = code.variable(), code.variable()
    each.put(code, found)
    with code.block(f"if type({found}) is list:"):
        code.line(f"{variable} = []")
        with each.loop(code, found):
            code.put(each.shape, shaped)
            code.line(f"{variable}.append(None if {shaped} is MISSING else {shaped})")
    code.line(f"elif {found} is MISSING or {found} is None: {variable} = {found}")
    with code.block("else:"):
        code.put_rarely(whole, variable)


def _map(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    items, pointer = context.node(argument["items"], "items"), context.pointer
    shape, steps = context.items_of(argument["items"]).node(argument["to"], "to"), weight(argument["to"])

    def resolve_map(scope: Any, frame: Frame) -> Any:
        found = as_list(items(scope, frame))
        if found is None:
            return MISSING
        frame.spend(steps * len(found), pointer)
        return [shaped for item in found if (shaped := shape(item, frame)) is not MISSING]

    return resolve_map


def as_list(value: Any) -> list[Any] | None:
    """Give a list as it is, nothing for missing or null, and anything else as a list of one."""
    if isinstance(value, list):
        return value
    return None if is_absent(value) else [value]


def _filter(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    items, pointer = context.node(argument["items"], "items"), context.pointer
    test = compile_query(context.items_of(argument["items"]), argument["where"], "where")

    def resolve_filter(scope: Any, frame: Frame) -> Any:
        found = as_list(items(scope, frame))
        if found is None:
            return MISSING
        frame.spend(len(found), pointer)
        return [item for item in found if is_true(test(item, frame))]

    return resolve_filter


_EVENT = {
    "userId": "u-1",
    "properties": {"products": [{"id": "p1", "price": 19}, {"id": "p2", "price": 3.5}]},
}
_PRODUCTS = {"@path": "$.properties.products"}

DIRECTIVES = (
    Directive(
        name="@arrayPath",
        schema={
            "type": "array",
            "prefixItems": [
                described_as(TEXT, "The list: a path, or a directive."),
                described_as(NODE, "The shape of an item, resolved against each item; `$$` in it is the event."),
            ],
            "minItems": 1,
            "maxItems": 2,
        },
        compile=_array_path,
        summary="A list of the event with each item in a new shape; an object counts as a list of one.",
        example=(
            {"@arrayPath": ["$.properties.products", {"sku": {"@path": "$.id"}, "user": {"@path": "$$.userId"}}]},
            _EVENT,
            [{"sku": "p1", "user": "u-1"}, {"sku": "p2", "user": "u-1"}],
        ),
    ),
    Directive(
        name="@map",
        schema=arguments(
            "items",
            "to",
            items=described_as(NODE, "A list; anything else counts as a list of one."),
            to=described_as(
                NODE, "What an item becomes, resolved against each item; an item for which it is missing is left out."
            ),
        ),
        compile=_map,
        summary="A list with each item made into something else.",
        example=({"@map": {"items": _PRODUCTS, "to": {"@path": "$.id"}}}, _EVENT, ["p1", "p2"]),
    ),
    Directive(
        name="@filter",
        schema=arguments(
            "items",
            "where",
            items=described_as(NODE, "A list; anything else counts as a list of one."),
            where={
                "type": "string",
                "description": "A JMESPath expression over an item; the item stays if it is true.",
            },
        ),
        compile=_filter,
        summary="The items of a list for which a JMESPath expression is true.",
        example=({"@filter": {"items": _PRODUCTS, "where": "price > `10`"}}, _EVENT, [{"id": "p1", "price": 19}]),
    ),
)
