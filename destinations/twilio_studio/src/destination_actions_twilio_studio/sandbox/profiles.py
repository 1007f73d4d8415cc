"""Segment's Profile API, as far as external ids go: lookups in lower case, pages with a cursor, 404 for nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from destination_actions_twilio_studio.sandbox.exchange import Call, Reply, answer, profile_error
from destination_actions_twilio_studio.sandbox.limits import PerSecond
from destination_actions_twilio_studio.sandbox.world import ExternalId, World


class Profiles:
    """The Profile API of one space. `base` is what links start with."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self.base = ""
        self._world = world
        self._limit = PerSecond(world.lookups_per_second, clock)

    def operation(self, call: Call) -> str:
        """The name of what is asked for, or `unknown`."""
        match (call.method, *call.segments):
            case ("GET", "v1", "spaces", _, "collections", "users", "profiles", _, "external_ids"):
                return "profile"
        return "unknown"

    def reply(self, operation: str, call: Call) -> Reply:
        """Authenticate and look up. The token is the user name; the password is empty."""
        if call.auth != (self._world.profile_token, ""):
            return profile_error(401, "authentication_error", "the access token is not valid")
        if not self._limit.passes():
            return profile_error(429, "rate_limit_error", "too many requests")
        if operation != "profile" or call.segments[2] != self._world.space_id:
            return profile_error(404, "not_found", "The resource was not found.")
        return self._external_ids(call)

    def _external_ids(self, call: Call) -> Reply:
        ids = self._world.profiles.get(call.segments[6])
        if ids is None:
            return profile_error(404, "not_found", "Profile was not found.")
        try:
            limit, start = int(call.query.get("limit", "10")), int(call.query.get("next", "0"))
        except ValueError:
            return profile_error(400, "validation_error", "`limit` and `next` have invalid characters")
        if not 1 <= limit <= 100:
            return profile_error(400, "validation_error", "`limit` must be between 1 and 100")
        return answer(200, self._page(call, _wanted(ids, call.query.get("include")), start, limit))

    def _page(self, call: Call, ids: Sequence[ExternalId], start: int, limit: int) -> dict[str, Any]:
        end = start + limit
        more = end < len(ids)
        following = str(end) if more else ""
        url = f"{self.base}{call.target.partition('?')[0]}"
        cursor = {"url": url, "has_more": more, "next": following, "limit": limit}
        return {"data": [_shown(one) for one in ids[start:end]], "cursor": cursor}


def _wanted(ids: Sequence[ExternalId], include: str | None) -> Sequence[ExternalId]:
    return [one for one in ids if one.type in include.split(",")] if include else ids


def _shown(one: ExternalId) -> dict[str, Any]:
    return {
        "source_id": "sandbox",
        "collection": "users",
        "id": one.id,
        "type": one.type,
        "created_at": one.created_at,
        "encoding": "none",
    }
