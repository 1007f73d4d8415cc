"""Events as sources send them, for tests: `event.track("Order Completed", userId="jane", properties={"total": 5})`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class EventBuilder:
    """Makes events; keywords are the event's members as they stand in JSON, and `defaults` go into every event.

    Nothing is put in that a test did not ask for, so that no default can hide a mistake in a mapping. A `Harness` gives
    an event without a messageId one: `event-1`, `event-2` and so on.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)

    def track(self, name: str, **members: Any) -> dict[str, Any]:
        """A track event with this name."""
        return self._event("track", {"event": name}, members)

    def identify(self, user: str | None = None, **members: Any) -> dict[str, Any]:
        """An identify event."""
        return self._event("identify", {} if user is None else {"userId": user}, members)

    def page(self, name: str | None = None, **members: Any) -> dict[str, Any]:
        """A page event."""
        return self._event("page", {} if name is None else {"name": name}, members)

    def screen(self, name: str | None = None, **members: Any) -> dict[str, Any]:
        """A screen event."""
        return self._event("screen", {} if name is None else {"name": name}, members)

    def group(self, group: str, **members: Any) -> dict[str, Any]:
        """A group event."""
        return self._event("group", {"groupId": group}, members)

    def alias(self, user: str, previous: str, **members: Any) -> dict[str, Any]:
        """An alias event."""
        return self._event("alias", {"userId": user, "previousId": previous}, members)

    def _event(self, kind: str, own: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind} | dict(self.defaults) | own | members


event: Final = EventBuilder()
"""A builder without defaults."""
