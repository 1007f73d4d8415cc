"""What exists on the other side: one account with flows, one Segment space with profiles, and how strict they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ONBOARDING = "FW00000000000000000000000000000001"
SUPPORT = "FW00000000000000000000000000000002"
SURVEY = "FW00000000000000000000000000000003"
REMINDER = "FW00000000000000000000000000000004"
POST_PURCHASE = "FW00000000000000000000000000000005"


@dataclass(frozen=True, slots=True)
class Flow:
    """A Studio flow. One that is not published cannot be started."""

    sid: str
    name: str
    published: bool = True


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An identifier of a profile, such as a phone number; `created_at` is RFC 3339 text."""

    id: str
    type: str = "phone"
    created_at: str = "2024-01-01T00:00:00.000000000Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One Twilio account and one Segment space.

    `profiles` is keyed by `user_id:<id>` or `anonymous_id:<id>` in lower case, as the Profile API looks ids up.
    `keys` holds API key SIDs and their secrets. Limits are per second; None lifts them. An execution ends by itself
    after `execution_seconds` (None: never); with `one_active` a contact can have only one at a time. The list shows an
    execution `visible_after` seconds after it was created.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    space_id: str
    profile_token: str = field(repr=False)
    flows: Sequence[Flow]
    profiles: Mapping[str, Sequence[ExternalId]]
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    creates_per_second: int | None = 20
    lookups_per_second: int | None = 100
    one_active: bool = False
    execution_seconds: float | None = 60.0
    visible_after: float = 0.0


DEMO = World(
    account_sid="AC00000000000000000000000000000000",
    auth_token="sandbox-auth-token",  # noqa: S106 - opens nothing but this sandbox
    keys={"SK00000000000000000000000000000000": "sandbox-key-secret"},
    space_id="spa_sandbox",
    profile_token="sandbox-profile-token",  # noqa: S106 - opens nothing but this sandbox
    flows=(
        Flow(ONBOARDING, "Onboarding"),
        Flow(SUPPORT, "Support workflow"),
        Flow(SURVEY, "Phone survey"),
        Flow(REMINDER, "Appointment reminder"),
        Flow(POST_PURCHASE, "Post-purchase follow-up"),
        Flow("FW00000000000000000000000000000009", "Draft", published=False),
    ),
    profiles={
        "user_id:jane": (
            ExternalId("+15550009999", created_at="2022-03-01T09:00:00.000000000Z"),
            ExternalId("+15550001001", created_at="2024-05-01T10:20:30.123000000Z"),
        ),
        "user_id:ravi": (ExternalId("+15550001002"),),
        "user_id:mia": (ExternalId("+15550001003"),),
        "user_id:tom": (ExternalId("+15550001004"),),
        "user_id:no-phone": (ExternalId("someone@example.com", type="email"),),
        "anonymous_id:visitor-1": (ExternalId("+15550001005"),),
    },
)
"""The world that examples, the demo and the README share. Any other id has no profile (404)."""
