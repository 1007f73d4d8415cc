"""Whether the credentials work, as far as a look at the origin that gets them can tell."""

from __future__ import annotations

from destination_actions import Authentication, Check, Context, MaybeSent, NotSent

from destination_actions_webhook.settings import Settings, has_credentials, oauth


async def check_credentials(ctx: Context[Settings]) -> list[Check]:
    """Get the origin's root; any answer but 401 and 403 will do. Without credentials there is nothing to try."""
    home = ctx.settings.credentials_origin
    if home is None or not has_credentials(ctx.settings, home):
        return []
    try:
        response = await ctx.http.get(home)
    except (NotSent, MaybeSent) as error:
        return [Check(home, ok=False, message=f"could not be reached: {error}")]
    status = response.status_code
    if status in {401, 403}:
        return [Check(home, ok=False, message=f"answered {status}: the credentials are refused")]
    return [Check(home, ok=True, message=f"answered {status}")]


authentication = Authentication(scheme="custom", test=check_credentials, oauth=oauth)
"""Fixed credentials are the origin's; OAuth 2.0 takes part only where a token URL is set."""
