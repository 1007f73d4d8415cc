"""Events as they travel: plain JSON objects, read strictly and never changed.

An event has the shape that Segment's sources send (https://segment.com/docs/connections/spec/common/): `type`,
`event`, `userId`, `anonymousId`, `messageId`, `timestamp`, `properties`, `traits`, `context`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"
"""A JSON value in Python form. NaN and the infinities are not JSON."""

Event: TypeAlias = Mapping[str, Any]
"""One event, a JSON object. Nothing in this package changes it."""


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"

    def __repr__(self) -> str:
        """Print as the name under which it is imported."""
        return "MISSING"

    def __bool__(self) -> bool:
        """Be falsy, so that `value or other` reads as it should."""
        return False


MISSING: Final = Missing.MISSING
"""Nothing is there; not the same as null, false, zero or an empty text."""
