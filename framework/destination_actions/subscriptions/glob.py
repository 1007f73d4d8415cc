r"""Glob patterns over a whole text: `*` any run, `?` one character, `[a-z]` one of a set, `\x` the character x itself.

A pattern is cut at its stars into runs of single-character tests. The first run is anchored at the beginning, the last
at the end, and each one between takes its leftmost place: with runs of fixed length that is never wrong, so nothing is
ever tried again. Runs of plain characters are found by `str.find`, which is linear; other runs become a regular
expression without any repetition, whose cost is at most the text times the run and is paid from the budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from destination_actions.subscriptions.limits import MAX_PATTERN, Budget

_SPECIAL: Final = frozenset("*?[]\\")


class PatternError(ValueError):
    """A pattern cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Star:
    """`*`: any run of characters, the empty one too."""


@dataclass(frozen=True, slots=True)
class AnyCharacter:
    """The test `?`."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The test `[a-z_]`, or `[^a-z_]` when `negated`; `ranges` include both ends."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


Test: TypeAlias = "str | AnyCharacter | OneOf"
Run: TypeAlias = tuple[Test, ...]


@dataclass(frozen=True)
class Glob:
    """A compiled pattern: the runs between its stars, so one run more than there are stars."""

    runs: tuple[Run, ...]

    @cached_property
    def plain(self) -> tuple[str, ...] | None:
        """Give the runs as texts when no run has `?` or a set."""
        texts = [piece.plain for piece in self._pieces]
        return None if None in texts else tuple(text for text in texts if text is not None)

    @cached_property
    def _pieces(self) -> tuple[_Piece, ...]:
        return tuple(_Piece.of(run) for run in self.runs)

    def matches(self, text: str, budget: Budget) -> bool:
        """Tell whether the whole text fits; a text too long for the budget ends the evaluation."""
        budget.read(len(text) * self._cost)
        first, *middle = self._pieces
        if not middle:
            return first.length == len(text) and first.at(text, 0)
        last = middle.pop()
        end = len(text) - last.length
        if end < first.length or not first.at(text, 0) or not last.at(text, end):
            return False
        return _all_found(middle, text, first.length, end)

    @cached_property
    def _cost(self) -> int:
        return max(1 if piece.plain is not None else piece.length for piece in self._pieces)


def _all_found(pieces: list[_Piece], text: str, start: int, end: int) -> bool:
    for piece in pieces:
        place = piece.find(text, start, end)
        if place < 0:
            return False
        start = place + piece.length
    return True


@dataclass(frozen=True)
class _Piece:
    length: int
    plain: str | None
    expression: re.Pattern[str]

    @classmethod
    def of(cls, run: Run) -> _Piece:
        letters = [test for test in run if isinstance(test, str)]
        plain = "".join(letters) if len(letters) == len(run) else None
        return cls(len(run), plain, re.compile("".join(map(_as_expression, run)), re.DOTALL))

    def at(self, text: str, place: int) -> bool:
        if self.plain is not None:
            return text.startswith(self.plain, place)
        return self.expression.match(text, place) is not None

    def find(self, text: str, start: int, end: int) -> int:
        if self.plain is not None:
            return text.find(self.plain, start, end)
        found = self.expression.search(text, start, end)
        return found.start() if found else -1


def _as_expression(test: Test) -> str:
    match test:
        case AnyCharacter():
            return "."
        case OneOf(ranges, negated):
            inside = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges)
            return f"[{'^' if negated else ''}{inside}]"
        case _:
            return re.escape(test)


def glob(pattern: str) -> Glob:
    """Compile a pattern; raise `PatternError` when it is too long or a set is not closed."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"the pattern has {len(pattern):,} characters, at most {MAX_PATTERN:,} are read")
    runs: list[list[Test]] = [[]]
    for test in _tests(pattern):
        if isinstance(test, Star):
            runs.append([])
        else:
            runs[-1].append(test)
    kept = [run for place, run in enumerate(runs) if run or place in (0, len(runs) - 1)]
    return Glob(tuple(map(tuple, kept)))


def _tests(pattern: str) -> Iterator[Test | Star]:
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "[":
            one_of, position = _set(pattern, position)
            yield one_of
        elif character == "\\" and position < len(pattern):
            yield pattern[position]
            position += 1
        else:
            yield Star() if character == "*" else AnyCharacter() if character == "?" else character


def _set(pattern: str, start: int) -> tuple[OneOf, int]:
    negated = pattern[start : start + 1] in ("^", "!")
    position, ranges = start + negated, list[tuple[str, str]]()
    while position < len(pattern) and (pattern[position] != "]" or not ranges):
        low, position = _member(pattern, position)
        high = low
        if pattern[position : position + 1] == "-" and pattern[position + 1 : position + 2] not in ("]", ""):
            high, position = _member(pattern, position + 1)
        if high < low:
            raise PatternError(f'the range "{low}-{high}" of the pattern runs backwards')
        ranges.append((low, high))
    if position >= len(pattern):
        raise PatternError('the pattern has a "[" without a "]": write "\\\\[" for the character itself')
    return OneOf(tuple(ranges), negated), position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\" and position + 1 < len(pattern):
        return pattern[position + 1], position + 2
    return pattern[position], position + 1


def escaped(text: str) -> str:
    """Write a text so that a pattern takes it literally."""
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)
