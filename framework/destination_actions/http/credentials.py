"""What proves to one origin who is asking."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from destination_actions.http._unsafe import UnsafeRequest, utf8
from destination_actions.http.headers import HeaderPairs, checked_headers


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers that go with every request to the one origin they were configured for; never shown in a repr."""

    headers: HeaderPairs = field(repr=False)

    @classmethod
    def basic(cls, user: str, password: str = "") -> Credentials:
        """HTTP Basic authentication (RFC 7617, UTF-8). Raises `UnsafeRequest` for a user name with a colon."""
        if ":" in user:
            raise UnsafeRequest("credentials: the user name of basic authentication cannot contain a colon")
        token = b64encode(utf8(f"{user}:{password}", "credentials")).decode("ascii")
        return cls((("Authorization", f"Basic {token}"),))

    @classmethod
    def bearer(cls, token: str) -> Credentials:
        """A bearer token (RFC 6750)."""
        return cls(checked_headers([("Authorization", f"Bearer {token}")]))

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Credentials:
        """Any headers, such as an API key's."""
        return cls(checked_headers(headers))
