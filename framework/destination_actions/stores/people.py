"""Whom an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ids_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The user ids that an event names: of the user, of somebody anonymous, and of whom an alias was before."""
    get = event.get
    user, anonymous, previous = get("userId"), get("anonymousId"), get("previousId")
    if previous is None and type(user) is type(anonymous) is str and "" != user != anonymous != "":
        return user, anonymous  # as for most events
    ids = dict.fromkeys(str(one) for one in (user, anonymous, previous) if isinstance(one, str | int) and one != "")
    return tuple(ids)
