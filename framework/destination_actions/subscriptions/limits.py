"""What bounds an expression: its size when it is compiled, its work when it is evaluated."""

from __future__ import annotations

from typing import Final

MAX_CHARACTERS: Final = 65_536
"""Characters of the text of one expression."""

MAX_DEPTH: Final = 32
"""Levels of `and`, `or`, `not`, function calls, lists and quantifiers inside one another."""

MAX_BRACKETS: Final = 80
"""Levels of parentheses and signs of negation as written, redundant ones included."""

MAX_ITEMS: Final = 1_000
"""Elements of one list in an expression."""

MAX_PATTERN: Final = 1_000
"""Characters of one glob pattern."""

MAX_KEYS: Final = 64
"""Keys of one path."""

MAX_STEPS: Final = 200_000
"""Steps of one evaluation: items visited, members compared, and characters read in units of `CHARACTERS_A_STEP`."""

CHARACTERS_A_STEP: Final = 64
"""Characters that a text function reads for one step."""


class LimitExceeded(Exception):  # noqa: N818 - a fact that ends one evaluation, never seen outside this package
    """One evaluation needed more than `MAX_STEPS`; the whole expression is then false."""


class Budget:
    """The steps that one evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take `steps`; raise `LimitExceeded` when they are more than what is left."""
        self.left -= steps
        if self.left < 0:
            raise LimitExceeded

    def read(self, characters: int) -> None:
        """Take the steps for reading so many characters of text."""
        self.spend(1 + characters // CHARACTERS_A_STEP)
