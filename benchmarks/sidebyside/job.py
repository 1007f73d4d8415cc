"""What a side is asked to do and what it answers: lines of JSON, the same for both sides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INPUTS = Path(__file__).parents[1] / "inputs"
EXPECTED = {"mapped": "expected_mapped", "payload": "expected_payload"}
NAMES = ("event", "mapping", "fields", "subscription", "studio_event", "studio_settings")


def inputs() -> dict[str, Any]:
    """The inputs by name; `mapped` is the mapped document before it is cleaned, `payload` after."""
    files = {name: name for name in NAMES} | EXPECTED
    return {name: json.loads((INPUTS / f"{file}.json").read_text(encoding="utf-8")) for name, file in files.items()}


@dataclass(frozen=True)
class Job:
    """One case with its variables: how large, against which port, how many at a time."""

    case: str
    inputs: dict[str, Any]
    options: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.options[name]


@dataclass
class Work:
    """What is measured: `once` handles one event, or `per` of them; `check` gives the result that both must have."""

    once: Callable[..., Any]
    check: Callable[[], Any]
    fresh: Callable[[], Any] | None = None
    """Makes what `once` is given, outside of what is measured, as the peer needs it."""
    begin: Callable[[int], Any] | None = None
    """Starts so many events that do not end."""
    stream: Callable[[float], Any] | None = None
    """Delivers for so many seconds; gives how many events. For work that is one flow instead of single events."""
    close: Callable[[], Any] | None = None
