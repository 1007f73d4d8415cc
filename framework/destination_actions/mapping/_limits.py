"""What bounds a mapping: limits checked when it is compiled, and a budget that every resolution spends from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import DestinationActionsError


@dataclass(frozen=True, slots=True)
class MappingLimits:
    """The limits of one mapping.

    `depth` (levels of JSON), `nodes` (JSON values), `path` (characters of a path or a JMESPath expression) and
    `liquid_template` (characters) are checked at load. `output` (about the characters that the document has as JSON)
    and `steps` hold while an event is resolved. A step is one node of an item shape for one item, one fifth of a node
    visited in a JMESPath expression, or 100 characters of a long text worked on.
    """

    depth: int = 32
    nodes: int = 10_000
    path: int = 1_000
    liquid_template: int = 1_000
    output: int = 262_144
    steps: int = 500_000


MAPPING_LIMITS = MappingLimits()
"""The limits that apply everywhere."""

LONG_TEXT = 1_000
CHARACTERS_A_STEP = 100


class ResolveError(DestinationActionsError):
    """A mapping cannot be resolved for one event; the delivery is invalid, and no other is touched.

    `pointer` is a JSON pointer into the mapping. `limit` names the field of `MappingLimits` that was exceeded, if any.
    """

    def __init__(self, message: str, *, pointer: str = "", limit: str | None = None) -> None:
        super().__init__(f"mapping {pointer or '/'}: {message}")
        self.message = message
        self.pointer = pointer
        self.limit = limit


class Frame:
    """What one resolution carries: the event, and the steps that are left."""

    __slots__ = ("event", "steps")

    def __init__(self, event: Any, steps: int = MAPPING_LIMITS.steps) -> None:
        self.event = event
        self.steps = steps

    def spend(self, steps: int, pointer: str) -> None:
        """Take steps from the budget; `pointer` is who asks.

        Raises:
            ResolveError: the budget is spent.
        """
        self.steps -= steps
        if self.steps < 0:
            raise out_of_steps(pointer)

    def spend_on(self, text: str, pointer: str) -> str:
        """Take steps for working on a text, and give it back; short texts are free.

        Raises:
            ResolveError: the text is longer than a document may be, or the budget is spent.
        """
        if len(text) > LONG_TEXT:
            if len(text) > MAPPING_LIMITS.output:
                raise too_large(pointer)
            self.spend(len(text) // CHARACTERS_A_STEP, pointer)
        return text


def out_of_steps(pointer: str) -> ResolveError:
    """Give the error for a budget that is spent."""
    message = f"this takes more than {MAPPING_LIMITS.steps:,} steps for this event (limit: steps)"
    return ResolveError(message, pointer=pointer, limit="steps")


def too_large(pointer: str) -> ResolveError:
    """Give the error for a result that is larger than a document may be."""
    size = f"{MAPPING_LIMITS.output:,}"
    return ResolveError(f"the result is larger than {size} characters (limit: output)", pointer=pointer, limit="output")


def too_deep(pointer: str) -> ResolveError:
    """Give the error for a value that is nested too deeply to be worked on."""
    return ResolveError("the value is nested too deeply (limit: depth)", pointer=pointer, limit="depth")
