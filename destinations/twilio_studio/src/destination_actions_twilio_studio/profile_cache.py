"""Numbers that were looked up a moment ago: bounded, and never older than the settings allow. Off unless asked for.

A number that changes meanwhile is used for up to `profileCacheSeconds` more. What was not found is asked for again each
time, since a profile may be made any moment; so is everything when it is read back whether a flow was started.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from weakref import WeakKeyDictionary

from destination_actions_twilio_studio.settings import Settings

PEOPLE: Final = 10_000
"""People whose numbers are kept for one account at most; the oldest look-ups go first."""


class ProfileCache:
    """The newest number of each person, with when it was looked up (monotonic seconds)."""

    def __init__(self, seconds: float, size: int = PEOPLE) -> None:
        self._seconds = seconds
        self._size = size
        # In the order of the look-ups. A plain dict finds its first key past all that were taken out.
        self._known: OrderedDict[tuple[str | None, str | None], tuple[float, str]] = OrderedDict()

    def get(self, user: str | None, anonymous: str | None, now: float) -> str | None:
        """Give the number of a person, unless it is unknown or too old."""
        found = self._known.get((user, anonymous))
        return found[1] if found is not None and now < found[0] + self._seconds else None

    def put(self, user: str | None, anonymous: str | None, phone: str, now: float) -> None:
        """Keep a number that was just looked up."""
        if self._seconds <= 0:
            return
        self._known.pop((user, anonymous), None)
        self._known[user, anonymous] = (now, phone)
        if len(self._known) > self._size:
            self._known.popitem(last=False)


_CACHES: WeakKeyDictionary[Settings, ProfileCache] = WeakKeyDictionary()


def cache_of(settings: Settings) -> ProfileCache:
    """The cache of a configured account; it goes when the settings go."""
    found = _CACHES.get(settings)
    if found is None:
        found = _CACHES[settings] = ProfileCache(settings.profile_cache_seconds)
    return found
