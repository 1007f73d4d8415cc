"""Run recorded behaviour of Segment's packages against ours; every difference needs a rule.

A vector is one line of a `*.jsonl` file beside this module: `{id, input, expect, quirk?}`. Values that JSON lacks are
one-key objects: `{"$undefined": true}`, `{"$date": "ISO"}`, `{"$number": "NaN"}`.

A `Rule` is a predicate on the input and on Segment's result, never on ours. Where it holds it also says what is right,
found by other means than the code under test, and `check` demands that we give exactly that. A line with `quirk`
records an accident of JavaScript and may differ without a rule.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SPECIAL_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}


class _Undefined:
    """The type of `UNDEFINED`."""

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED = _Undefined()
"""JavaScript's `undefined`."""


@dataclass(frozen=True)
class Date:
    """A JavaScript `Date`; `iso` is None for an invalid one."""

    iso: str | None


@dataclass(frozen=True)
class Case:
    """One vector, decoded."""

    id: str
    input: dict[str, Any]
    expect: dict[str, Any]
    quirk: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Give the middle part of the id, such as `template`."""
        return self.id.split("/")[1]


@dataclass(frozen=True)
class Rule:
    """One deliberate difference; `applies(case, segment)` and `right(case, segment)` never see our result."""

    id: str
    segment: str
    ours: str
    why: str
    applies: Callable[[Case, Any], bool]
    right: Callable[[Case, Any], Any]


@dataclass
class Report:
    """What a run found: how many agree, how many each rule excuses, and every case that nothing excuses."""

    agreed: int = 0
    quirks: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [f"  {count:5} {rule}" for rule, count in sorted(self.excused.items())]
        head = f"agree {self.agreed}, quirks {self.quirks}, unexcused {len(self.failures)}; excused by rule:"
        return "\n".join([head, *(rows or ["  none"])])


def decode(value: Any) -> Any:
    """Turn the one-key objects of a vector into values."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key == "$undefined":
            return UNDEFINED
        if key == "$date":
            return Date(inner)
        if key == "$number":
            return SPECIAL_NUMBERS[inner]
    return {key: decode(item) for key, item in value.items()}


def strip_undefined(value: Any) -> Any:
    """Drop the members of objects that are undefined; items of lists stay."""
    if isinstance(value, list):
        return [strip_undefined(item) for item in value]
    if isinstance(value, dict):
        return {key: strip_undefined(item) for key, item in value.items() if item is not UNDEFINED}
    return value


def as_json(value: Any) -> Any:
    """Give what `JSON.stringify` would keep: undefined members vanish, undefined items are null, dates are texts."""
    if isinstance(value, Date):
        return value.iso
    if isinstance(value, list):
        return [None if item is UNDEFINED else as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items() if item is not UNDEFINED}
    return value


def same(left: Any, right: Any) -> bool:
    """Compare as JSON does: numbers by value, a boolean never equals a number, key order is ignored, NaN is NaN."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _same_number(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left is right or (type(left) is type(right) and bool(left == right))


def _same_number(left: float, right: float) -> bool:
    both_nan = isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right)
    return both_nan or left == right or float(left) == float(right)


def load(name: str, directory: Path = HERE) -> Iterator[Case]:
    """Read the vectors of `<name>.jsonl`."""
    with (directory / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield Case(row["id"], decode(row["input"]), decode(row["expect"]), tuple(row.get("quirk", ())))


def check(
    cases: Iterable[Case],
    *,
    segment: Callable[[Case], Any],
    ours: Callable[[Case], Any],
    rules: Sequence[Rule],
    agree: Callable[[Any, Any], bool] = same,
) -> Report:
    """Compare our result of every case with Segment's, or with the right one where a rule calls Segment's wrong."""
    report = Report()
    for case in cases:
        theirs, mine = segment(case), ours(case)
        applying = [rule for rule in rules if rule.applies(case, theirs)]
        if applying:
            _check_excused(report, case, applying, theirs, mine, agree)
        elif agree(theirs, mine):
            report.agreed += 1
        elif case.quirk:
            report.quirks += 1
        else:
            report.failures.append(f"{case.id}: Segment gives {theirs!r}, we give {mine!r}")
    return report


def _check_excused(
    report: Report, case: Case, applying: list[Rule], theirs: Any, mine: Any, agree: Callable[[Any, Any], bool]
) -> None:
    for rule in applying:
        right = rule.right(case, theirs)
        if not agree(right, mine):
            report.failures.append(f"{case.id}: rule {rule.id} says {right!r} is right, we give {mine!r}")
            return
    report.excused.update(rule.id for rule in applying)


def table(rules: Sequence[Rule]) -> str:
    """Give the rules as the Markdown table of `docs/compatibility.md`."""
    head = ["| id | Segment | here | why |", "|---|---|---|---|"]
    return "\n".join(head + [f"| `{rule.id}` | {rule.segment} | {rule.ours} | {rule.why} |" for rule in rules])


def section(text: str, heading: str) -> str:
    """Give the part of a Markdown text under `## heading`, up to the next heading of that level."""
    _, _, rest = text.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]
