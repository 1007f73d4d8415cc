"""Settings: which are needed, where they lead, and whose credentials go where."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions_twilio_studio.settings import Settings, origins, profile_url, studio_url

GOOD = {
    "accountSid": "AC" + "0a" * 16,
    "authToken": "token-of-the-account",
    "spaceId": "spa_1",
    "profileApiAccessToken": "token-of-the-space",
}
KEY = {"apiKeySid": "SK" + "0" * 32, "apiKeySecret": "secret-of-the-key"}


def made(**changes: Any) -> Settings:
    """Valid settings."""
    checked = Settings.check({key: value for key, value in (GOOD | changes).items() if value is not None})
    assert () == checked.errors
    return checked.value


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"accountSid": "AC123"}, "/accountSid"),
        ({"accountSid": GOOD["accountSid"] + "\n"}, "/accountSid"),
        ({"accountSid": ""}, "/accountSid"),
        ({"authToken": None}, "/authToken"),
        ({"spaceId": None}, "/spaceId"),
        ({"profileApiAccessToken": None}, "/profileApiAccessToken"),
        ({"apiKeySid": KEY["apiKeySid"]}, "/apiKeySecret"),
        ({"apiKeySecret": KEY["apiKeySecret"]}, "/apiKeySid"),
        ({"region": "ie1"}, "/edge"),
        ({"edge": "evil.example.com/"}, "/edge"),
        ({"edge": "dublin", "region": "ie1.evil"}, "/region"),
        ({"profileRegion": "moon"}, "/profileRegion"),
        ({"contactBusy": "wait"}, "/contactBusy"),
        ({"baseUrl": "https://studio.example.com"}, "/baseUrl"),
        ({"baseUrl": "http://127.0.0.1.example.com"}, "/baseUrl"),
        ({"baseUrl": "http://127.0.0.1@example.com"}, "/baseUrl"),
        ({"baseUrl": "http://10.0.0.1:80"}, "/baseUrl"),
        ({"baseUrl": "ftp://127.0.0.1"}, "/baseUrl"),
        ({"baseUrl": "http://127.0.0.1:8010/path"}, "/baseUrl"),
        ({"baseUrl": "http://127.0.0.1:99999"}, "/baseUrl"),
        ({"profileBaseUrl": "http://[::ffff:10.0.0.1]"}, "/profileBaseUrl"),
        ({"baseUrl": "http://127.0.0.1:1", "profileBaseUrl": "http://127.0.0.1:1"}, "/profileBaseUrl"),
        ({"baseUrl": "http://127.0.0.1:1", "profileBaseUrl": "HTTP://127.0.0.1:1/"}, "/profileBaseUrl"),
    ],
)
def test_what_is_wrong_is_pointed_to(changes, pointer) -> None:
    """One wrong setting is one error, at its key, and no secret is in it."""
    document = {key: value for key, value in (GOOD | changes).items() if value is not None}
    errors = Settings.check(document).errors
    assert [pointer] == [error.pointer for error in errors]
    assert not any(secret in str(errors) for secret in ("token-of-the", "secret-of-the"))


@pytest.mark.parametrize(
    ("changes", "studio"),
    [
        ({}, "https://studio.twilio.com"),
        ({"edge": "ashburn"}, "https://studio.ashburn.us1.twilio.com"),
        ({"edge": "dublin", "region": "ie1"}, "https://studio.dublin.ie1.twilio.com"),
        ({"baseUrl": "http://127.0.0.1:8010"}, "http://127.0.0.1:8010"),
        ({"baseUrl": "http://[::1]:8010"}, "http://[::1]:8010"),
        ({"baseUrl": "http://localhost:8010"}, "http://localhost:8010"),
    ],
)
def test_where_studio_is(changes, studio) -> None:
    """Region and edge name a host of Twilio's and nothing else; an edge alone means us1."""
    assert studio == studio_url(made(**changes))


@pytest.mark.parametrize(
    ("changes", "profiles"),
    [
        ({}, "https://profiles.segment.com"),
        ({"profileRegion": "us"}, "https://profiles.segment.com"),
        ({"profileRegion": "eu"}, "https://profiles.euw1.segment.com"),
    ],
)
def test_where_profiles_are(changes, profiles) -> None:
    """US and EU spaces have hosts of their own."""
    assert profiles == profile_url(made(**changes))


@pytest.mark.parametrize(
    ("changes", "twilio"),
    [
        ({}, (GOOD["accountSid"], "token-of-the-account")),
        (KEY, (KEY["apiKeySid"], "secret-of-the-key")),
        ({**KEY, "authToken": None}, (KEY["apiKeySid"], "secret-of-the-key")),
    ],
)
def test_each_api_has_its_own_credentials(changes, twilio) -> None:
    """Twilio gets the API key if there is one, else the auth token; Segment gets its token as the user name."""
    assert [twilio, ("token-of-the-space", "")] == [origin.auth for origin in origins(made(**changes))]


def test_nothing_prints_a_secret() -> None:
    """Settings and origins show no secret."""
    settings = made(**KEY)
    shown = f"{settings!r} {settings.to_json()} {origins(settings)!r}"
    assert not any(secret in shown for secret in ("token-of-the", "secret-of-the"))
