"""A case as values: what is given, the steps, and what is expected of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from destination_actions.errors import Place
from destination_actions.testing.cases.pieces import Piece

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(value: float | str) -> float:
    """The seconds of a duration, a number or text such as `5m`."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else float(value)


@dataclass(frozen=True, slots=True)
class Step:
    """Some time that passes, then one event, or several at once (`batch`); and what is expected."""

    wait: float
    events: tuple[dict[str, Any], ...]
    batch: bool = False
    retry_for: float | None = None
    api: Piece | None = None
    expect: Piece | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `place` is where it stands; `locate` finds the place of any pointer into its file."""

    name: str
    file: Path
    place: Place
    given: Piece
    steps: tuple[Step, ...]
    api: Piece | None = None
    locate: Callable[[str], Place] = field(default=Place, repr=False)
