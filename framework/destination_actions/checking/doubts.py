"""Why a value may not be what a field takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Cause: TypeAlias = Literal["kind", "missing", "form", "empty", "condition", "unknown"]
"""Why a value may not do: it has the wrong type, is not there, has the wrong form, is an empty text, is needed only
sometimes, or nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a value may not do: the cause, a sentence, and whether such a value certainly does not."""

    cause: Cause
    why: str
    certain: bool = False
