"""How the conformance kit has this destination succeed: people have a number, and nothing was started for them yet."""

from __future__ import annotations

from typing import Final

from destination_actions.testing import ConformanceProfile, Reply

_PHONE: Final = {"type": "phone", "id": "+15551230000", "created_at": "2026-01-01T00:00:00.000Z"}
_EXECUTION: Final = {"sid": f"FN{'0' * 31}1", "status": "active", "contact_channel_address": "+15551230000"}

profile: Final = ConformanceProfile(
    settings={"profileCacheSeconds": None},
    samples={"triggerStudioFlow": {"to": None}},
    replies=[
        Reply(on="GET *profiles*external_ids", json={"data": [_PHONE], "cursor": {"has_more": False}}),
        Reply(on="GET */Executions", json={"executions": [], "meta": {"next_page_url": None}}),
        Reply(on="POST */Executions", status=201, json=_EXECUTION),
    ],
)
"""Without `to` and without the cache, so that every delivery looks its number up."""
