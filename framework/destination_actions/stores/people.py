"""Whom an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ids_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The user ids that an event names: of the user, of somebody anonymous, and of whom an alias was before."""
    ids = [event.get("userId"), event.get("anonymousId"), event.get("previousId")]
    named = [str(one) for one in ids if one is not None and one != "" and isinstance(one, str | int)]
    return tuple(named) if len(named) < 2 else tuple(dict.fromkeys(named))
