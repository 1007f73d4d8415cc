"""What is wrong, for people: plain text that a terminal, pytest and JUnit show alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from difflib import ndiff
from typing import Any, Final

from destination_actions.config.shape import readable
from destination_actions.events import MISSING
from destination_actions.testing.cases.matching import Difference
from destination_actions.testing.cases.run import Failure, Result

_ONE_LINE: Final = 100


def report_of(result: Result) -> str:
    """Why a case failed, and what happened."""
    if result.broken is not None:
        return str(result.broken)
    lines = [f"{result.failures[0].place}: {result.case.name}"]
    blocks = [tuple(_failure(failure, several=len(result.case.steps) > 1)) for failure in result.failures]
    for block, times in Counter(blocks).items():
        lines += block if times == 1 else (f"{block[0]} ({times} times)", *block[1:])
    return "\n".join([*lines, "  what happened", *(f"    {line}" for line in result.log)])


def _failure(failure: Failure, *, several: bool) -> Iterator[str]:
    difference = failure.difference
    where = f"step {failure.step}, " if several else ""
    named = readable(difference.pointer) if difference.pointer else ""
    yield f"  {where}line {failure.place.line}{': ' + named if named else ''}{_note(difference, bool(named))}"
    if named:
        yield from _both(difference)


def _note(difference: Difference, named: bool) -> str:
    if not difference.note:
        return ""
    return f" ({difference.note})" if named else f": {difference.note}"


def _both(difference: Difference) -> Iterator[str]:
    expected, actual = text_of(difference.expected), text_of(difference.actual)
    if "\n" not in expected and "\n" not in actual:
        yield f"    expected  {expected}"
        yield f"    actual    {actual}"
        return
    yield "    - expected, + actual"
    for line in ndiff(expected.splitlines(), actual.splitlines()):
        if not line.startswith("?"):
            yield f"    {line}"


def text_of(value: Any) -> str:
    """A value as JSON, on one line if it is short; nothing at all as `nothing`."""
    if value is MISSING:
        return "nothing"
    short = json.dumps(value, ensure_ascii=False, default=str)
    return short if len(short) <= _ONE_LINE else json.dumps(value, ensure_ascii=False, indent=2, default=str)
