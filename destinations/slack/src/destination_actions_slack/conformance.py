"""How the conformance kit looks at this destination: with a text that has markup, and an address that is a secret."""

from __future__ import annotations

from typing import Final

from destination_actions.testing import ConformanceProfile

_WHY: Final = "an incoming webhook has no other credential than its address; it is scrubbed from logs and outcomes"

profile: Final = ConformanceProfile(
    samples={"postMessage": {"text": "fish & chips <!here>"}},
    excuses={"secrecy.urls": _WHY},
)
