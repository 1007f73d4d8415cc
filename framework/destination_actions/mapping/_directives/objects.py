"""`@merge`, `@flatten`, `@json` and `@transform` work on whole objects."""

from __future__ import annotations

import json
import math
from typing import Any

from ...events import MISSING
from .._arguments import NODE, OBJECT
from .._directive import CompileContext, Directive
from .._limits import Frame, too_deep
from .._paths import Resolver
from .._values import DEEPEST_VALUE, json_text
from ._arguments import FLAG, any_case, arguments, described_as


def _merge(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    objects = [context.node(item, "objects", number) for number, item in enumerate(argument["objects"])]
    pointer = context.pointer
    if argument["direction"].lower() == "left":
        objects.reverse()

    def resolve_merge(scope: Any, frame: Frame) -> Any:
        found = [item(scope, frame) for item in objects]
        merged: dict[str, Any] = {}
        for item in found:
            if isinstance(item, dict):
                frame.spend(1 + len(item) // 10, pointer)
                merged.update(item)
        return merged

    return resolve_merge


def _flatten(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, pointer = context.node(argument["value"], "value"), context.pointer
    flattener = _Flattener(argument["separator"], argument.get("omitArrays", False), pointer)

    def resolve_flatten(scope: Any, frame: Frame) -> Any:
        flat: dict[str, Any] = {}
        flattener.add(value(scope, frame), "", flat, frame, DEEPEST_VALUE)
        return flat

    return resolve_flatten


class _Flattener:
    """Writes the leaves of a value into one object, under the keys that lead to them."""

    def __init__(self, separator: str, keep_lists: bool, pointer: str) -> None:
        self.separator = separator
        self.keep_lists = keep_lists
        self.pointer = pointer

    def add(self, value: Any, prefix: str, flat: dict[str, Any], frame: Frame, room: int) -> None:
        if room == 0:
            raise too_deep(self.pointer)
        frame.spend(1 + len(prefix) // 100, self.pointer)
        if isinstance(value, dict):
            members = value.items()
        elif isinstance(value, list) and not self.keep_lists:
            members = dict(zip(map(str, range(len(value))), value, strict=True)).items()
        else:
            flat.update({prefix: value} if value is not MISSING else {})
            return
        for key, item in members:
            self.add(item, f"{prefix}{self.separator}{key}" if prefix else key, flat, frame, room - 1)


def _json(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, pointer = context.node(argument["value"], "value"), context.pointer

    def encode(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        return MISSING if found is MISSING else json_text(found, frame, pointer)

    def decode(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        return decoded(frame.spend_on(found, pointer), pointer) if isinstance(found, str) else found

    return encode if argument["mode"].lower() == "encode" else decode


def decoded(text: str, pointer: str) -> Any:
    """Read strict JSON; a text that is not JSON stays as it is.

    Raises:
        ResolveError: the JSON is nested more deeply than Python can read.
    """
    try:
        return json.loads(text, parse_constant=_refused, parse_int=_integer, parse_float=_float)
    except ValueError:
        return text
    except RecursionError:
        raise too_deep(pointer) from None


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> float | None:
    number = int(digits) if len(digits) <= 20 else 2**64
    return number if -(2**63) <= number < 2**64 else _float(digits)


def _float(digits: str) -> float | None:
    """Read a number; one that is too large is null, as JSON has no word for it."""
    number = float(digits)
    return number if math.isfinite(number) else None


def _transform(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    apply = context.node(argument["apply"], "apply")
    mapping = context.elsewhere().node(argument["mapping"], "mapping")

    def resolve_transform(scope: Any, frame: Frame) -> Any:
        return mapping(apply(scope, frame), frame)

    return resolve_transform


_EVENT = {"userId": "u-1", "traits": {"name": "Ann", "home": {"city": "Oslo"}}, "context": {"name": "web"}}

DIRECTIVES = (
    Directive(
        name="@merge",
        schema=arguments(
            "objects",
            "direction",
            objects={"type": "array", "items": OBJECT, "description": "What does not give an object is left out."},
            direction={
                **any_case("left", "right"),
                "description": "Whose members win: the first object's (left) or the last's (right).",
            },
        ),
        compile=_merge,
        summary="Several objects as one, one level deep.",
        example=(
            {"@merge": {"objects": [{"@path": "$.context"}, {"name": "app", "v": 2}], "direction": "left"}},
            _EVENT,
            {"name": "web", "v": 2},
        ),
    ),
    Directive(
        name="@flatten",
        schema=arguments(
            "value",
            "separator",
            value=described_as(
                NODE, "What is neither object nor list gives one member with an empty key; missing gives no members."
            ),
            separator={"type": "string", "minLength": 1},
            omitArrays=described_as(FLAG, "Whether lists stay as they are; false if left out."),
        ),
        compile=_flatten,
        summary="The leaves of an object under keys that say where they were.",
        example=(
            {"@flatten": {"value": {"@path": "$.traits"}, "separator": "_"}},
            _EVENT,
            {"name": "Ann", "home_city": "Oslo"},
        ),
    ),
    Directive(
        name="@json",
        schema=arguments(
            "value",
            "mode",
            value=described_as(
                NODE, "To decode: a text; a text that is not JSON, and what is no text, stays as it is."
            ),
            mode=any_case("encode", "decode"),
        ),
        compile=_json,
        summary="A value as JSON text, or the value of a JSON text.",
        example=({"@json": {"value": {"@path": "$.context"}, "mode": "encode"}}, _EVENT, '{"name":"web"}'),
    ),
    Directive(
        name="@transform",
        schema=arguments(
            "apply",
            "mapping",
            apply=described_as(OBJECT, "Resolved first, against the event."),
            mapping=described_as(OBJECT, "Resolved against the result of `apply`; `$$` in it is the event."),
        ),
        compile=_transform,
        summary="A mapping of the result of another mapping.",
        example=(
            {"@transform": {"apply": {"who": {"@path": "$.userId"}}, "mapping": {"id": {"@path": "$.who"}}}},
            _EVENT,
            {"id": "u-1"},
        ),
    ),
)
