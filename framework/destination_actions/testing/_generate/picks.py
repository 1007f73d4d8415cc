"""The port between the algorithm and whoever makes its choices."""

from __future__ import annotations

from typing import NoReturn, Protocol


class Unfit(Exception):  # noqa: N818 - a fact about one try
    """This try led to nothing; another one may not."""


class Picks(Protocol):
    """Makes every choice. Bounds are inclusive."""

    tries: int
    """How often a value is tried before it is given up."""

    def begin(self, name: str) -> None:
        """A value is about to be made for this name."""

    def integer(self, low: int, high: int) -> int:
        """One of some things that are all alike."""

    def length(self, low: int, high: int) -> int:
        """How many of something."""

    def branch(self, count: int) -> int:
        """The index of one of several ways; the first is the plainest."""

    def present(self, name: str) -> bool:
        """Whether something that may be left out is there."""

    def text(self, name: str, low: int, high: int | None) -> str:
        """A text of which nothing but its length is asked."""

    def number(self, low: float | None, high: float | None) -> float:
        """A finite number."""

    def whole(self, low: int | None, high: int | None) -> int:
        """A whole number."""

    def fresh(self, value: object) -> bool:
        """Whether this value may be used, or resembles one that was used before."""

    def give_up(self, message: str) -> NoReturn:
        """Say that nothing fits."""
