"""Paths of triggers and mappings against what events can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from destination_actions.checking.parts import Part
from destination_actions.checking.plans import EventPlan
from destination_actions.checking.report import Finding
from destination_actions.checking.shapes import EVERYTHING, Shape
from destination_actions.config.nodes import escape
from destination_actions.errors import MappingError, nearest
from destination_actions.mapping import compile_mapping
from destination_actions.mapping._paths import EACH, Step, parse_path

Reach = Literal["there", "unplanned", "never"]

_TEXTS: Final = ("@path", "@template", "@jmespath", "@liquid")
_ENVELOPE: Final = 1
"""Steps of a path that the event's own schema names, whatever a plan says."""


def unreached(part: Part, shapes: Sequence[Shape], plan: EventPlan) -> Iterator[Finding]:
    """Find the paths that none of the events has which trigger a subscription; without a plan there are none."""
    if plan.source == "none":
        return
    every = [kind.shape for kind in plan.kinds]
    for text in part.expression.paths():
        yield from _judged(part, part.trigger_pointer, _of_trigger(text), every, plan)
    for key, value in part.own.items() if shapes else ():
        for pointer, path in _paths(value, part.field_pointer(key), part.directives, key in part.item.mapping):
            yield from _judged(part, pointer, path, shapes, plan)


def _judged(part: Part, pointer: str, text: str, shapes: Sequence[Shape], plan: EventPlan) -> Iterator[Finding]:
    steps = parse_path(text).steps
    if len(steps) <= _ENVELOPE:
        return
    found = {_reach(shape, steps) for shape in shapes}
    if "there" in found:
        return
    hint = _nearest(steps, shapes)
    if plan.source == "sample" or found == {"never"}:
        which = "no event of the sample has" if plan.source == "sample" else "no event can have"
        yield Finding("path-impossible", f"{part.name}: {which} {text}", pointer, hint, part.place(pointer))
    else:
        message = f"{part.name}: the tracking plan does not name {text}"
        yield Finding("path-unplanned", message, pointer, hint, part.place(pointer))


def _of_trigger(text: str) -> str:
    return text.replace("[]", "[*]") if text.startswith("$") else "$." + text.replace("[]", "[*]")


def _reach(shape: Shape, steps: Sequence[Step]) -> Reach:
    """Whether a path leads to something that is named, to what nothing is said about, or to nothing."""
    for number, step in enumerate(steps):
        found: list[Reach] = []
        rest = steps[number + 1 :]
        if shape.members is not None and step is not EACH:
            found.append(_member(shape, str(step), rest))
        if shape.items is not None and (step is EACH or str(step).lstrip("-").isdigit()):
            each = shape.items.each
            found.append("unplanned" if each is None else _reach(each, rest))
        order: tuple[Reach, ...] = ("there", "unplanned")
        return next((one for one in order if one in found), "never")
    return "never" if shape.given.nothing and None not in shape.constants else "there"


def _member(shape: Shape, key: str, rest: Sequence[Step]) -> Reach:
    members = shape.members
    if members is None:
        return "never"
    if key in members.members:
        inner = members.members[key]
        return _reach(inner, rest) if not inner.unknown or not rest else "there"
    return "unplanned" if members.others is None else _reach(members.others, rest)


def _nearest(steps: Sequence[Step], shapes: Sequence[Shape]) -> str | None:
    """The path whose last member is named much like the one that is not there."""
    *outer, last = steps
    names: set[str] = set()
    for shape in shapes:
        here = shape
        for step in outer:
            here = _inside(here, step)
        names |= set(here.members.members) if here.members else set()
    hint = nearest(str(last), names)
    if hint is not None:
        return hint
    return f"there are {', '.join(sorted(names))}" if names and len(names) <= 12 else None


def _inside(shape: Shape, step: Step) -> Shape:
    if step is EACH or str(step).isdigit():
        return (shape.items.each or EVERYTHING) if shape.items else EVERYTHING
    return shape.members.member(str(step)) if shape.members else EVERYTHING


def _paths(value: Any, pointer: str, directives: Mapping[str, Any], own: bool) -> Iterator[tuple[str, str]]:
    """Every event path that a mapping reads, with the node that reads it where one node does."""
    try:
        read = compile_mapping({"value": value}, directives=directives).paths()
    except MappingError:
        return
    leaves = list(_leaves(value, pointer)) if own else []
    for path in read:
        places = [at for at, node in leaves if path in _read_by(node, directives)]
        yield (places[0] if places else pointer), path


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            at = f"{pointer}/{escape(str(key))}"
            if key in _TEXTS and isinstance(item, str):
                yield at, {key: item}
            else:
                yield from _leaves(item, at)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{number}")


def _read_by(node: Any, directives: Mapping[str, Any]) -> tuple[str, ...]:
    return compile_mapping(node, directives=directives).paths()
