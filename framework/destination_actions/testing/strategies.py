"""Hypothesis strategies: events, and documents and payloads that fit their fields or a JSON Schema.

They need `hypothesis`, which the framework itself does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from hypothesis import reject
from hypothesis import strategies as st

from destination_actions.fields import FieldSet
from destination_actions.testing._generate import document, value

F = TypeVar("F", bound=FieldSet)
V = TypeVar("V")

_KEYS = st.sampled_from(["total", "plan", "email", "a b", "d.e", "$key", "é", "0"])
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_IDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"]), min_size=1)
_LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | _TEXTS
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)
_MEMBERS = st.dictionaries(_KEYS, _VALUES, max_size=4)
_OWN: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "track": {"event": _TEXTS, "properties": _MEMBERS},
    "identify": {"traits": _MEMBERS},
    "page": {"name": _TEXTS, "properties": _MEMBERS},
    "screen": {"name": _TEXTS, "properties": _MEMBERS},
    "group": {"groupId": _IDS, "traits": _MEMBERS},
    "alias": {"previousId": _IDS},
}


def any_events(**members: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Events of every type, as sources send them; `members` are values or strategies that every event gets."""
    kinds = [members["type"]] if isinstance(members.get("type"), str) else list(_OWN)
    return st.sampled_from(kinds).flatmap(lambda kind: _event(str(kind), members))


def _event(kind: str, members: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    given = {key: one if isinstance(one, st.SearchStrategy) else st.just(one) for key, one in members.items()}
    always = {"type": st.just(kind), "messageId": st.uuids().map(str), **_OWN.get(kind, {}), **given}
    stamps = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
    sometimes = {"userId": _IDS, "anonymousId": _IDS, "timestamp": stamps, "context": _MEMBERS}
    return st.fixed_dictionaries(always, optional={key: one for key, one in sometimes.items() if key not in always})


def any_documents(fields: type[FieldSet], *, sync_mode: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Documents in wire keys that `fields.check` accepts, of settings as of payloads; no text or number twice."""

    @st.composite
    def one(draw: st.DrawFn) -> dict[str, Any]:
        return document(fields, _Drawn(draw), sync_mode=sync_mode)

    return one()


def any_payloads(fields: type[F]) -> st.SearchStrategy[F]:
    """Instances of a FieldSet, made from valid documents."""
    return any_documents(fields).map(lambda made: _built(fields, made))


def _built(fields: type[F], made: Mapping[str, Any]) -> F:
    found = fields.check(made).value
    assert found is not None  # noqa: S101 - the document is valid
    return found


def any_values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a JSON Schema (draft 2020-12) permits.

    Types, bounds, patterns, formats, local references and alternatives are made to fit; whatever else the schema says,
    such as `not` or `if`, values are tried against, so a schema that seldom lets one through is slow.
    """

    @st.composite
    def one(draw: st.DrawFn) -> Any:
        return value(schema, _Drawn(draw))

    return one()


class _Drawn:
    """Choices that Hypothesis makes, and makes smaller when a test fails.

    No text or number is drawn twice for one document, so that fields which were mistaken for one another show; choices,
    and what a pattern or a format leaves no room for, may be alike.
    """

    tries = 12

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._used: set[tuple[str, object]] = set()
        self._name = ""
        self._again = 0

    def begin(self, name: str) -> None:
        """Count how often a value is tried for one name."""
        self._again = self._again + 1 if name == self._name else 0
        self._name = name

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def length(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, min(high, low + 8)))

    def branch(self, count: int) -> int:
        return self._draw(st.integers(0, count - 1))

    def present(self, name: str) -> bool:  # noqa: ARG002 - the port's signature
        return self._draw(st.booleans())

    def text(self, name: str, low: int, high: int | None) -> str:  # noqa: ARG002 - the port's signature
        most = low + 20 if high is None else min(high, low + 20)
        drawn = self._draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=most))
        if high is None:
            return self._other(drawn, lambda number: f"{drawn}{number}")
        return self._other(drawn, lambda number: str(number).rjust(low)[:high])

    def number(self, low: float | None, high: float | None) -> float:
        drawn = self._draw(st.floats(low, high, allow_nan=False, allow_infinity=False))
        least = low if low is not None else drawn - 1
        room = (high - least) if high is not None else 1e6
        return self._other(drawn, lambda number: least + room * (number % 997) / 997)

    def whole(self, low: int | None, high: int | None) -> int:
        edge = 2**53
        least, most = (-edge if low is None else low), (edge if high is None else high)
        drawn = self._draw(st.integers(least, most))
        return self._other(drawn, lambda number: least + (drawn - least + number) % (most - least + 1))

    def _other(self, drawn: V, another: Callable[[int], V]) -> V:
        """What was drawn, or the first of others that was not used yet, if there is one soon."""
        found = (one for number in range(len(self._used) + 2) if not self._is_used(one := another(number)))
        return drawn if not self._is_used(drawn) else next(found, drawn)

    def _is_used(self, value: object) -> bool:
        return _identity(value) in self._used

    def fresh(self, value: object) -> bool:
        """Whether a text or number was not used before; after half of the tries it may have been."""
        if isinstance(value, bool) or not isinstance(value, str | int | float) or self._again > self.tries // 2:
            return True
        if self._is_used(value):
            return False
        self._used.add(_identity(value))
        return True

    def give_up(self, message: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        reject()


def _identity(value: object) -> tuple[str, object]:
    """Two numbers are one value whatever their type is; a text is another."""
    return ("text" if isinstance(value, str) else "number", value)
