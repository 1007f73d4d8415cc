"""The outcomes of one event as a list of which most is made only when somebody looks.

With a thousand subscriptions of which one matches, making the 999 outcomes that say "does not match" would take twenty
times as long as delivering. So they stand in the list as shared stand-ins, which differ from the real ones in the
messageId alone, and become real at the first look: every way in which Python reads a list leads through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from destination_actions.outcomes import Filtered, Outcome


class Outcomes(list[Outcome]):
    """Behaves as the full list. `decided` are the outcomes of those that could match, by their place."""

    __slots__ = ("_message_id",)

    def __init__(self, stand_ins: Sequence[Filtered], decided: Iterable[tuple[int, Outcome]], message_id: str) -> None:
        super().__init__(stand_ins)
        for at, outcome in decided:
            list.__setitem__(self, at, outcome)
        self._message_id: str | None = message_id

    def filled(self) -> None:
        """Have the real outcomes in all places."""
        message_id, self._message_id = self._message_id, None
        if message_id is None:
            return
        for at, outcome in enumerate(list.__iter__(self)):
            if outcome.message_id != message_id:
                list.__setitem__(self, at, replace(outcome, message_id=message_id))

    def __radd__(self, other: list[Outcome]) -> list[Outcome]:
        """Take part in a sum as a list."""
        return [*other, *self]

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as a list."""
        return list, (list(self),)


def _looking(name: str) -> Callable[..., Any]:
    method = getattr(list, name)

    def look(self: Outcomes, *args: Any, **options: Any) -> Any:
        self.filled()
        return method(self, *args, **options)

    look.__name__ = name
    return look


for _name in (
    *("__iter__", "__getitem__", "__setitem__", "__delitem__", "__contains__", "__reversed__", "__repr__"),
    *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
    *("__add__", "__iadd__", "__mul__", "__rmul__", "__imul__"),
    *("append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"),
):
    setattr(Outcomes, _name, _looking(_name))
