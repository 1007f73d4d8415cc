"""Signatures over the whole body, in both modes."""

from __future__ import annotations

import hashlib
import hmac

from destination_actions_webhook.settings import Settings

HEADER = "X-Signature-256"
OLD_HEADER = "X-Signature"


def signatures(settings: Settings, body: bytes, now: float) -> dict[str, str]:
    """The signature headers for a body that leaves at `now` (wall-clock seconds); none without a shared secret."""
    if not settings.shared_secret:
        return {}
    secret = settings.shared_secret.reveal().encode("utf-8", "surrogatepass")
    made: dict[str, str] = {}
    if settings.signature in {"sha256", "both"}:
        made[HEADER] = f"t={int(now)},v1={hmac.new(secret, b'%d.%b' % (int(now), body), hashlib.sha256).hexdigest()}"
    if settings.signature in {"sha1", "both"}:
        made[OLD_HEADER] = hmac.new(secret, body, hashlib.sha1).hexdigest()
    return made
