"""A mapping as what fills an object of somebody else's, member by member, without a document.

Code that is written around these reads what each part of the mapping gives from a local variable. What it does not make
cannot be measured, so it keeps within `Filling.limit` by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from ..events import MISSING
from ..generated import Limit
from ._generated import Code, root_of
from ._limits import MAPPING_LIMITS
from ._objects import Constant, Shaped
from ._paths import Resolver
from ._values import measure

_TOO_MUCH = MAPPING_LIMITS.output + 1


class Members:
    """The members of an object of a mapping."""

    def __init__(self, members: Sequence[tuple[str, Resolver]]) -> None:
        self._members = {key: part for key, part in members if not _is_nothing(part)}

    def keys(self) -> frozenset[str]:
        """Give the keys."""
        return frozenset(self._members)

    def value(self, key: str) -> Part | None:
        """Give what fills a key."""
        part = self._members.get(key)
        return None if part is None else Part(part)


def _is_nothing(part: Resolver) -> bool:
    return isinstance(part, Constant) and part.value is MISSING


class Part:
    """What fills one member."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def put(self, code: Code, variable: str) -> None:
        """Write the lines that leave its value, or `MISSING`, in a variable."""
        code.put(self._resolver, variable)

    def members(self) -> Members | None:
        """Give the members, where the mapping has an object here."""
        found = getattr(self._resolver, "members", None)
        return None if found is None else Members(found)

    def items(self) -> Each | None:
        """Give the items, where the mapping has a list here whose items are objects."""
        found = getattr(self._resolver, "items", None)
        shape = getattr(found, "shape", None)
        return None if found is None or not hasattr(shape, "members") else Each(found)


class Each:
    """The items of a list in a new shape, an object."""

    def __init__(self, shaped: Shaped) -> None:
        self._shaped = shaped
        self._members = Members(shaped.shape.members)  # type: ignore[attr-defined]

    def put(self, code: Code, variable: str) -> None:
        """Write the lines that leave the list as it is in a variable; what is no list may be there too."""
        self._shaped.put(code, variable)
        code.line(f"if type({variable}) is dict: {variable} = [{variable}]")  # an object counts as a list of one

    def keys(self) -> frozenset[str]:
        """Give the keys of an item."""
        return self._members.keys()

    @contextmanager
    def each(self, code: Code, variable: str) -> Iterator[Members]:
        """Write the loop over the list in a variable; what is written meanwhile is for one item."""
        with self._shaped.loop(code, variable):
            yield self._members


class Filling(Members):
    """A mapping as a whole, of which the object is made that an event fills."""

    def __init__(self, members: Sequence[tuple[str, Resolver]], *, linear: bool) -> None:
        super().__init__(members)
        self.limit = Limit(MAPPING_LIMITS.output, _written if linear else _measured)

    def function(self, write: Callable[[Code], str]) -> Callable[[Any], Any]:
        """Give the function of an event, a dict, whose lines `write` writes; it may raise `ResolveError`."""
        return root_of(write)


def _written(value: Any) -> int:
    """Give at least what a value counts for; quick, but only for what does not share parts again and again."""
    try:
        return len(orjson.dumps(value)) * 4
    except (TypeError, ValueError, RecursionError):
        return _measured(value)


def _measured(value: Any) -> int:
    try:
        return measure(value)
    except RecursionError:
        return _TOO_MUCH
