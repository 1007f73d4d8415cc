"""Comparing what was expected with what came: partial by default, exact on demand, never fooled by a wrong type.

Members of an object that are not named do not matter; a list has as many items as are expected. An object with the one
key `$name` is a matcher.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.config.nodes import escape
from destination_actions.errors import nearest
from destination_actions.events import MISSING, Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected. `pointer` leads into the expectation, `actual` may be `MISSING`.

    `replace` is what would have to stand at `pointer` to be met; `MISSING` when no value says it.
    """

    pointer: str
    expected: Any
    actual: Any
    note: str = ""
    replace: Any = MISSING


def differences(expected: Json, actual: Any, pointer: str = "") -> Iterator[Difference]:
    """Every difference, at the deepest place where it can be seen."""
    if isinstance(expected, Mapping):
        matcher = matcher_of(expected)
        if matcher is not None:
            yield from _matched(matcher, expected, actual, pointer)
        elif isinstance(actual, Mapping):
            for key, value in expected.items():
                yield from differences(value, actual.get(key, MISSING), f"{pointer}/{escape(key)}")
        else:
            yield _plain(expected, actual, pointer)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{pointer}/{at}")
    elif not same(expected, actual):
        yield _plain(expected, actual, pointer)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1, and 1.0 is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _plain(expected: Json, actual: Any, pointer: str) -> Difference:
    replace = {"$absent": True} if actual is MISSING else actual
    return Difference(pointer, expected, actual, replace=replace)


def matcher_of(expected: Mapping[str, Any]) -> str | None:
    """The name of a matcher, or None for an ordinary object."""
    return next((key for key in expected if key.startswith("$")), None) if len(expected) == 1 else None


def matcher_problems(expected: Any, pointer: str = "") -> Iterator[tuple[str, str, str | None]]:
    """What is wrong with the matchers in an expectation: pointer, message, hint."""
    if isinstance(expected, list):
        for at, item in enumerate(expected):
            yield from matcher_problems(item, f"{pointer}/{at}")
    if not isinstance(expected, Mapping):
        return
    for key, value in expected.items():
        below = f"{pointer}/{escape(key)}"
        if key.startswith("$"):
            yield from _problem(key, value, below, alone=len(expected) == 1)
        if key not in {"$exactly", "$oneOf"}:
            yield from matcher_problems(value, below)


def _problem(key: str, value: Any, pointer: str, *, alone: bool) -> Iterator[tuple[str, str, str | None]]:
    if key not in MATCHERS:
        hint = nearest(key, MATCHERS) or f"there are {', '.join(MATCHERS)}; $exactly takes a key that begins with $"
        yield pointer, f'unknown matcher "{key}"', hint
    elif not alone:
        yield pointer, f'"{key}" stands beside other keys', "a matcher is the only key of its object"
    elif not (MATCHERS[key].takes(value)):
        yield pointer, f'"{key}" takes {MATCHERS[key].form}', None


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a matcher takes, what meets it in words, and both as functions."""

    form: str
    meaning: str
    takes: Callable[[Any], bool]
    meets: Callable[[Any, Any], bool]


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


_TYPE_NAMES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}


def _has_type(name: str, value: Any) -> bool:
    return isinstance(value, _TYPE_NAMES[name]) and (name == "boolean" or not isinstance(value, bool))


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return MISSING


def _meets(wanted: Json) -> Callable[[Any], bool]:
    return lambda value: not any(differences(wanted, value))


def _anything(_: Any) -> bool:
    return True


def _true(value: Any) -> bool:
    return value is True


MATCHERS: Final[Mapping[str, Matcher]] = {
    "$exactly": Matcher("any value", "the same value, with nothing more in it", _anything, same),
    "$any": Matcher("true", "any value that is there, null too", _true, lambda _, actual: actual is not MISSING),
    "$absent": Matcher("true", "nothing", _true, lambda _, actual: actual is MISSING),
    "$not": Matcher(
        "any value", "whatever the value does not match", _anything, lambda wanted, actual: not _meets(wanted)(actual)
    ),
    "$oneOf": Matcher(
        "a list of values",
        "any of them",
        lambda value: isinstance(value, list) and bool(value),
        lambda wanted, actual: any(same(one, actual) for one in wanted),
    ),
    "$matches": Matcher(
        "a regular expression for the whole text",
        "text that it matches",
        _pattern,
        lambda wanted, actual: isinstance(actual, str) and re.fullmatch(wanted, actual, re.DOTALL) is not None,
    ),
    "$contains": Matcher(
        "some text",
        "text that holds it",
        lambda value: isinstance(value, str) and bool(value),
        lambda wanted, actual: isinstance(actual, str) and wanted in actual,
    ),
    "$includes": Matcher(
        "an item",
        "a list with such an item",
        _anything,
        lambda wanted, actual: isinstance(actual, list) and any(map(_meets(wanted), actual)),
    ),
    "$length": Matcher(
        "a whole number",
        "a text, list or object of this length",
        lambda value: isinstance(value, int) and not isinstance(value, bool),
        lambda wanted, actual: isinstance(actual, str | list | dict) and len(actual) == wanted,
    ),
    "$type": Matcher(
        "one of " + ", ".join(_TYPE_NAMES),
        "a value of this type",
        lambda value: isinstance(value, str) and value in _TYPE_NAMES,
        _has_type,
    ),
    "$json": Matcher(
        "any value",
        "text that is this when read as JSON",
        _anything,
        lambda wanted, actual: _meets(wanted)(_parsed(actual)),
    ),
}
"""Matchers by their key."""


def _matched(name: str, expected: Mapping[str, Any], actual: Any, pointer: str) -> Iterator[Difference]:
    wanted = expected[name]
    if name == "$json" and _parsed(actual) is not MISSING:
        yield from differences(wanted, _parsed(actual), f"{pointer}/$json")
    elif name == "$exactly" and actual is not MISSING and not same(wanted, actual):
        yield Difference(f"{pointer}/$exactly", wanted, actual, "exactly", replace=actual)
    elif name not in MATCHERS or not MATCHERS[name].meets(wanted, actual):
        yield Difference(pointer, expected, actual)


def asserts_something(expected: Any) -> bool:
    """Whether an expectation can fail at all: an empty object, which anything meets, cannot."""
    if isinstance(expected, Mapping):
        return bool(expected) and (matcher_of(expected) is not None or any(map(asserts_something, expected.values())))
    return True
