"""Whether the credentials of both APIs work, and what to do if not. It only reads what a restricted key may read."""

from __future__ import annotations

from collections.abc import Mapping

from destination_actions import Authentication, Check, Context, MaybeSent, NotSent, Response, url_of

from destination_actions_twilio_studio.problems import problem_of
from destination_actions_twilio_studio.profile import external_ids_url
from destination_actions_twilio_studio.settings import Settings, studio_url

STUDIO = "Twilio Studio"
PROFILES = "Segment Profile API"

_STUDIO_ADVICE = {
    401: "check accountSid and authToken, or apiKeySid and apiKeySecret; credentials belong to one region",
    403: "let the API key read and create Studio executions, and check that the account is not suspended",
}
_PROFILE_ADVICE = {
    401: "check profileApiAccessToken; it belongs to one space and one profileRegion",
    403: "check that the token belongs to the space of spaceId",
}
_NOBODY = "destination-actions-credential-check"


async def check_credentials(ctx: Context[Settings]) -> list[Check]:
    """Try both APIs."""
    studio = url_of(studio_url(ctx.settings), "v2", "Flows")
    profile = external_ids_url(ctx.settings, "user_id", _NOBODY)
    return [
        await _check(ctx, STUDIO, studio, {"PageSize": "1"}, {200}, _STUDIO_ADVICE),
        # Nobody has this id: 404 is what a good token gets.
        await _check(ctx, PROFILES, profile, {"limit": "1"}, {200, 404}, _PROFILE_ADVICE),
    ]


async def _check(
    ctx: Context[Settings],
    name: str,
    url: str,
    params: Mapping[str, str],
    good: set[int],
    advice: Mapping[int, str],
) -> Check:
    try:
        response = await ctx.http.get(url, params=params)
    except (NotSent, MaybeSent) as error:
        return Check(name, ok=False, message=f"could not be reached: {error}; check the network, region and edge")
    if response.status_code in good:
        return Check(name, ok=True, message="the credentials work")
    return Check(name, ok=False, message=_sentence(response, advice))


def _sentence(response: Response, advice: Mapping[int, str]) -> str:
    status = response.status_code
    what_to_do = advice.get(status, "try again later" if status >= 429 else "check the settings")
    return f'answered {status}, "{problem_of(response).message}": {what_to_do}'


authentication = Authentication(scheme="custom", test=check_credentials)
"""Twilio's and Segment's credentials differ, and each goes to its own API only."""
