"""Texts that match a regular expression, from its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, Final

from destination_actions.testing._generate.picks import Picks, Unfit

_UNBOUNDED: Final = 8
_LETTERS: Final = "".join(chr(code) for code in range(ord(" "), ord("~") + 1))
_DIGITS: Final = "0123456789"
_WORD: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": _WORD,
    "CATEGORY_NOT_DIGIT": "".join(one for one in _LETTERS if one not in _DIGITS),
    "CATEGORY_NOT_SPACE": _LETTERS.replace(" ", ""),
    "CATEGORY_NOT_WORD": "".join(one for one in _LETTERS if one not in _WORD),
}


def matching(pattern: str, picks: Picks) -> str:
    """A text in which the pattern is found. Raises `Unfit` for what Python's own parser does not know."""
    return "".join(_part(op, argument, picks) for op, argument in _tree(pattern))


@cache
def _tree(pattern: str) -> Any:
    try:
        return _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unfit(f"the pattern {pattern!r} cannot be read: {error}") from error


def _part(op: Any, argument: Any, picks: Picks) -> str:
    make = _PARTS.get(str(op))
    if make is None:
        raise Unfit(f"nothing is known of {op}")
    return make(argument, picks)


def _inner(tree: Iterable[Any], picks: Picks) -> str:
    return "".join(_part(op, argument, picks) for op, argument in tree)


def _nothing(_: Any, __: Picks) -> str:
    return ""


def _literal(code: int, _: Picks) -> str:
    return chr(code)


def _not_literal(code: int, picks: Picks) -> str:
    return _one_of(_LETTERS.replace(chr(code), ""), picks)


def _any(_: Any, picks: Picks) -> str:
    return _one_of(_LETTERS, picks)


def _in(items: list[Any], picks: Picks) -> str:
    return _one_of(_members(tuple(items)), picks)


@cache
def _members(items: tuple[Any, ...]) -> str:
    negated = str(items[0][0]) == "NEGATE"
    found = "".join(_range(op, argument) for op, argument in items[1 if negated else 0 :])
    return "".join(one for one in _LETTERS if one not in found) if negated else "".join(dict.fromkeys(found))


def _range(op: Any, argument: Any) -> str:
    if str(op) == "LITERAL":
        return chr(argument)
    if str(op) == "RANGE":
        return "".join(chr(code) for code in range(argument[0], min(argument[1], argument[0] + 500) + 1))
    return _CATEGORIES.get(str(argument), "")


def _one_of(letters: str, picks: Picks) -> str:
    if not letters:
        raise Unfit("a class without members")
    return letters[picks.integer(0, len(letters) - 1)]


def _branch(argument: Any, picks: Picks) -> str:
    ways = argument[1]
    return _inner(ways[picks.branch(len(ways))], picks)


def _group(argument: Any, picks: Picks) -> str:
    return _inner(argument[-1], picks)


def _repeat(argument: Any, picks: Picks) -> str:
    low, high, tree = argument
    most = low + _UNBOUNDED if high is _constants.MAXREPEAT else high
    return "".join(_inner(tree, picks) for _ in range(picks.length(low, most)))


_PARTS: Final[dict[str, Callable[[Any, Picks], str]]] = {
    "LITERAL": _literal,
    "NOT_LITERAL": _not_literal,
    "ANY": _any,
    "IN": _in,
    "BRANCH": _branch,
    "SUBPATTERN": _group,
    "ATOMIC_GROUP": _inner,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "AT": _nothing,
}
