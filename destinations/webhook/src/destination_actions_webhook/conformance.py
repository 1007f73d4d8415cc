"""How the conformance kit tries this destination: with credentials, at the origin that gets them."""

from __future__ import annotations

from typing import Final

from destination_actions.testing import ConformanceProfile

profile: Final = ConformanceProfile(
    settings={"credentialsOrigin": "https://hooks.example.com", "bearerToken": "a-bearer-token", "scope": None},
    samples={"send": {"url": "https://hooks.example.com/in?from=tests"}},
)
"""Signed, and with a bearer token."""
