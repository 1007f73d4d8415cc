"""The settings of a Twilio account and a Segment space, and the addresses and credentials that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from destination_actions import FieldProblem, FieldSet, Origin, Secret, field

PROFILE_HOSTS = {"us": "https://profiles.segment.com", "eu": "https://profiles.euw1.segment.com"}

_PLACE = "^[a-z0-9]+(-[a-z0-9]+)*$"


def _credentials_given(settings: Settings) -> Iterator[FieldProblem]:
    if (settings.api_key_sid is None) != (settings.api_key_secret is None):
        missing = "api_key_secret" if settings.api_key_sid else "api_key_sid"
        yield FieldProblem(missing, "is needed: an API key is a SID and its secret", code="required")
    elif settings.api_key_sid is None and settings.auth_token is None:
        yield FieldProblem("auth_token", "is needed, or else an API key (apiKeySid and apiKeySecret)", code="required")


def _place_complete(settings: Settings) -> FieldProblem | None:
    if settings.region and not settings.edge:
        return FieldProblem(
            "edge", f'is needed with the region "{settings.region}", such as dublin for ie1', code="required"
        )
    return None


def _addresses_for_tests(settings: Settings) -> Iterator[FieldProblem]:
    given = {"base_url": settings.base_url, "profile_base_url": settings.profile_base_url}
    origins_given = {name: _loopback_origin(url) for name, url in given.items() if url is not None}
    for name, origin in origins_given.items():
        if origin is None:
            yield FieldProblem(name, "is for tests: it must be http(s)://, a loopback host and a port, nothing more")
    if len(origins_given) == 2 and len(set(origins_given.values()) | {None}) == 2:
        yield FieldProblem("profile_base_url", "must differ from baseUrl, so that each API gets its own credentials")


def _loopback_origin(text: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of a loopback address with nothing else in it, else None."""
    try:
        url = urlsplit(text)
        origin = (url.scheme, url.hostname or "", url.port)
    except ValueError:
        return None
    bare = not (url.username or url.password or url.query or url.fragment) and url.path in {"", "/"}
    return origin if bare and url.scheme in {"http", "https"} and _is_loopback_host(origin[1]) else None


def _is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Settings(FieldSet):
    """How to reach Twilio Studio and the Profile API."""

    account_sid: str = field(
        "Account SID", "Your Twilio account; starts with AC.", pattern="^AC[0-9a-fA-F]{32}$", placeholder="AC..."
    )
    auth_token: Secret | None = field(
        "Auth Token", "Of the account. Not needed when an API key is given.", default=None
    )
    space_id: str = field("Segment Space ID", "The Unify space that holds the profiles.", minimum=1)
    profile_api_access_token: Secret = field(
        "Profile API Access Token", "Made in Segment under Unify settings, API access; of the same space."
    )
    api_key_sid: str | None = field(
        "API Key SID",
        "Starts with SK. With its secret it is used in place of the auth token; recommended in production.",
        pattern="^SK[0-9a-fA-F]{32}$",
        default=None,
    )
    api_key_secret: Secret | None = field("API Key Secret", "Shown once, when the key is made.", default=None)
    region: str | None = field(
        "Region",
        "Twilio region such as ie1; needs an edge. Credentials belong to one region.",
        pattern=_PLACE,
        maximum=32,
        default=None,
    )
    edge: str | None = field(
        "Edge",
        "Twilio edge location such as dublin; alone it means the region us1.",
        pattern=_PLACE,
        maximum=32,
        default=None,
    )
    profile_region: Literal["us", "eu"] = field("Profile API Region", "Where the Segment space is kept.", default="us")
    contact_busy: Literal["retry", "drop"] = field(
        "When the Contact Is Busy",
        "A contact can be in one execution at a time. retry: try again every minute; drop: reject the event.",
        default="retry",
    )
    allow_channel_prefixes: bool = field(
        "Allow Channel Prefixes", "Accept addresses such as whatsapp:+15551234567 besides numbers.", default=False
    )
    executions_per_second: float = field(
        "Executions per Second",
        "Executions that Twilio starts for the account in a second; all workers together stay below it. 0: no limit.",
        default=20,
        minimum=0,
    )
    profile_cache_seconds: float = field(
        "Profile Cache",
        "Seconds for which a number that was looked up is used again without asking; 0: never.",
        default=0,
        minimum=0,
        maximum=3600,
    )
    base_url: str | None = field("Base URL", "Of a stand-in for Studio; loopback only.", default=None, hidden=True)
    profile_base_url: str | None = field(
        "Profile Base URL", "Of a stand-in for the Profile API; loopback only.", default=None, hidden=True
    )

    validators = (_credentials_given, _place_complete, _addresses_for_tests)


def studio_url(settings: Settings) -> str:
    """Where Studio's API is: `https://studio.twilio.com`, or an edge of a region."""
    if settings.base_url:
        return settings.base_url
    if settings.edge:
        return f"https://studio.{settings.edge}.{settings.region or 'us1'}.twilio.com"
    return "https://studio.twilio.com"


def profile_url(settings: Settings) -> str:
    """Where the Profile API is."""
    return settings.profile_base_url or PROFILE_HOSTS[settings.profile_region]


def origins(settings: Settings) -> tuple[Origin, Origin]:
    """The two APIs, each with the credentials that go there and nowhere else."""
    return (
        Origin(studio_url(settings), auth=_twilio_credentials(settings)),
        Origin(profile_url(settings), auth=(settings.profile_api_access_token.reveal(), "")),
    )


def _twilio_credentials(settings: Settings) -> tuple[str, str]:
    if settings.api_key_sid and settings.api_key_secret:
        return settings.api_key_sid, settings.api_key_secret.reveal()
    return settings.account_sid, settings.auth_token.reveal() if settings.auth_token else ""
