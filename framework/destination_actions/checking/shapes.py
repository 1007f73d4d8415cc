"""What is known about a value before any event is there: a set of JSON values, described by kind.

A `Shape` says which values a place may have: constants, texts, numbers, lists, objects, or nothing at all (`missing`).
It may hold more than ever occurs, and never less; whatever is proven of a shape is so for every value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final, TypeAlias

from destination_actions.subscriptions.values import is_number

Scalar: TypeAlias = "bool | int | float | str | None"

MOST_CONSTANTS: Final = 32
"""Values that are remembered one by one; of more, only their kinds are."""


@dataclass(frozen=True, slots=True)
class Text:
    """Texts of `low` to `high` characters, in a format or of a pattern of JSON Schema, if one is known; `first` has the
    characters with which they can begin."""

    low: int = 0
    high: int | None = None
    format: str | None = None
    pattern: str | None = None
    first: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """Numbers from `low` to `high`; `whole` ones, or any."""

    low: float | None = None
    high: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """Lists of `low` to `high` items; `each` is what is known of an item, None: nothing is."""

    each: Shape | None = None
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """Objects with what is known of their members, and of `others` that are not named; None: nothing is."""

    members: Mapping[str, Shape] = field(default_factory=dict)
    others: Shape | None = None

    def member(self, key: str) -> Shape:
        """Give what is known of one member."""
        found = self.members.get(key, self.others)
        return UNPLANNED if found is None else found


@dataclass(frozen=True, slots=True)
class Shape:
    """A set of JSON values, and whether there may be none."""

    missing: bool = False
    constants: tuple[Scalar, ...] = ()
    text: Text | None = None
    number: Number | None = None
    items: ListOf | None = None
    members: ObjectOf | None = None

    @property
    def nothing(self) -> bool:
        """Whether no value, and not even a missing one, is in it."""
        return self == NOTHING

    @property
    def unknown(self) -> bool:
        """Whether it may be any JSON value."""
        kinds = (self.text, self.number, self.items, self.members)
        return kinds == _ALL_KINDS and {None, False, True} <= set(self.constants)

    @property
    def present(self) -> Shape:
        """The same without the case that nothing is there."""
        return replace(self, missing=False)

    @property
    def absent(self) -> bool:
        """Whether it may be missing or null."""
        return self.missing or None in self.constants

    @property
    def given(self) -> Shape:
        """The same without missing and null."""
        return replace(self, missing=False, constants=tuple(one for one in self.constants if one is not None))

    def or_missing(self) -> Shape:
        """The same, or nothing at all."""
        return replace(self, missing=True)

    def parts(self) -> Iterator[Scalar | Text | Number | ListOf | ObjectOf]:
        """Give each kind of value in it; constants one by one."""
        yield from self.constants
        yield from (part for part in (self.text, self.number, self.items, self.members) if part is not None)


NOTHING: Final = Shape()
MISSING_SHAPE: Final = Shape(missing=True)
EVERYTHING: Final = Shape(
    constants=(None, False, True), text=Text(), number=Number(), items=ListOf(), members=ObjectOf()
)
_ALL_KINDS: Final = (EVERYTHING.text, EVERYTHING.number, EVERYTHING.items, EVERYTHING.members)
UNPLANNED: Final = EVERYTHING.or_missing()
TEXT: Final = Shape(text=Text())


def constant(value: Any) -> Shape:
    """Give the shape of one JSON value."""
    if isinstance(value, dict):
        return Shape(members=ObjectOf({key: constant(item) for key, item in value.items()}, MISSING_SHAPE))
    if isinstance(value, list | tuple):
        each = union(constant(item) for item in value)
        return Shape(items=ListOf(each, len(value), len(value)))
    return Shape(constants=(value,))


def same(one: Scalar, other: Scalar) -> bool:
    """Compare as JSON does: true is not 1, and 1.0 is 1."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def union(shapes: Iterable[Shape]) -> Shape:
    """Give the values of all shapes."""
    return reduce(_either, shapes, NOTHING)


def _either(one: Shape, other: Shape) -> Shape:
    constants = list(one.constants)
    constants += [value for value in other.constants if not any(same(value, known) for known in constants)]
    joined = Shape(
        missing=one.missing or other.missing,
        constants=tuple(constants),
        text=_either_text(one.text, other.text),
        number=_either_number(one.number, other.number),
        items=_either_list(one.items, other.items),
        members=_either_object(one.members, other.members),
    )
    return _without_constants(joined) if len(constants) > MOST_CONSTANTS else joined


def _without_constants(shape: Shape) -> Shape:
    """Put texts and numbers in the place of too many constants."""
    texts = [value for value in shape.constants if isinstance(value, str)]
    numbers = [value for value in shape.constants if is_number(value)]
    rest = tuple(value for value in shape.constants if value is None or isinstance(value, bool))
    text, number = shape.text, shape.number
    if texts:
        text = _either_text(text, Text(min(map(len, texts)), max(map(len, texts))))
    if numbers:
        whole = all(float(value).is_integer() for value in numbers)
        number = _either_number(number, Number(min(numbers), max(numbers), whole))
    return replace(shape, constants=rest, text=text, number=number)


def _either_text(one: Text | None, other: Text | None) -> Text | None:
    if one is None or other is None:
        return one or other
    return Text(
        min(one.low, other.low),
        _highest(one.high, other.high),
        one.format if one.format == other.format else None,
        one.pattern if one.pattern == other.pattern else None,
        None if one.first is None or other.first is None else "".join(sorted({*one.first, *other.first})),
    )


def _either_number(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return one or other
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    return Number(low, _highest(one.high, other.high), one.whole and other.whole)


def _highest(one: Any, other: Any) -> Any:
    return None if one is None or other is None else max(one, other)


def _either_list(one: ListOf | None, other: ListOf | None) -> ListOf | None:
    if one is None or other is None:
        return one or other
    each = None if one.each is None or other.each is None else _either(one.each, other.each)
    return ListOf(each, min(one.low, other.low), _highest(one.high, other.high))


def _either_object(one: ObjectOf | None, other: ObjectOf | None) -> ObjectOf | None:
    if one is None or other is None:
        return one or other
    keys = dict.fromkeys([*one.members, *other.members])
    others = None if one.others is None or other.others is None else _either(one.others, other.others)
    return ObjectOf({key: _either(one.member(key), other.member(key)) for key in keys}, others)


def meet(one: Shape, other: Shape) -> Shape:
    """Give the values that are in both shapes, or a few more."""
    kept = [value for value in one.constants if _holds(other, value)]
    kept += [value for value in other.constants if _holds(one, value) and not any(same(value, k) for k in kept)]
    return Shape(
        missing=one.missing and other.missing,
        constants=tuple(kept),
        text=_both_text(one.text, other.text),
        number=_both_number(one.number, other.number),
        items=_both_list(one.items, other.items),
        members=_both_object(one.members, other.members),
    )


def _holds(shape: Shape, value: Scalar) -> bool:
    """Tell whether a scalar may be in a shape."""
    if any(same(value, known) for known in shape.constants):
        return True
    if isinstance(value, str):
        begins = shape.text is not None and (shape.text.first is None or value[:1] in shape.text.first)
        return shape.text is not None and begins and _fits_length(shape.text, len(value))
    return is_number(value) and shape.number is not None and within(shape.number, value)


def _fits_length(text: Text, length: int) -> bool:
    return text.low <= length and (text.high is None or length <= text.high)


def within(number: Number, value: float) -> bool:
    """Tell whether a value may be one of these numbers."""
    inside = (number.low is None or number.low <= value) and (number.high is None or value <= number.high)
    return inside and (not number.whole or float(value).is_integer())


def _both_text(one: Text | None, other: Text | None) -> Text | None:
    if one is None or other is None:
        return None
    low, high = max(one.low, other.low), _lowest(one.high, other.high)
    firsts = [part.first for part in (one, other) if part.first is not None]
    first = "".join(char for char in firsts[0] if all(char in known for known in firsts)) if firsts else None
    made = Text(low, high, one.format or other.format, one.pattern or other.pattern, first)
    return None if (high is not None and high < low) or (first == "" and low > 0) else made


def _both_number(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return None
    lows = [low for low in (one.low, other.low) if low is not None]
    low, high = max(lows, default=None), _lowest(one.high, other.high)
    made = Number(low, high, one.whole or other.whole)
    return None if low is not None and high is not None and high < low else made


def _lowest(one: Any, other: Any) -> Any:
    return min((bound for bound in (one, other) if bound is not None), default=None)


def _both_list(one: ListOf | None, other: ListOf | None) -> ListOf | None:
    if one is None or other is None:
        return None
    each = one.each if other.each is None else other.each if one.each is None else meet(one.each, other.each)
    low, high = max(one.low, other.low), _lowest(one.high, other.high)
    return None if high is not None and high < low else ListOf(each, low, high)


def _both_object(one: ObjectOf | None, other: ObjectOf | None) -> ObjectOf | None:
    if one is None or other is None:
        return None
    members = {key: meet(one.member(key), other.member(key)) for key in dict.fromkeys([*one.members, *other.members])}
    others = one.others if other.others is None else other.others if one.others is None else None
    if one.others is not None and other.others is not None:
        others = meet(one.others, other.others)
    return None if any(member.nothing for member in members.values()) else ObjectOf(members, others)


def with_member(shape: Shape, keys: tuple[str, ...], narrow: Shape) -> Shape:
    """Give the objects of a shape in which the value at a path of members is also in `narrow`."""
    if not keys:
        return meet(shape, narrow)
    if shape.members is None:
        return NOTHING
    first, *rest = keys
    inner = with_member(shape.members.member(first), tuple(rest), narrow)
    if inner.nothing:
        return NOTHING
    return Shape(members=ObjectOf({**shape.members.members, first: inner}, shape.members.others))
