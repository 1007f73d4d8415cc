"""What a check is: a fact, and a function that yields a complaint for each way in which it does not hold."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from destination_actions.testing.conformance.report import Level

T = TypeVar("T")


class NotApplicable(Exception):  # noqa: N818 - a fact about the destination
    """There is nothing here to check; the message says why."""


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """One check, by its id. `fact` is the function's docstring unless it is given."""

    id: str
    level: Level
    complaints: Callable[[T], Iterable[str]]
    fact: str = ""

    @property
    def title(self) -> str:
        """The fact in one line."""
        return self.fact or (inspect.getdoc(self.complaints) or self.id).partition("\n")[0]
