"""Whom an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_IDS: Final = ("userId", "anonymousId", "previousId")


def ids_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The user ids that an event names: of the user, of somebody anonymous, and of whom an alias was before."""
    ids = (event.get(name) for name in _IDS)
    return tuple(dict.fromkeys(str(one) for one in ids if isinstance(one, str | int) and one != ""))
