"""Choices by counting: the same in every run, and another value each time."""

from __future__ import annotations

from typing import NoReturn

from destination_actions.errors import ConfigurationError

_USUAL = 8


class Counted:
    """Gives every value a number of its own and builds it of the digits of that number; `start` shifts them all."""

    tries = 60

    def __init__(self, start: int = 0, *, optional: bool = True) -> None:
        self._serial = 10 + start
        self._digits = 0
        self._again = 0
        self._name = ""
        self._optional = optional
        self._used: list[object] = []

    def begin(self, name: str) -> None:
        """Take the next number."""
        self._again = self._again + 1 if name == self._name else 0
        self._name = name
        self._serial += 1
        self._digits = self._serial

    def integer(self, low: int, high: int) -> int:
        """The next digit of the number, in base `high - low + 1`."""
        self._digits, digit = divmod(self._digits, high - low + 1)
        return low + digit

    def length(self, low: int, high: int) -> int:
        """About eight, and less where that was too much."""
        return min(max(low, _USUAL - self._again % (_USUAL + 1)), high)

    def branch(self, count: int) -> int:
        """The first way, as long as it leads somewhere."""
        return self._again // 6 % count

    def present(self, name: str) -> bool:  # noqa: ARG002 - the port's signature
        """Everything, or nothing that may be left out."""
        return self._optional

    def text(self, name: str, low: int, high: int | None) -> str:
        """The name and the number."""
        text = f"{name} {self._serial}".ljust(low, "x")
        return text if high is None or len(text) <= high else str(self._serial).rjust(low, "x")[-high:] if high else ""

    def number(self, low: float | None, high: float | None) -> float:
        """The number and a half, or a point between the bounds."""
        wished = self._serial + 0.5 + (low or 0)
        if high is None or wished <= high:
            return wished
        least = low if low is not None else high - 100
        return round(least + (high - least) * (self._serial % 97 + 1) / 98, 6)

    def whole(self, low: int | None, high: int | None) -> int:
        """The number itself, or one between the bounds."""
        least = low if low is not None else 0 if high is None or high >= 0 else high - 100
        return least + self._serial if high is None else least + self._serial % (high - least + 1)

    def fresh(self, value: object) -> bool:
        """Whether it was not used before; of truth values there are only two, and of choices only some."""
        if isinstance(value, bool) or value is None or self._again > self.tries // 2:
            return True
        if value in self._used:
            return False
        self._used.append(value)
        return True

    def give_up(self, message: str) -> NoReturn:
        """Raise `ConfigurationError`."""
        raise ConfigurationError(message, hint="give an example yourself")
