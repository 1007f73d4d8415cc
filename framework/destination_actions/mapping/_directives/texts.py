"""`@template`, `@case`, `@replace`, `@join` and `@split` make texts, or take them apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...events import MISSING
from .._arguments import NODE, TEXT
from .._directive import CompileContext, Directive
from .._generated import Code, written_out
from .._limits import MAPPING_LIMITS, Frame, ResolveError, too_large
from .._paths import Resolver, walk
from .._replace import Replacement
from .._templates import parse_template
from .._values import described, scalar_text, text_of
from ._arguments import FLAG, arguments, described_as, is_absent, one_of, part

LONGEST_REPLACE = 10


def _template(context: CompileContext, argument: Any) -> Resolver:
    if isinstance(argument, str):
        return context.template(argument)
    context.reads("$")
    return _template_made_of(context.node(argument), context.pointer)


def _template_made_of(text: Resolver, pointer: str) -> Resolver:
    """Give the resolver of a template that is itself made of the event."""

    def render_made(scope: Any, frame: Frame) -> Any:
        found = text(scope, frame)
        if not isinstance(found, str):
            raise ResolveError(f"expected the text of a template, got {described(found)}", pointer=pointer)
        frame.spend_on(found, pointer)
        parts = parse_template(found)
        return "".join([part if isinstance(part, str) else shown(part, scope, frame) for part in parts])

    def shown(path: Any, scope: Any, frame: Frame) -> str:
        frame.spend(1 + len(path.steps), pointer)
        value = walk(frame.event if path.event else scope, path.steps, frame, pointer)
        return frame.spend_on(text_of(value, frame, pointer), pointer)

    return render_made


def _case(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, pointer = part(context, argument, "value"), context.pointer
    change = str.lower if argument["operator"] == "lower" else str.upper

    def resolve_case(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        return change(frame.spend_on(found, pointer)) if isinstance(found, str) else found

    return written_out(resolve_case, partial(_inline_case, value, change, pointer))


def _inline_case(value: Resolver, change: Callable[[str], str], pointer: str, code: Code, variable: str) -> None:
    code.put(value, variable)
    with code.block(f"if isinstance({variable}, str):"):
        code.spend_on(variable, pointer)
        code.line(f"{variable} = {code.bind(change)}({variable})")


def _replace(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, pointer = context.node(argument["value"], "value"), context.pointer
    every, ignore_case = argument.get("global", True), argument.get("ignorecase", False)
    steps = [
        Replacement(argument[pattern], argument.get(text) or "", every, ignore_case)
        for pattern, text in (("pattern", "replacement"), ("pattern2", "replacement2"))
        if argument.get(pattern)
    ]

    def resolve_replace(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        if is_absent(found) or isinstance(found, dict | list):
            return found
        text = scalar_text(found)
        for step in steps:
            text = step.applied(frame.spend_on(text, pointer))
        return text

    return resolve_replace


def _join(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    items, separator, pointer = (
        context.node(argument["items"], "items"),
        argument.get("separator", ","),
        context.pointer,
    )

    def resolve_join(scope: Any, frame: Frame) -> Any:
        found = items(scope, frame)
        if is_absent(found):
            return MISSING
        kept = [item for item in found if not is_absent(item)] if isinstance(found, list) else [found]
        frame.spend(len(kept), pointer)
        return frame.spend_on(separator.join(_texts(kept, frame, pointer)), pointer)

    return resolve_join


def _texts(items: list[Any], frame: Frame, pointer: str) -> list[str]:
    texts, room = [], MAPPING_LIMITS.output
    for item in items:
        text = text_of(item, frame, pointer)
        room -= len(text)
        if room < 0:
            raise too_large(pointer)
        texts.append(text)
    return texts


def _split(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, separator, pointer = context.node(argument["value"], "value"), argument["separator"], context.pointer
    trim = argument.get("trim", True)

    def resolve_split(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        if is_absent(found) or isinstance(found, dict | list):
            return MISSING
        pieces = frame.spend_on(scalar_text(found), pointer).split(separator)
        frame.spend(len(pieces), pointer)
        return [piece for piece in map(str.strip, pieces) if piece] if trim else pieces

    return resolve_split


def _short(shortest: int, description: str) -> dict[str, Any]:
    size: dict[str, Any] = {"minLength": shortest} if shortest else {}
    return {"type": "string", **size, "maxLength": LONGEST_REPLACE, "description": description}


_REPLACE = arguments(
    "pattern",
    "value",
    pattern=_short(1, "The text to look for; never a regular expression."),
    replacement=_short(0, "The text to put in its place, as it stands; empty if left out."),
    pattern2={**_short(0, "A second text to look for, in the result of the first."), "type": ["string", "null"]},
    replacement2={**_short(0, "The text to put in its place."), "type": ["string", "null"]},
    value=described_as(TEXT, "Where to look. Numbers and booleans count as text; anything else stays as it is."),
    ignorecase=described_as(FLAG, "Whether capitals and small letters are the same; false if left out."),
    **{"global": described_as(FLAG, "Whether every occurrence is replaced, or only the first; true if left out.")},
)

_EVENT = {"type": "track", "properties": {"phone": "+1 (555) 0100", "tags": ["a", "b"], "list": "red; green;"}}

DIRECTIVES = (
    Directive(
        name="@template",
        schema=TEXT,
        compile=_template,
        summary="A text with values of the event between double or triple braces.",
        example=({"@template": "{{type}} of {{properties.tags}}"}, _EVENT, "track of a,b"),
    ),
    Directive(
        name="@case",
        schema=arguments(
            "operator", operator=one_of("lower", "upper"), value=described_as(TEXT, "What is not text stays as it is.")
        ),
        compile=_case,
        summary="A text in small letters or capitals.",
        example=({"@case": {"operator": "upper", "value": {"@path": "$.type"}}}, _EVENT, "TRACK"),
    ),
    Directive(
        name="@replace",
        schema=_REPLACE,
        compile=_replace,
        summary="A text in which one or two short texts are replaced.",
        example=({"@replace": {"pattern": "-", "replacement": "_", "value": "a-b-c"}}, _EVENT, "a_b_c"),
    ),
    Directive(
        name="@join",
        schema=arguments(
            "items",
            items=described_as(
                NODE, "A list. Items that are missing or null are left out; what is no list is joined alone."
            ),
            separator={"type": "string", "maxLength": 100, "description": "A comma if left out."},
        ),
        compile=_join,
        summary="The items of a list as one text.",
        example=({"@join": {"items": {"@path": "$.properties.tags"}, "separator": " / "}}, _EVENT, "a / b"),
    ),
    Directive(
        name="@split",
        schema=arguments(
            "value",
            "separator",
            value=described_as(NODE, "A text; missing gives missing, and so does a list or an object."),
            separator={"type": "string", "minLength": 1, "maxLength": 100},
            trim=described_as(
                FLAG, "Whether white space around pieces, and pieces that are empty, are dropped; true if left out."
            ),
        ),
        compile=_split,
        summary="A text as the list of its pieces.",
        example=(
            {"@split": {"value": {"@path": "$.properties.list"}, "separator": ";"}},
            _EVENT,
            ["red", "green"],
        ),
    ),
)
