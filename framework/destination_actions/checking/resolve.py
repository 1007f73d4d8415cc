"""What a mapping can give, from what its events can be: the directives, followed with shapes in place of values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from destination_actions.checking.firsts import DIGITS, OF_NUMBERS, of_text
from destination_actions.checking.shapes import (
    EVERYTHING,
    MISSING_SHAPE,
    NOTHING,
    TEXT,
    UNPLANNED,
    ListOf,
    Number,
    ObjectOf,
    Shape,
    Text,
    constant,
    union,
)
from destination_actions.errors import MappingError
from destination_actions.events import MISSING
from destination_actions.mapping import Directive, ResolveError, compile_mapping
from destination_actions.mapping._directives.hashes import HEX_DIGITS
from destination_actions.mapping._paths import EACH, Path, Step, parse_path
from destination_actions.mapping._templates import parse_template
from destination_actions.mapping._values import scalar_text

_MOST_TEXTS: Final = 16
_INDEX: Final = re.compile("0|-?[1-9][0-9]{0,8}")


def read(shape: Shape, steps: tuple[Step, ...]) -> Shape:
    """Give what may stand at a path of a mapping, beginning at values of a shape."""
    for number, step in enumerate(steps):
        if step is EACH:
            return _of_each(shape, steps[number + 1 :])
        found = [shape.members.member(str(step))] if shape.members else []
        if shape.items and _INDEX.fullmatch(str(step)):
            found.append(_item(shape.items, int(step)))
        has_none = replace(shape, members=None) != NOTHING
        shape = union([*found, *([MISSING_SHAPE] if has_none else [])])
    return shape


def _item(items: ListOf, position: int) -> Shape:
    each = EVERYTHING if items.each is None else items.each
    needed = position + 1 if position >= 0 else -position
    if items.high is not None and items.high < needed:
        return MISSING_SHAPE
    return each if items.low >= needed else each.or_missing()


def _of_each(shape: Shape, rest: tuple[Step, ...]) -> Shape:
    """The list of what is found in each item; what is no list has no items."""
    others = MISSING_SHAPE if replace(shape, items=None) != NOTHING else NOTHING
    if shape.items is None:
        return others
    found = read(EVERYTHING if shape.items.each is None else shape.items.each, rest)
    made = Shape(items=ListOf(found.present, 0 if found.missing else shape.items.low, shape.items.high))
    return union([made, others])


@dataclass(frozen=True, slots=True)
class Scope:
    """What a node is resolved against: an event, or an item or result that stands in its place."""

    event: Shape
    here: Shape
    directives: Mapping[str, Directive]

    def of(self, here: Shape) -> Scope:
        """The same event, with something else in its place."""
        return replace(self, here=here)


def resolved(node: Any, scope: Scope) -> Shape:
    """Give what a node of a valid mapping can give."""
    if isinstance(node, dict):
        names = [key for key in node if key.startswith("@")]
        if names:
            return _folded(node, scope) or _DIRECTIVES.get(names[0], _unknown)(node[names[0]], scope)
        return Shape(members=ObjectOf({key: resolved(one, scope) for key, one in node.items()}, MISSING_SHAPE))
    if isinstance(node, list):
        each = union(_or_null(resolved(one, scope)) for one in node)
        return Shape(items=ListOf(each, len(node), len(node)))
    return constant(node)


def _folded(node: Any, scope: Scope) -> Shape | None:
    """What a node that reads nothing always gives."""
    try:
        mapping = compile_mapping({"value": node}, directives=scope.directives)
        if mapping.paths():
            return None
        value = mapping.resolve({})
    except (MappingError, ResolveError):
        return UNPLANNED
    found = value.get("value", MISSING) if isinstance(value, dict) else MISSING
    return MISSING_SHAPE if found is MISSING else constant(found)


def _or_null(shape: Shape) -> Shape:
    return union([shape.present, constant(None)]) if shape.missing else shape


def _unknown(_argument: Any, _scope: Scope) -> Shape:
    return UNPLANNED


def _path(argument: Any, scope: Scope) -> Shape:
    return _read_path(parse_path(argument), scope) if isinstance(argument, str) else UNPLANNED


def _read_path(path: Path, scope: Scope) -> Shape:
    return read(scope.event if path.event else scope.here, path.steps)


def _literal(argument: Any, _scope: Scope) -> Shape:
    return constant(argument)


# --- texts -----------------------------------------------------------------------------------------------------------


def as_text(shape: Shape) -> Shape:
    """Give the texts that a template makes of values."""
    texts = [constant(scalar_text(value)) for value in shape.constants]
    texts += [constant("")] if shape.missing else []
    texts += [Shape(text=shape.text)] if shape.text else []
    texts += [Shape(text=Text(1, 330, first=OF_NUMBERS))] if shape.number else []
    texts += [TEXT] if shape.items or shape.members else []
    return union(texts)


def _template(argument: Any, scope: Scope) -> Shape:
    if not isinstance(argument, str):
        return TEXT
    parts = [
        constant(part) if isinstance(part, str) else as_text(_read_path(part, scope))
        for part in parse_template(argument)
    ]
    if len(parts) == 1:
        return parts[0]
    return _concatenated(parts)


def _concatenated(parts: list[Shape]) -> Shape:
    count = 1
    for part in parts:
        count *= len(part.constants) if part.text is None else _MOST_TEXTS + 1
    if count <= _MOST_TEXTS:
        return union(constant("".join(map(str, texts))) for texts in product(*(part.constants for part in parts)))
    return Shape(text=Text(sum(map(_shortest, parts)), first=_first(parts[0])))


def _first(part: Shape) -> str | None:
    """With what a text begins of which this is the first part; nothing is known where it may be empty."""
    if "" in part.constants or (part.text and part.text.low == 0):
        return None
    found = {str(value)[0] for value in part.constants}
    more = of_text(part.text) if part.text else ""
    return None if more is None else "".join(sorted({*found, *more}))


def _shortest(part: Shape) -> int:
    lengths = [len(str(value)) for value in part.constants]
    return min([*lengths, *([part.text.low] if part.text else [])], default=0)


def _case(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument.get("value"), scope) if "value" in argument else MISSING_SHAPE
    change = str.lower if argument["operator"] == "lower" else str.upper
    changed = [constant(change(value) if isinstance(value, str) else value) for value in found.constants]
    text = Text(min(found.text.low, 1)) if found.text else None
    return union([replace(found, constants=(), text=text), *changed])


def _replace(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["value"], scope)
    scalars = any(value is not None for value in found.constants) or found.text or found.number
    nulls = tuple(value for value in found.constants if value is None)
    return replace(found, constants=nulls, number=None, text=Text() if scalars else None)


def _join(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["items"], scope)
    single = as_text(replace(found.given, items=None, members=None))
    several = TEXT if found.items or found.members else NOTHING
    return union([single, several, MISSING_SHAPE if found.absent else NOTHING])


def _split(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["value"], scope)
    rest = replace(found.given, items=None, members=None)
    pieces = Shape(items=ListOf(Shape(text=Text(1 if argument.get("trim", True) else 0))))
    gone = found.absent or found.items is not None or found.members is not None
    return union([NOTHING if rest.nothing else pieces, MISSING_SHAPE if gone else NOTHING])


def _date(argument: dict[str, Any], _scope: Scope) -> Shape:
    if argument["to"] in ("unix", "unix_ms"):
        return Shape(missing=True, number=Number(whole=True))
    known = {"iso8601": Text(19), "date": Text(10, 10, "date")}
    return Shape(missing=True, text=known.get(argument["to"], Text()))


def _hash(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["value"], scope)
    scalars = replace(found.given, items=None, members=None)
    length = HEX_DIGITS[argument.get("algorithm", "sha256")]
    text = Text(length, length, first=f"{DIGITS}abcdef") if argument.get("encoding", "hex") == "hex" else Text(1)
    certain = scalars == found and (found.text is None or found.text.low > 0) and "" not in found.constants
    gone = not certain or argument.get("trim", False)
    return Shape(missing=gone, text=None if scalars.nothing else text)


def _json(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["value"], scope)
    if argument["mode"].lower() == "encode":
        return Shape(missing=found.missing, text=None if found.present.nothing else Text(1, first=_json_firsts(found)))
    texts = found.text is not None or any(isinstance(value, str) for value in found.constants)
    return union([found, EVERYTHING]) if texts else found


def _json_firsts(found: Shape) -> str:
    """With what the JSON of values begins."""
    begins = {json.dumps(value)[0] for value in found.constants}
    kinds = ((found.text, '"'), (found.number, OF_NUMBERS), (found.items, "["), (found.members, "{"))
    return "".join(sorted(begins.union(*(chars for kind, chars in kinds if kind is not None))))


def _liquid(_argument: Any, _scope: Scope) -> Shape:
    return TEXT.or_missing()


# --- numbers ---------------------------------------------------------------------------------------------------------


def _number(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["value"], scope)
    plain = "multiply" not in argument and "decimals" not in argument
    numbers = [value for value in found.constants if isinstance(value, int | float) and not isinstance(value, bool)]
    if plain and found.text is None and replace(found, number=None, constants=()) == NOTHING == _rest(found, numbers):
        return Shape(missing=True, number=found.number, constants=tuple(numbers))
    some = found.text or found.number or found.constants
    whole = argument.get("decimals") == 0
    return Shape(missing=True, number=Number(whole=whole) if some else None)


def _rest(found: Shape, numbers: list[Any]) -> Shape:
    return NOTHING if len(numbers) == len(found.constants) else found


# --- choices ---------------------------------------------------------------------------------------------------------


def _if(argument: dict[str, Any], scope: Scope) -> Shape:
    then, otherwise = (
        resolved(argument[word], scope) if word in argument else MISSING_SHAPE for word in ("then", "else")
    )
    found = resolved(argument["exists" if "exists" in argument else "blank"], scope)
    yes, no = (not found.given.nothing, found.absent) if "exists" in argument else _blank(found)
    return union([then if yes else NOTHING, otherwise if no else NOTHING])


def _blank(found: Shape) -> tuple[bool, bool]:
    """Whether a value can be there, and whether it can be blank."""
    given = replace(found.given, constants=tuple(one for one in found.given.constants if one != ""))
    empty_text = "" in found.constants or (found.text is not None and found.text.low == 0)
    empty_list = found.items is not None and found.items.low == 0
    return not given.nothing, found.absent or empty_text or empty_list


def _coalesce(argument: list[Any], scope: Scope) -> Shape:
    found: list[Shape] = []
    for choice in argument:
        shape = resolved(choice, scope)
        found.append(shape.given)
        if not shape.absent:
            return union(found)
    return union([*found, MISSING_SHAPE])


def _without_nulls(argument: Any, scope: Scope) -> Shape:
    found = resolved(argument, scope)
    inner = found.items is not None or found.members is not None
    rest = found.given
    if inner:
        members = ObjectOf() if found.members else None
        rest = replace(rest, items=ListOf() if found.items else None, members=members)
    return replace(rest, missing=found.absent)


# --- lists and objects -----------------------------------------------------------------------------------------------


def _as_items(found: Shape) -> ListOf:
    """The items of a list, or of a list of one."""
    single = replace(found.given, items=None)
    own = found.items or ListOf(NOTHING, 0, 0)
    if single.nothing:
        return own
    each = EVERYTHING if own.each is None else union([own.each, single])
    return ListOf(
        None if each.unknown else each, 0 if found.items else 1, None if own.high is None else max(own.high, 1)
    )


def _array_path(argument: list[Any], scope: Scope) -> Shape:
    source = argument[0]
    found = _path(source, scope) if isinstance(source, str) else resolved(source, scope)
    if len(argument) == 1 or not (isinstance(argument[1], dict) and argument[1]):
        return found
    items = _as_items(Shape(items=found.items, members=found.members))
    each = _or_null(resolved(argument[1], scope.of(EVERYTHING if items.each is None else items.each)))
    shaped = Shape(items=ListOf(each, items.low, items.high))
    rest = replace(found, items=None, members=None)
    return union([rest, shaped if found.items or found.members else NOTHING])


def _map(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["items"], scope)
    if found.given.nothing:
        return MISSING_SHAPE
    items = _as_items(found)
    each = resolved(argument["to"], scope.of(EVERYTHING if items.each is None else items.each))
    made = ListOf(each.present, 0 if each.missing else items.low, items.high)
    return Shape(missing=found.absent, items=made)


def _filter(argument: dict[str, Any], scope: Scope) -> Shape:
    found = resolved(argument["items"], scope)
    if found.given.nothing:
        return MISSING_SHAPE
    return Shape(missing=found.absent, items=replace(_as_items(found), low=0))


def _merge(argument: dict[str, Any], scope: Scope) -> Shape:
    found = [resolved(one, scope) for one in argument["objects"]]
    if argument["direction"].lower() == "left":
        found.reverse()
    merged = ObjectOf({}, MISSING_SHAPE)
    for shape in found:
        if shape.members is not None:
            merged = _over(merged, shape.members, certain=shape == Shape(members=shape.members))
    return Shape(members=merged)


def _over(below: ObjectOf, above: ObjectOf, *, certain: bool) -> ObjectOf:
    """An object with another one's members over its own."""

    def one(key: str) -> Shape:
        top, under = above.member(key), below.member(key)
        return top if certain and not top.missing else union([top.present, under])

    keys = dict.fromkeys([*below.members, *above.members])
    others = None if below.others is None or above.others is None else union([below.others, above.others])
    return ObjectOf({key: one(key) for key in keys}, others)


def _object(_argument: Any, _scope: Scope) -> Shape:
    return Shape(members=ObjectOf())


def _transform(argument: dict[str, Any], scope: Scope) -> Shape:
    return resolved(argument["mapping"], scope.of(resolved(argument["apply"], scope)))


_DIRECTIVES: Final[Mapping[str, Callable[[Any, Scope], Shape]]] = {
    "@path": _path,
    "@literal": _literal,
    "@template": _template,
    "@case": _case,
    "@replace": _replace,
    "@join": _join,
    "@split": _split,
    "@date": _date,
    "@hash": _hash,
    "@json": _json,
    "@liquid": _liquid,
    "@number": _number,
    "@if": _if,
    "@coalesce": _coalesce,
    "@excludeWhenNull": _without_nulls,
    "@arrayPath": _array_path,
    "@map": _map,
    "@filter": _filter,
    "@merge": _merge,
    "@flatten": _object,
    "@transform": _transform,
}
"""What each directive can give; of others nothing is known."""
