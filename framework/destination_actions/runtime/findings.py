"""Everything that is wrong with a configuration at once, each finding with its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from destination_actions.config import Config
from destination_actions.errors import ConfigurationError, Place, SubscriptionError

T = TypeVar("T")


class Faults:
    """Collects what goes wrong while the parts of one thing are built."""

    def __init__(self) -> None:
        self.found: list[ConfigurationError] = []

    def attempt(self, build: Callable[[], T]) -> T | None:
        """Build a part; None when it cannot be."""
        try:
            return build()
        except ConfigurationError as error:
            self.found += error.errors
            return None

    def raise_if_any(self) -> None:
        """Raise the one finding, or the sum of several."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            text = "\n".join(str(finding) for finding in self.found)
            message = f"{len(self.found)} errors:\n{text}"
            raise ConfigurationError(message, pointer=self.found[0].pointer, errors=self.found)


class Findings:
    """Collects the faults of the parts of a configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._faults = Faults()

    def attempt(self, pointer: str, build: Callable[[], T]) -> T | None:
        """Build what stands at `pointer`; None when it cannot be."""
        part = Faults()
        built = part.attempt(build)
        self._faults.found += [self._placed(finding, pointer) for finding in part.found]
        return built

    def raise_if_any(self) -> None:
        """Raise what was found."""
        self._faults.raise_if_any()

    def _placed(self, error: ConfigurationError, pointer: str) -> ConfigurationError:
        if isinstance(error, SubscriptionError):
            message = f"subscribe, line {error.line}, column {error.column}: {error.message}"
            hint = "\n".join(part for part in (error.caret, error.hint) if part) or None
            where = f"{pointer}/subscribe"
            return ConfigurationError(message, pointer=where, hint=hint, place=self._place(where), code=error.code)
        where = pointer + error.pointer
        place = error.place or self._place(where)
        return type(error)(error.message, pointer=where, hint=error.hint, place=place, code=error.code)

    def _place(self, pointer: str) -> Place | None:
        """The place of the nearest thing around `pointer` that stands in the file."""
        while True:
            place = self._config.place(pointer)
            if place is not None or not pointer:
                return place
            pointer = pointer.rpartition("/")[0]
