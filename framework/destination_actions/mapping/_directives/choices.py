"""`@if`, `@coalesce` and `@excludeWhenNull` decide what is there."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...events import MISSING
from .._arguments import NODE
from .._directive import CompileContext, Directive
from .._generated import Code, written_out
from .._limits import Frame, too_deep
from .._paths import Resolver, same_path
from .._values import DEEPEST_VALUE
from ._arguments import arguments, described_as, is_absent, part


def _if(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    exists, blank = part(context, argument, "exists"), part(context, argument, "blank")
    then, otherwise = part(context, argument, "then"), part(context, argument, "else")
    return _if_exists(exists, then, otherwise) if "exists" in argument else _if_not_blank(blank, then, otherwise)


def _if_exists(condition: Resolver, then: Resolver, otherwise: Resolver) -> Resolver:
    def resolve_exists(scope: Any, frame: Frame) -> Any:
        value = condition(scope, frame)
        return otherwise(scope, frame) if value is None or value is MISSING else then(scope, frame)

    absent = "{0} is None or {0} is MISSING"
    return written_out(resolve_exists, partial(_inline_if, absent, condition, then, otherwise))


def _if_not_blank(condition: Resolver, then: Resolver, otherwise: Resolver) -> Resolver:
    def resolve_blank(scope: Any, frame: Frame) -> Any:
        value = condition(scope, frame)
        return otherwise(scope, frame) if is_blank(value) else then(scope, frame)

    blank = "{0} is MISSING or {0} is None or (not {0} and isinstance({0}, (str, list)))"
    return written_out(resolve_blank, partial(_inline_if, blank, condition, then, otherwise))


def _inline_if(test: str, condition: Resolver, then: Resolver, otherwise: Resolver, code: Code, variable: str) -> None:
    """Write a choice out. The result is often what was looked at, which is then not read a second time."""
    value = code.variable()
    code.put(condition, value)
    again = same_path(condition, then)
    with code.block(f"if {test.format(value)}:"):
        code.put(otherwise, variable)
    with code.block("else:"):
        if again:
            code.line(f"{variable} = {value}")
        else:
            code.put(then, variable)


def is_blank(value: Any) -> bool:
    """Tell whether a value is missing, null, an empty text or an empty list."""
    return value is MISSING or value is None or (isinstance(value, str | list) and not value)


def _coalesce(context: CompileContext, argument: list[Any]) -> Resolver:
    choices = [context.node(choice, number) for number, choice in enumerate(argument)]

    def resolve_coalesce(scope: Any, frame: Frame) -> Any:
        for choice in choices:
            value = choice(scope, frame)
            if not is_absent(value):
                return value
        return MISSING

    return resolve_coalesce


def _exclude_when_null(context: CompileContext, argument: Any) -> Resolver:
    inner, pointer = context.node(argument), context.pointer

    def resolve_exclude(scope: Any, frame: Frame) -> Any:
        value = inner(scope, frame)
        return MISSING if value is None else _without_nulls(value, frame, pointer, DEEPEST_VALUE)

    return resolve_exclude


def _without_nulls(value: Any, frame: Frame, pointer: str, room: int) -> Any:
    if not isinstance(value, dict | list):
        return value
    if room == 0:
        raise too_deep(pointer)
    frame.spend(len(value), pointer)
    if isinstance(value, list):
        return [_without_nulls(item, frame, pointer, room - 1) for item in value]
    return {key: _without_nulls(item, frame, pointer, room - 1) for key, item in value.items() if not is_absent(item)}


_IF = {
    **arguments(
        exists=described_as(NODE, "The condition holds if this is there and not null."),
        blank=described_as(
            NODE, "The condition holds if this is *not* blank: not missing, null, an empty text or an empty list."
        ),
        then=described_as(NODE, "The result where the condition holds; missing if left out."),
        **{"else": described_as(NODE, "The result where it does not; missing if left out.")},
    ),
    "anyOf": [{"required": ["exists"]}, {"required": ["blank"]}],
    "title": 'an object with "exists" or "blank"',
}

_EVENT = {"userId": None, "anonymousId": "a-1", "context": {"ip": "203.0.113.7", "page": None}}

DIRECTIVES = (
    Directive(
        name="@if",
        schema=_IF,
        compile=_if,
        summary="One of two results, by whether a value `exists` or (`blank`, as Segment names it) is not blank.",
        example=(
            {
                "@if": {
                    "exists": {"@path": "$.userId"},
                    "then": {"@path": "$.userId"},
                    "else": {"@path": "$.anonymousId"},
                }
            },
            _EVENT,
            "a-1",
        ),
    ),
    Directive(
        name="@coalesce",
        schema={"type": "array", "items": NODE, "minItems": 1},
        compile=_coalesce,
        summary="The first of several that is there and not null.",
        example=({"@coalesce": [{"@path": "$.userId"}, {"@path": "$.anonymousId"}, "nobody"]}, _EVENT, "a-1"),
    ),
    Directive(
        name="@excludeWhenNull",
        schema=NODE,
        compile=_exclude_when_null,
        summary="The value without null members at any depth; missing if it is null itself. Lists keep their items.",
        example=({"@excludeWhenNull": {"@path": "$.context"}}, _EVENT, {"ip": "203.0.113.7"}),
    ),
)
