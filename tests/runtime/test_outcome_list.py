"""Outcomes that are made when somebody looks are those that would have been made at once."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from destination_actions.outcomes import Delivered, Filtered, Outcome
from destination_actions.runtime.outcome_list import Outcomes

HEAD = {"destination": "d", "action": "a"}
FULL: list[Outcome] = [
    Filtered(**HEAD, subscription="s0", message_id="m"),
    Delivered(**HEAD, subscription="s1", message_id="m"),
    Filtered(**HEAD, subscription="s2", message_id="m"),
]


def lazy() -> Outcomes:
    """The same as FULL, not looked at."""
    stand_ins = [Filtered(**HEAD, subscription=f"s{number}", message_id="") for number in range(3)]
    return Outcomes(stand_ins, [(1, FULL[1])], "m")


def _three(first: Any, second: Any, third: Any) -> list[Any]:
    return [first, second, third]


def _matched(one: Any) -> Any:
    match one:
        case [first, *rest]:
            return [first, rest]


LOOKS: dict[str, Callable[[Any], Any]] = {
    "loop": lambda one: [outcome for outcome in one],  # noqa: C416 - that is the look
    "list": list,
    "tuple": tuple,
    "unpack": lambda one: _three(*one),
    "star": lambda one: [*one],
    "index": lambda one: one[2],
    "slice": lambda one: one[:1],
    "equal": lambda one: one == FULL,
    "equal from the right": lambda one: FULL == one,
    "in": lambda one: FULL[0] in one,
    "sum": lambda one: operator.add(one, []),
    "sum from the right": lambda one: operator.add([], one),
    "in place": lambda one: operator.iadd([], one),
    "extend": lambda one: (into := [], into.extend(one))[0],  # type: ignore[var-annotated]
    "slice assignment": lambda one: (into := [], into.__setitem__(slice(0, 0), one))[0],  # type: ignore[var-annotated]
    "reversed": lambda one: list(reversed(one)),
    "sorted": lambda one: sorted(one, key=lambda outcome: outcome.subscription),
    "zip": lambda one: list(zip(one, one, strict=True)),
    "map": lambda one: [*map(Outcome.to_json, one)],
    "json": lambda one: json.dumps(one, default=Outcome.to_json),
    "repr": repr,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "pop": lambda one: one.pop(0),
    "position": lambda one: one.index(FULL[2]),
    "times": lambda one: one * 2,
    "match": _matched,
    "length": len,
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_sees_the_full_list(name: str) -> None:
    """Whichever way a list is read, it reads as the list that was made at once."""
    assert LOOKS[name](list(FULL)) == LOOKS[name](lazy())


def test_it_is_a_list() -> None:
    """What `send` promises."""
    assert isinstance(lazy(), list)
