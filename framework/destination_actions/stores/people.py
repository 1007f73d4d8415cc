"""Whom an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_IDS: Final = (str, int)
"""A tuple, and a list below: every delivery asks twice, and a union and a generator take three times as long."""


def ids_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The user ids that an event names: of the user, of somebody anonymous, and of whom an alias was before."""
    return ids_among(named_in(event))


def named_in(event: Mapping[str, Any]) -> tuple[object, object, object]:
    """What stands in the places of an event that are for user ids."""
    get = event.get
    return get("userId"), get("anonymousId"), get("previousId")


def ids_among(named: tuple[object, ...]) -> tuple[str, ...]:
    """The user ids among what an event names."""
    return tuple(dict.fromkeys([str(one) for one in named if isinstance(one, _IDS) and one != ""]))
