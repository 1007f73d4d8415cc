"""The person's newest phone number, from Segment's Profile API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from destination_actions import (
    AuthenticationFailed,
    Context,
    MaybeSent,
    NotSent,
    Refused,
    Response,
    TryAgain,
    retry_after,
    url_of,
)

from destination_actions_twilio_studio.instants import age_of, in_order_of_time
from destination_actions_twilio_studio.payload import TriggerStudioFlow
from destination_actions_twilio_studio.phones import is_e164
from destination_actions_twilio_studio.problems import problem_of
from destination_actions_twilio_studio.profile_cache import cache_of
from destination_actions_twilio_studio.settings import Settings, profile_url

LOOKUP_SECONDS: Final = 8.0
"""For all requests of one lookup together; the claim's lease is longer."""
PAGE: Final = 100
_QUERY: Final = f"include=phone&limit={PAGE}"
PAGES: Final = 5
PROFILE_PAUSE: Final = 30.0
PROFILE_PATIENCE: Final = 900.0
"""Seconds. An event can be ahead of its profile, but not by more than this."""

ExternalId = Mapping[str, Any]

_UNRESERVED: Final = re.compile(r"[a-z0-9._~-]*")


@lru_cache(maxsize=64)  # the same for all people of a space
def _profiles_url(base: str, space: str) -> str:
    return url_of(base, "v1", "spaces", space, "collections", "users", "profiles")


async def latest_phone(ctx: Context[Settings], flow: TriggerStudioFlow) -> str:
    """The newest phone number by `created_at`, of the user id, or else of the anonymous id.

    Raises `Refused` when there is none or it is no E.164 number, `TryAgain` when the profile is not there yet or the
    API is in trouble, and `AuthenticationFailed` when the token is refused.
    """
    if not ctx.settings.profile_cache_seconds:
        return _newest(ctx, await known_phones(ctx, flow))
    cache = cache_of(ctx.settings)
    known = cache.get(flow.user_id, flow.anonymous_id, ctx.clock.monotonic())
    if known is not None:
        return known
    phone = _newest(ctx, await known_phones(ctx, flow))
    cache.put(flow.user_id, flow.anonymous_id, phone, ctx.clock.monotonic())
    return phone


def _newest(ctx: Context[Settings], phones: list[str] | None) -> str:
    if phones is None:
        raise _no_profile(ctx)
    if not phones:
        raise Refused("the profile has no phone number", code="no_phone")
    if not is_e164(phones[0]):
        form = f"it has {len(phones[0])} characters and ends in {phones[0][-2:]!a}"
        message = f"the newest phone number of the profile is not in E.164 form such as +15551234567: {form}"
        raise Refused(message, code="phone_not_e164")
    return phones[0]


async def known_phones(ctx: Context[Settings], flow: TriggerStudioFlow) -> list[str] | None:
    """Every phone number of the first id that has any, newest first; None when no id has a profile."""
    deadline = ctx.clock.monotonic() + LOOKUP_SECONDS
    found: list[str] | None = None
    for kind, value in (("user_id", flow.user_id), ("anonymous_id", flow.anonymous_id)):
        if value is None:
            continue
        ids = await _external_ids(ctx, external_ids_url(ctx.settings, kind, value), deadline)
        if ids is not None:
            found = newest_first(ids)
        if found:
            return found
    return found


def external_ids_url(settings: Settings, kind: str, value: str) -> str:
    """The address of a profile's external ids. Ids are looked up in lower case, and cannot leave their segment."""
    profiles = _profiles_url(profile_url(settings), settings.space_id)
    key = value.lower()
    return f"{profiles}/{kind}:{key if _UNRESERVED.fullmatch(key) else quote(key, safe='')}/external_ids"


def newest_first(ids: Sequence[ExternalId]) -> list[str]:
    """The phone numbers among external ids by `created_at`; what has no readable date counts as oldest.

    Of two of the same moment the later in the list comes first, as in Segment's own destination.
    """
    phones = [one for one in reversed(ids) if one.get("type") == "phone" and one.get("id") and type(one["id"]) is str]
    moments = in_order_of_time([one.get("created_at") for one in phones])
    latest_first = sorted(range(len(phones)), key=moments.__getitem__, reverse=True)
    return [phones[at]["id"] for at in latest_first]


async def _external_ids(ctx: Context[Settings], url: str, deadline: float) -> list[ExternalId] | None:
    """All pages of a profile's phone numbers, or None when there is no such profile."""
    ids: list[ExternalId] = []
    following: dict[str, str] | None = None
    for _ in range(PAGES):
        left = deadline - ctx.clock.monotonic()
        if left <= 0:
            raise TryAgain("the Profile API took too long", code="profile_unavailable")
        try:
            response = await ctx.http.get(f"{url}?{_QUERY}", params=following, timeout=left)
        except (NotSent, MaybeSent) as error:
            raise TryAgain(f"the Profile API could not be reached: {error}", code="profile_unavailable") from error
        body = _body(ctx, response)
        if body is None:
            return None
        ids += _listed(body)
        following = _next(body)
        if following is None:
            break
    return ids


def _body(ctx: Context[Settings], response: Response) -> Mapping[str, Any] | None:
    if response.status_code == 404:
        return None
    if response.status_code != 200:
        raise _complaint(ctx, response)
    try:
        body = response.json()
    except ValueError as error:
        raise TryAgain(
            "the Profile API answered 200 with a body that is not JSON", code="profile_unreadable"
        ) from error
    if not isinstance(body, dict):
        raise TryAgain("the Profile API answered 200 with a body that is no object", code="profile_unreadable")
    return body


def _complaint(ctx: Context[Settings], response: Response) -> Refused | TryAgain | AuthenticationFailed:
    status, problem = response.status_code, problem_of(response)
    message = f'the Profile API answered {status}, "{problem.message}"'
    if status in {401, 403}:
        hint = "check profileApiAccessToken, spaceId and profileRegion"
        return AuthenticationFailed(f"{message}: {hint}", code="profile_token", status=status)
    if status == 429:
        after = retry_after(response, now=ctx.clock.now())
        return TryAgain(message, after=after, lane=True, code="profile_rate_limit", status=status)
    if status == 408 or status >= 500:
        return TryAgain(message, code="profile_unavailable", status=status)
    return Refused(message, code="profile_refused", status=status)


def _listed(body: Mapping[str, Any]) -> list[ExternalId]:
    data = body.get("data")
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _next(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The parameter for the next page. The cursor is handed back; an address that an answer gives is never followed."""
    cursor = body.get("cursor")
    if not isinstance(cursor, dict) or cursor.get("has_more") is not True:
        return None
    following = cursor.get("next")
    return {"next": following} if isinstance(following, str) and following else None


def _no_profile(ctx: Context[Settings]) -> Refused | TryAgain:
    """Segment may build the profile while the event is on its way here, so a young event waits."""
    age = age_of(ctx.event, ctx.clock.now())
    if age is not None and age > PROFILE_PATIENCE:
        message = (
            f"Segment has no profile for this person, and the event is older than {PROFILE_PATIENCE / 60:.0f} minutes"
        )
        return Refused(message, code="profile_not_found", status=404)
    message = "Segment has no profile for this person yet"
    return TryAgain(message, after=PROFILE_PAUSE, code="profile_not_found", status=404)
